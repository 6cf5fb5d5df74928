import type { Failure } from '../connector/index.ts'
import type { Wish } from './decision.ts'
import type { Verdict } from './totals.ts'

/** What is remembered of each key, beside digest, fingerprint and ordinal: bits of its entry in the table. */
export const mark = {
  inSnapshot: 0,
  fingerprintKnown: 1,
  seen: 2,
  duplicate: 3,
  /** Something is confirmed of it, so that there is something to update, or to take away. */
  delivered: 4,
  create: 5,
  update: 6,
  delete: 7,
  archive: 8,
  unchanged: 9,
  rejected: 10,
  waiting: 11,
  /** From here on, one bit per field and list: the update changes it. */
  changed: 12,
} as const

/** What can become of a key that has a row, each of it a mark too. */
export type RowVerdict = Exclude<Verdict, 'untag'>

export const rowVerdicts: readonly RowVerdict[] = [
  'create',
  'update',
  'delete',
  'archive',
  'unchanged',
  'rejected',
  'waiting',
]

/** A row that needs something done, until the snapshot was asked. */
export interface PendingRow {
  readonly entry: number
  readonly key: string
  /** What the row came to: a record, or a failure of its own, or one of its key's rows together. */
  readonly row: Wish | { readonly failure: Failure } | { readonly duplicate: Failure }
}
