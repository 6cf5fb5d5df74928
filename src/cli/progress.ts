import { operationsIn, type PlanTotals } from '../plan/interfaces.ts'
import { plannedText as plannedCounts } from '../report/counts.ts'
import { statusText } from '../report/run.ts'
import type { Style } from '../report/style.ts'
import { count, countOf, duration, printable } from '../report/text.ts'
import type { RunEvent } from '../run/events.ts'
import type { RunSummary } from '../run/summary.ts'

// Intercom allows so many requests per 10 seconds: a rate over two of its windows does not jump.
const rateMilliseconds = 20_000
const leastMilliseconds = 500

interface Sample {
  readonly at: number
  readonly done: number
}

/** What is known of the activation under way. */
export interface Progress {
  readonly activation: string
  readonly startedAt: number
  readonly rows: number
  readonly totals: PlanTotals | null
  readonly operations: number
  readonly applied: number
  readonly failed: number
  readonly calls: number
  /** When how many operations had ended, over the last seconds. */
  readonly samples: readonly Sample[]
}

/** What is known after `event`, which came at `now`; null once the activation has finished. */
export function advance(progress: Progress | null, event: RunEvent, now: number): Progress | null {
  if (event.type === 'finished') return null
  const known =
    progress?.activation === event.activation
      ? progress
      : {
          activation: event.activation,
          startedAt: now,
          rows: 0,
          totals: null,
          operations: 0,
          applied: 0,
          failed: 0,
          calls: 0,
          samples: [],
        }
  switch (event.type) {
    case 'planning':
      return { ...known, rows: event.rows }
    case 'planned':
      return {
        ...known,
        rows: event.totals.rows,
        totals: event.totals,
        operations: operationsIn(event.totals),
        samples: [{ at: now, done: 0 }],
      }
    case 'writing': {
      const { operations, applied, failed } = event
      const calls = event.requests.total
      return { ...known, operations, applied, failed, calls, samples: sampled(known, event, now) }
    }
    default:
      return known
  }
}

/** The samples with the newest, thinned out: one a second is enough, and what is too old goes. */
function sampled(
  { samples }: Progress,
  { applied, failed }: { readonly applied: number; readonly failed: number },
  now: number,
): readonly Sample[] {
  const last = samples.at(-1)
  if (last !== undefined && now - last.at < 1000) return samples
  const kept = samples.filter((sample) => now - sample.at <= rateMilliseconds)
  return [...(kept.length === 0 ? samples.slice(-1) : kept), { at: now, done: applied + failed }]
}

/** Operations per second over the last seconds; null where it is too early to say. */
export function rate(progress: Progress, now: number): number | null {
  const first = progress.samples[0]
  if (first === undefined || now - first.at < leastMilliseconds) return null
  return ((progress.applied + progress.failed - first.done) * 1000) / (now - first.at)
}

function perSecond(value: number): string {
  return `${value >= 10 ? count(Math.round(value)) : value.toFixed(1)}/s`
}

/** How far the activation is, in a few words. */
export function progressText(progress: Progress, now: number): string {
  const { startedAt, rows, totals, operations, applied, failed, calls } = progress
  if (totals === null) {
    const elapsed = now - startedAt
    const parts = [`planning: ${countOf(rows, 'row')}`]
    if (elapsed >= leastMilliseconds && rows > 0) parts.push(perSecond((rows * 1000) / elapsed))
    return [...parts, duration(elapsed)].join(' · ')
  }
  const done = applied + failed
  const parts = [`${count(done)} of ${countOf(operations, 'operation')} written`]
  if (failed > 0) parts.push(`${count(failed)} failed`)
  parts.push(countOf(calls, 'call'))
  const speed = rate(progress, now)
  if (speed !== null && speed > 0) {
    parts.push(perSecond(speed))
    if (done < operations) parts.push(`${duration(((operations - done) * 1000) / speed)} left`)
  }
  return parts.join(' · ')
}

/** What a plan comes to, in one line. */
export function plannedText(activation: string, totals: PlanTotals): string {
  const text = plannedCounts(totals)
  const rows = countOf(totals.rows, 'row')
  return `${printable(activation)}: planned ${text === '' ? rows : `${rows}, ${text}`}`
}

/** How a run ended, in one line. */
export function finishedText(summary: RunSummary, style: Style): string {
  const took = summary.run === null ? '' : ` in ${duration(summary.duration_ms)}`
  return `${printable(summary.activation)}: ${statusText(summary.status, style)}${took}`
}
