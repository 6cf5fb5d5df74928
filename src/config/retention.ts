import type { Problem } from '../connector/index.ts'
import { pathName } from './places.ts'
import type { ProjectFile } from './project-file.ts'
import { projectSchema } from './project-schema.ts'
import { valueAt } from './settings.ts'

/** The last finished runs of each activation, or those of the last so many milliseconds. */
export type Span = { readonly runs: number } | { readonly milliseconds: number }

/** How long history is kept; null for ever. What the target holds and open failures are kept in any case. */
export interface Retention {
  /** Runs with their summaries. */
  readonly runs: Span | null
  /** How each operation of a run ended, and failures that were resolved; no longer than their runs. */
  readonly outcomes: Span | null
}

/** Four days of hourly runs row by row, and six weeks of their summaries. */
export const defaultRetention: Retention = { runs: { runs: 1_000 }, outcomes: { runs: 100 } }

const day = 24 * 60 * 60_000

const unitMilliseconds = { d: day, day: day, days: day, w: 7 * day, week: 7 * day, weeks: 7 * day }

const length = /^(\d{1,6}) ?(d|days?|w|weeks?)$/

/** What is written, or what is wrong with it, as the end of a sentence. */
function span(written: string | number): Span | null | { readonly fault: string } {
  if (written === 'forever') return null
  const text = String(written)
  if (/^\d{1,9}( runs?)?$/.test(text)) {
    const runs = Number.parseInt(text, 10)
    return runs > 0 ? { runs } : { fault: 'takes at least 1' }
  }
  const [, number = '', unit = ''] = length.exec(text) ?? []
  if (!(unit in unitMilliseconds)) {
    return { fault: 'takes a number of runs, a time such as 90 days or 12 weeks, or "forever"' }
  }
  const milliseconds = Number(number) * unitMilliseconds[unit as keyof typeof unitMilliseconds]
  return milliseconds > 0 ? { milliseconds } : { fault: 'takes at least 1 day' }
}

/** What a project file says over the defaults. */
export function resolveRetention({ settings }: ProjectFile, problems: Problem[]): Retention {
  const text = projectSchema.shape.retention.safeParse(valueAt(settings.data, ['retention']))
  const resolve = (key: keyof Retention): Span | null => {
    const path = ['retention', key]
    const written = text.data?.[key]
    if (written === undefined || settings.failed.has(pathName(path))) return defaultRetention[key]
    const result = span(written)
    if (result === null || !('fault' in result)) return result
    const message = `"${key}" ${result.fault}`
    problems.push({ message, position: settings.places.value(path) })
    return defaultRetention[key]
  }
  return { runs: resolve('runs'), outcomes: resolve('outcomes') }
}
