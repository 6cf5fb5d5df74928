import { pad, truncate } from '../report/layout.ts'
import type { Style } from '../report/style.ts'
import { printable } from '../report/text.ts'
import { type Progress, progressText } from './progress.ts'

const barColumns = 20

function bar(progress: Progress): string {
  const share =
    progress.operations === 0 ? 1 : (progress.applied + progress.failed) / progress.operations
  const full = Math.min(barColumns, Math.floor(share * barColumns))
  return '━'.repeat(full) + '╌'.repeat(barColumns - full)
}

/** The line that a terminal of `columns` shows; one that is redrawn must not break. */
export function progressLine(
  progress: Progress,
  now: number,
  columns: number,
  style: Style,
): string {
  const name = truncate(printable(progress.activation), Math.max(8, Math.floor(columns / 4)))
  const drawn = progress.totals === null || columns < 80 ? '' : `${bar(progress)} `
  const room = columns - 1 - pad(name, 0).length - 2 - drawn.length
  return `${style.strong(name)}  ${style.good(drawn)}${truncate(progressText(progress, now), Math.max(1, room))}`
}
