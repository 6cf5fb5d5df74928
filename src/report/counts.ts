import type { PlanTotals } from '../plan/interfaces.ts'
import { count } from './text.ts'

/** What a plan has of each kind. */
export type PlannedCounts = Pick<
  PlanTotals,
  | 'create'
  | 'update'
  | 'delete'
  | 'archive'
  | 'untag'
  | 'unchanged'
  | 'rejected'
  | 'waiting'
  | 'repeated'
>

/** Counts with their words, without those that are zero: `3 new, 1,200 unchanged`. */
export function listed(counts: readonly (readonly [string, number])[]): string {
  return counts
    .filter(([, value]) => value > 0)
    .map(([name, value]) => `${count(value)} ${name}`)
    .join(', ')
}

/** What a plan comes to: `3 new, 2 changed, 1 to archive, 1,200 unchanged`; empty where there is nothing. */
export function plannedText(planned: PlannedCounts): string {
  return listed([
    ['new', planned.create],
    ['changed', planned.update],
    ['to delete', planned.delete],
    ['to archive', planned.archive],
    ['to untag', planned.untag],
    ['unchanged', planned.unchanged],
    ['rejected', planned.rejected],
    ['waiting after a failure', planned.waiting],
    ['repeated', planned.repeated],
  ])
}
