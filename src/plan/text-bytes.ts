/**
 * Writes a text as UTF-8 into `bytes` from `at` on, and returns where it ends. There is room for three bytes for each
 * unit of the text.
 */
export function writeText(text: string, bytes: Buffer, at: number): number {
  // For a few characters a loop costs less than the call that copies many.
  if (text.length > mostInLoop) return at + bytes.write(text, at)
  let end = at
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index)
    if (code > 127) return at + bytes.write(text, at)
    bytes[end++] = code
  }
  return end
}

const mostInLoop = 100
