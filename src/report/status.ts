import type { RunRecord } from '../state/store.ts'
import { byCount } from './run.ts'
import type { Style } from './style.ts'
import { countOf, duration, printable, time } from './text.ts'
import { unattemptedIn, unattemptedText } from './unattempted.ts'

/** What is known of one activation: its last runs and what is still to be mended. */
export interface ActivationStatus {
  readonly activation: string
  /** Newest first. */
  readonly runs: readonly RunRecord[]
  /** Open failures by code. */
  readonly failures: Readonly<Record<string, number>>
  /** How many of the open failures the next run tries again, and when the first of the others comes back. */
  readonly retries: {
    readonly nextRun: number
    /** Those that wait for a later time, and those that wait for their rows to change. */
    readonly waiting: number
    readonly first: number | null
    readonly forChange: number
  }
}

function runLine(run: RunRecord, style: Style): string {
  const took =
    run.finishedAt === null ? '' : ` in ${duration(Math.max(0, run.finishedAt - run.startedAt))}`
  const words = run.status === 'failures' ? 'done, with failures' : run.status
  const colour =
    run.status === 'done' ? style.good : run.status === 'failures' ? style.warn : style.bad
  const status = run.status === 'running' ? words : colour(words)
  return `  run ${run.run}  ${time(run.startedAt)}  ${status}${took}`
}

function statusBlock(status: ActivationStatus, style: Style): string {
  const lines = [style.strong(printable(status.activation))]
  if (status.runs.length === 0) lines.push('  never ran')
  for (const run of status.runs) lines.push(runLine(run, style))
  const open = Object.values(status.failures).reduce((sum, value) => sum + value, 0)
  const left = unattemptedIn(status.runs)
  if (left !== null) lines.push(`  ${unattemptedText(left.run)}; the next run sends them`)
  if (open === 0) {
    if (left?.isListed) {
      lines.push(
        `  report: millrace failures ${printable(status.activation)} --run ${left.run.run}`,
      )
    } else if (left === null && status.runs.length > 0) lines.push('  no open failures')
    return lines.join('\n')
  }
  lines.push(`  ${countOf(open, 'open failure')}: ${style.warn(byCount(status.failures))}`)
  const { nextRun, waiting, first, forChange } = status.retries
  if (nextRun > 0) lines.push(`  ${countOf(nextRun, 'row')} tried again by the next run`)
  if (waiting > 0 && first !== null) {
    lines.push(`  ${countOf(waiting, 'row')} waiting, the first until ${time(first)}`)
  }
  if (forChange > 0) lines.push(`  ${countOf(forChange, 'row')} waiting to be changed`)
  lines.push(`  report: millrace failures ${printable(status.activation)}`)
  return lines.join('\n')
}

/** The state of activations, for people. */
export function statusText(statuses: readonly ActivationStatus[], style: Style): string {
  return statuses.map((status) => `${statusBlock(status, style)}\n`).join('\n')
}

function notAttempted(runs: readonly RunRecord[]): { run: number; rows: number } | null {
  const left = unattemptedIn(runs)
  return left === null ? null : { run: left.run.run, rows: left.run.notAttempted }
}

/** The state of activations, for programs: one object, times in ISO 8601. */
export function statusJson(statuses: readonly ActivationStatus[]): string {
  const iso = (timestamp: number | null): string | null =>
    timestamp === null ? null : new Date(timestamp).toISOString()
  return JSON.stringify({
    activations: statuses.map(({ activation, runs, failures, retries }) => ({
      activation,
      runs: runs.map((run) => ({
        run: run.run,
        status: run.status,
        started_at: iso(run.startedAt),
        finished_at: iso(run.finishedAt),
        summary: run.summary === null ? null : (JSON.parse(run.summary) as unknown),
      })),
      open_failures: failures,
      next_retries: {
        next_run: retries.nextRun,
        waiting: retries.waiting,
        first: iso(retries.first),
        for_change: retries.forChange,
      },
      not_attempted: notAttempted(runs),
    })),
  })
}
