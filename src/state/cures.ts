import type { FailureCode } from '../connector/index.ts'

/**
 * What cures a failure that the target answered with. `change`: another record or other settings, so that the row is
 * not sent again as it is. `time`: it may work later, when somebody has seen to it in the target or a trouble is over,
 * so that it is sent again after a while. `run`: the next run does.
 */
type Cure = 'change' | 'time' | 'run'

const cures: Readonly<Record<FailureCode, Cure>> = {
  missing_identifier: 'change',
  duplicate_key: 'change',
  invalid_value: 'change',
  unknown_attribute: 'change',
  already_exists: 'change',
  rejected: 'change',
  not_found: 'time',
  archived: 'time',
  deleted: 'time',
  merged: 'time',
  conflict: 'time',
  limit_reached: 'time',
  rate_limited: 'time',
  server_error: 'time',
  timeout: 'time',
  network: 'time',
  in_doubt: 'time',
  not_attempted: 'run',
}

/** Troubles of the way to the target and of the target as a whole: what a stopped run met says little of the row. */
const troubles: readonly FailureCode[] = [
  'rate_limited',
  'server_error',
  'timeout',
  'network',
  'in_doubt',
]

/** The same as a list for SQL. */
export const troublesInSql = troubles.map((code) => `'${code}'`).join(', ')

const minute = 60_000
const day = 24 * 60 * minute

/** The gap after the first failure. */
export const firstGap = minute

/** In SQL, the gap after `rounds` runs before this one failed as well: a minute, doubled each time, a day at most. */
export function gapInSql(rounds: string): string {
  return `case when ${rounds} > 10 then ${day} else ${minute} * (1 << ${rounds}) end`
}

/** What the next try of a failed delivery waits for. */
export function cureOf(code: FailureCode): Cure {
  return cures[code]
}
