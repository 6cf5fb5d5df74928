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

/**
 * Copies the bytes from `start` to `end` to another place: four at a time, which takes half of what it takes one by one;
 * texts are too short for what exists.
 */
export function copyBytes(
  from: DataView,
  start: number,
  end: number,
  into: DataView,
  at: number,
): void {
  const by = at - start
  let next = start
  for (; next + 4 <= end; next += 4) into.setInt32(next + by, from.getInt32(next))
  for (; next < end; next += 1) into.setUint8(next + by, from.getUint8(next))
}

/** The same for a text in UTF-8. False where it holds NUL, or a byte that there is not in UTF-8. */
export function copyText(
  from: DataView,
  start: number,
  end: number,
  into: DataView,
  at: number,
): boolean {
  const by = at - start
  let next = start
  for (; next + 4 <= end; next += 4) {
    const word = from.getInt32(next)
    // Whether a byte has the first bit, which ASCII has not, or gets it from one that is taken away: zero does.
    if (((word | (word - 0x01010101)) & 0x80808080) !== 0) break
    into.setInt32(next + by, word)
  }
  for (; next < end; next += 1) {
    const byte = from.getUint8(next)
    if (byte === 0 || byte > lastOfUtf8) return false
    into.setUint8(next + by, byte)
  }
  return true
}

/** The largest byte that there is in UTF-8. */
const lastOfUtf8 = 0xf4
