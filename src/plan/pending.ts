import type { Failure, TargetRecord } from '../connector/index.ts'
import type { Verdict } from './totals.ts'

/** What is remembered of each key, beside digest, fingerprint and ordinal: bits of its entry in the table. */
export const mark = {
  inSnapshot: 0,
  fingerprintKnown: 1,
  seen: 2,
  duplicate: 3,
  delivered: 4,
  create: 5,
  update: 6,
  unchanged: 7,
  rejected: 8,
  /** From here on, one bit per field: the update changes it. */
  changed: 9,
} as const

/** The verdicts, each of them a mark too. */
export const verdicts: readonly Verdict[] = ['create', 'update', 'unchanged', 'rejected']

/** A row that needs something done, until the snapshot was asked. */
export interface PendingRow {
  readonly entry: number
  readonly key: string
  /** What the row came to: a record, or a failure of its own, or one of its key's rows together. */
  readonly row:
    | { readonly record: TargetRecord; readonly fingerprint: string }
    | { readonly failure: Failure }
    | { readonly duplicate: Failure }
}
