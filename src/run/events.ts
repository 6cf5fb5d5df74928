import type { RequestCounts } from '../connector/index.ts'
import type { PlanTotals } from '../plan/interfaces.ts'
import type { RunSummary } from './summary.ts'

/** Everything that can be observed of a run. Progress, log lines and reports are listeners. */
export type RunEvent =
  /** `run` is null while only planning. */
  | { readonly type: 'started'; readonly activation: string; readonly run: number | null }
  /** Repeats while the query streams. */
  | { readonly type: 'planning'; readonly activation: string; readonly rows: number }
  | { readonly type: 'planned'; readonly activation: string; readonly totals: PlanTotals }
  /** Repeats while operations are delivered; the counts are of this run so far. */
  | {
      readonly type: 'writing'
      readonly activation: string
      readonly operations: number
      readonly applied: number
      readonly failed: number
      readonly requests: RequestCounts
    }
  /** A person who watches should know: waiting for the rate limit, an interrupted run was found. */
  | { readonly type: 'notice'; readonly activation: string; readonly message: string }
  | { readonly type: 'finished'; readonly activation: string; readonly summary: RunSummary }

export type RunListener = (event: RunEvent) => void

/** A listener whose errors are lost: watching must not change what is watched. */
export function unhurt(listener: RunListener): RunListener {
  return (event) => {
    try {
      listener(event)
    } catch {
      // A listener that fails loses its own event, nothing else.
    }
  }
}
