import type { FailureRecord } from '../state/store.ts'
import { pad, shownKey, truncate, width, wrap } from './layout.ts'
import type { Style } from './style.ts'
import { countOf, printable, time } from './text.ts'

const gap = 2
const narrowest = 16
const roomy = 80

function retryText({ waitsForChange, nextRetry }: FailureRecord): string {
  if (waitsForChange) return 'waits for the row to change'
  return nextRetry === null ? 'again with the next run' : `again from ${time(nextRetry)}`
}

/** What is wrong and what to do, for a person. */
function explanation({ message, hint }: FailureRecord): string {
  return hint === null ? message : `${message}\n${hint}`
}

/** What a row of the table says beside its message. */
function details(failure: FailureRecord): string {
  const parts = [
    `${failure.operation}, ${countOf(failure.attempts, 'attempt')}`,
    `since ${time(failure.firstSeen)}`,
    retryText(failure),
  ]
  if (failure.httpStatus !== null) parts.push(`HTTP ${failure.httpStatus}`)
  if (failure.requestId !== null) parts.push(`request ${failure.requestId}`)
  return parts.join(' · ')
}

interface Columns {
  readonly key: number
  readonly code: number
  readonly field: number
  readonly message: number
}

/** Shares the terminal's width out: what is short gets what it needs, the message gets the rest. */
function layOut(failures: readonly FailureRecord[], columns: number): Columns {
  const widest = (title: string, texts: readonly string[], limit: number): number =>
    Math.min(limit, Math.max(width(title), ...texts.map((text) => width(text))))
  const key = widest(
    'KEY',
    failures.map((failure) => shownKey(failure.key)),
    Math.floor(columns / (columns < roomy ? 6 : 4)),
  )
  const code = widest(
    'CODE',
    failures.map((failure) => failure.code),
    columns < roomy ? 13 : 18,
  )
  const field = widest(
    'FIELD',
    failures.map((failure) => printable(failure.field ?? '')),
    columns < roomy ? Math.floor(columns / 6) : Math.min(28, Math.floor(columns / 4)),
  )
  const message = Math.max(narrowest, columns - key - code - field - 3 * gap)
  return { key, code, field, message }
}

/** Cells side by side, each broken into lines of its own column. */
function row(cells: readonly (readonly [lines: readonly string[], columns: number])[]): string {
  const height = Math.max(...cells.map(([lines]) => lines.length))
  const lines: string[] = []
  for (let line = 0; line < height; line += 1) {
    const texts = cells.map(([own, columns]) => pad(own[line] ?? '', columns))
    lines.push(texts.join(' '.repeat(gap)).trimEnd())
  }
  return `${lines.join('\n')}\n`
}

/** What a row says in the last column: what the row above it says too is said once. */
function explain(
  failure: FailureRecord,
  above: FailureRecord | null,
  columns: number,
  style: Style,
): string[] {
  const isSame = above !== null && explanation(above) === explanation(failure)
  const detailed = wrap(printable(details(failure)), columns).map(style.faint)
  if (isSame) return details(above) === details(failure) ? [style.faint('as above')] : detailed
  const explained = wrap(printable(failure.message), columns)
  if (failure.hint !== null) {
    explained.push(...wrap(`→ ${printable(failure.hint)}`, columns).map(style.good))
  }
  return [...explained, ...detailed]
}

/**
 * A table for a terminal of `columns`: message and hint are wrapped, nothing from outside is printed raw. Columns are
 * as wide as the first batch asks for; a key that is wider is wrapped too.
 */
export function failuresTable(
  columns: number,
  style: Style,
): (batches: AsyncIterable<readonly FailureRecord[]>) => AsyncIterable<string> {
  return async function* table(batches) {
    let layout: Columns | null = null
    let activation: string | null = null
    let previous: FailureRecord | null = null
    for await (const batch of batches) {
      if (batch.length === 0) continue
      layout ??= layOut(batch, columns)
      const { key, code, field, message } = layout
      let text = ''
      for (const failure of batch) {
        if (failure.activation !== activation) {
          text += `${activation === null ? '' : '\n'}${style.strong(truncate(printable(failure.activation), columns))}\n`
          text += row(
            (
              [
                ['KEY', key],
                ['CODE', code],
                ['FIELD', field],
                ['MESSAGE', message],
              ] as const
            ).map(([title, wide]) => [[style.faint(title)], wide]),
          )
          activation = failure.activation
          previous = null
        }
        const explained = explain(failure, previous, message, style)
        previous = failure
        text += row([
          [wrap(shownKey(failure.key), key), key],
          [wrap(failure.code, code).map(style.bad), code],
          [wrap(printable(failure.field ?? ''), field), field],
          [explained, message],
        ])
      }
      yield text
    }
  }
}
