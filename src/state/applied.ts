import type { Outcome } from '../connector/index.ts'
import type { Cell, Session } from './database.ts'
import { rangesOf } from './ordinal-ranges.ts'

/** Where the range before an ordinal ends. Ranges have nothing in common, so that none before it ends later. */
const endBefore = `(select last_ordinal from applied where run_id = ? and first_ordinal <= ? order by first_ordinal desc limit 1)`

/** Adds nothing where one of the operations has an outcome. */
const insertRange = `insert into applied (run_id, first_ordinal, last_ordinal, created, attempts)
  select cast(? as integer), cast(? as bigint), cast(? as bigint), cast(? as integer), cast(? as integer)
  where coalesce(${endBefore}, -1) < ?
  and not exists (select 1 from outcomes where run_id = ? and ordinal between ? and ?)`

/** Records that operations were applied. Returns false where one of them has an outcome already. */
export async function recordApplied(
  session: Session,
  run: number,
  outcomes: readonly Outcome[],
): Promise<boolean> {
  const ranges: AppliedRange[] = []
  for (const { ordinal, created, attempts } of inOrder(outcomes)) {
    let range = ranges.at(-1)
    if (range?.last === ordinal) return false
    if (range === undefined || range.last + 1 < ordinal) {
      range = { first: ordinal, last: ordinal, created: 0, attempts: 0 }
      ranges.push(range)
    }
    range.last = ordinal
    range.created += created ? 1 : 0
    range.attempts += attempts
  }
  const rows = ranges.map(({ first, last, created, attempts }): Cell[] => {
    return [run, first, last, created, attempts, run, last, first, run, first, last]
  })
  return (await session.runEach(insertRange, rows)) === rows.length
}

interface AppliedRange {
  readonly first: number
  last: number
  created: number
  attempts: number
}

function inOrder(outcomes: readonly Outcome[]): readonly Outcome[] {
  return outcomes.toSorted((one, other) => one.ordinal - other.ordinal)
}

/** Whether one of the operations was applied. */
export async function isAnyApplied(
  session: Session,
  run: number,
  ordinals: readonly number[],
): Promise<boolean> {
  for (const [first, count] of rangesOf(ordinals)) {
    const [row] = await session.all<{ last_ordinal: number | null }>(
      `select ${endBefore} as last_ordinal`,
      [run, first + count - 1],
    )
    if ((row?.last_ordinal ?? -1) >= first) return true
  }
  return false
}

/** How many operations of the run were applied. */
export async function countApplied(session: Session, run: number): Promise<number> {
  const [row] = await session.all<{ count: number | null }>(
    'select sum(last_ordinal - first_ordinal + 1) as count from applied where run_id = ?',
    [run],
  )
  return Number(row?.count ?? 0)
}

/** The ordinals from `first` to `last` that have an outcome, applied or not. */
export async function settledOrdinals(
  session: Session,
  run: number,
  first: number,
  last: number,
): Promise<ReadonlySet<number>> {
  const ranges = await session.all<{ first_ordinal: number; last_ordinal: number }>(
    `select ordinal as first_ordinal, ordinal as last_ordinal from outcomes where run_id = ? and ordinal between ? and ?
    union all
    select first_ordinal, last_ordinal from applied where run_id = ? and first_ordinal <= ? and first_ordinal >= coalesce(
      (select max(first_ordinal) from applied where run_id = ? and first_ordinal <= ?), ?)`,
    [run, first, last, run, last, run, first, first],
  )
  const settled = new Set<number>()
  for (const range of ranges) {
    const end = Math.min(range.last_ordinal, last)
    for (let one = Math.max(range.first_ordinal, first); one <= end; one += 1) settled.add(one)
  }
  return settled
}
