import type { Verdict } from './totals.ts'

/** What is remembered of each key, beside digests and ordinal: the 16 bits of its entry in the table. */
export const mark = {
  inSnapshot: 0,
  /** The table has the fingerprint that the snapshot has, or had when the key's first row came. */
  fingerprintKnown: 1,
  /** It has a row. */
  seen: 2,
  duplicate: 3,
  /** Something was confirmed of it, so that there is something to update. */
  delivered: 4,
  create: 5,
  update: 6,
  delete: 7,
  archive: 8,
  unchanged: 9,
  rejected: 10,
  waiting: 11,
  /** Delivered by the mode as it is now, and not taken away since: it may leave the query. */
  ours: 12,
  /** Its first row was recognised by its hash. */
  recognised: 13,
  /** Of its first row the hash and the fingerprint are in the table, and the target has confirmed just that. */
  confirmed: 14,
  /** The index from which the entry comes has the fingerprint that the snapshot has. */
  fingerprintKept: 15,
} as const

/** Whether one of some marks is set. */
export function isSet(marks: number, mark: number): boolean {
  return (marks & (1 << mark)) !== 0
}

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
