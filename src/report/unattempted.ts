import type { RunRecord } from '../state/store.ts'
import { statusWords } from './run.ts'
import { countOf, printable } from './text.ts'

/** What the last runs of an activation left unsent, as they ended early. */
export interface Unattempted {
  readonly run: RunRecord
  /** Whether the rows can still be listed: not once a later run has begun, which plans them anew. */
  readonly isListed: boolean
}

/**
 * The newest run of an activation (`runs`: its own, newest first) that ended before it got to all of its rows, where no
 * run has come to its end since; else null.
 */
export function unattemptedIn(runs: readonly RunRecord[]): Unattempted | null {
  for (const [index, run] of runs.entries()) {
    if (run.notAttempted > 0) return { run, isListed: index === 0 }
    if (run.status === 'done' || run.status === 'failures') return null
  }
  return null
}

/** `80 rows were not attempted by run 2 (stopped early)`. */
export function unattemptedText({ run, status, notAttempted }: RunRecord): string {
  const were = notAttempted === 1 ? 'was' : 'were'
  const why = status === 'running' ? '' : ` (${statusWords[status]})`
  return `${countOf(notAttempted, 'row')} ${were} not attempted by run ${run}${why}`
}

/** The same as sentences about an activation, with what becomes of the rows and where they are listed. */
export function unattemptedHint({ run, isListed }: Unattempted): string {
  const name = printable(run.activation)
  const text = `${name}: ${unattemptedText(run)}; the next run sends them.`
  return isListed ? `${text} They are listed by: millrace failures ${name} --run ${run.run}` : text
}
