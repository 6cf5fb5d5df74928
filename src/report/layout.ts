import stringWidth from 'string-width'
import wrapAnsi from 'wrap-ansi'
import { printable } from './text.ts'

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

/** The most columns of a key that people are shown; programs get the whole of it. */
const keyColumns = 120

/** A key as people are shown it: printable, and cut where it is longer than anyone reads. */
export function shownKey(key: string): string {
  return truncate(printable(key.slice(0, 10 * keyColumns)), keyColumns)
}
