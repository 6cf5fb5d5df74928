/**
 * Keys and ids are any strings, but columns are not: Postgres takes no NUL, the SQLite driver cuts text off at
 * NUL when reading, and both store UTF-8, where a lone surrogate does not exist and would make two keys one.
 */
const unsafe = /[\0\\]|\p{Surrogate}/u
const everyUnsafe = /[\0\\]|\p{Surrogate}/gu
const lost = /\0|\p{Surrogate}/gu

/** Any string as text that a column holds, one to one: what does not fit, and the backslash, becomes `\uXXXX`. */
export function toColumn(text: string): string {
  if (!unsafe.test(text)) return text
  return text.replace(
    everyUnsafe,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** The string that `toColumn` was given. */
export function fromColumn(text: string): string {
  if (!text.includes('\\')) return text
  return text.replace(/\\u([0-9a-f]{4})/g, (_, unit: string) =>
    String.fromCharCode(Number.parseInt(unit, 16)),
  )
}

/** Prose for a column: what cannot be stored becomes U+FFFD. */
export function prose(text: string | undefined): string | null {
  return text === undefined ? null : text.replace(lost, '\ufffd')
}
