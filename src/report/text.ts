/** A whole number, `12345` as `12,345`. */
export function count(value: number): string {
  // Intl knows too, and takes 5 ms to make ready.
  return String(value).replace(/\B(?=(?:\d{3})+$)/g, ',')
}

/** `1 row`, `12,345 rows`; `plural` where adding an s is not enough. */
export function countOf(value: number, noun: string, plural = `${noun}s`): string {
  return `${count(value)} ${value === 1 ? noun : plural}`
}

/** A length of time as people say it: `350 ms`, `4.2 s`, `3 min 20 s`, `2 h 5 min`, `3 d 4 h`. */
export function duration(milliseconds: number): string {
  if (milliseconds < 1000) return `${Math.max(0, Math.round(milliseconds))} ms`
  if (milliseconds < 59_950) return `${(milliseconds / 1000).toFixed(1)} s`
  const seconds = Math.round(milliseconds / 1000)
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`
  const minutes = Math.round(seconds / 60)
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
  const hours = Math.round(minutes / 60)
  return `${Math.floor(hours / 24)} d ${hours % 24} h`
}

/** A time to the second, in UTC: `2026-11-21 08:00:00 UTC`. */
export function time(timestamp: number): string {
  return `${new Date(timestamp).toISOString().slice(0, 19).replace('T', ' ')} UTC`
}

// Besides control characters: line and paragraph separators, lone surrogates, and what changes the direction of text.
// Ranges rather than \p{Cc} and the like, which take long to compile.
const unprintable =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  /[\u0000-\u001f\u007f-\u009f\u2028\u2029\ud800-\udfff\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]/gu

const shortEscapes: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

/**
 * Text from outside as it may be shown on a terminal: control characters become visible escapes (`\n`, `\u001b`), so
 * that a key cannot move the cursor, change a colour or forge a line.
 */
export function printable(text: string): string {
  return text.replace(
    unprintable,
    (character) =>
      shortEscapes[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
