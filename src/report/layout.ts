import stringWidth from 'string-width'
import wrapAnsi from 'wrap-ansi'

/** The columns that text takes on a terminal. */
export function width(text: string): number {
  return stringWidth(text)
}

/** Text with spaces to the right until it is `columns` wide. */
export function pad(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - width(text)))
}

/** Text broken into lines of at most `columns`, between words where it can be. */
export function wrap(text: string, columns: number): string[] {
  return wrapAnsi(text, Math.max(1, columns), { hard: true, trim: true }).split('\n')
}

/** Text cut to `columns`, with `…` where something was cut. */
export function truncate(text: string, columns: number): string {
  if (width(text) <= columns) return text
  let kept = ''
  let used = 0
  const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' })
  for (const { segment } of graphemes.segment(text)) {
    used += width(segment)
    if (used > columns - 1) break
    kept += segment
  }
  return `${kept}…`
}
