import type { Failure, Operation, TargetRecord } from '../connector/index.ts'

/** What is known of one key from confirmed outcomes. */
export interface SnapshotEntry {
  readonly key: string
  /**
   * Stands for the record that was last confirmed. Null where the target's state is not known: nothing was ever
   * confirmed, or a later attempt may have changed it.
   */
  readonly fingerprint: string | null
  /** The target's own id. */
  readonly id: string | null
  /** What was last confirmed, field by field; null where nothing ever was. */
  readonly sent: TargetRecord | null
}

/** The planner's view of the snapshot of one activation. */
export interface SnapshotReader {
  /** How many keys it has. */
  count(): Promise<number>
  /** Every key with its fingerprint, in batches and in no particular order. */
  fingerprints(): AsyncIterable<readonly Pick<SnapshotEntry, 'key' | 'fingerprint'>[]>
  /** The whole entries of some keys; keys that it does not have are left out. */
  entries(keys: readonly string[]): Promise<ReadonlyMap<string, SnapshotEntry>>
}

/** A row that cannot become an operation. It takes an ordinal as an operation would. */
export interface RejectedRow {
  readonly ordinal: number
  /** The record's key; where the row has none, a stand-in made from its content (`row:` and a hash). */
  readonly key: string
  readonly kind: Operation['kind']
  readonly failure: Failure
}

/** Where the planner puts the operations, since a plan may be larger than memory. */
export interface PlanSink {
  /** Adds operations; their ordinals grow from call to call. */
  add(operations: readonly Operation[]): Promise<void>
  /**
   * Adds rejected rows. An ordinal that was added before, as an operation or as a rejected row, is replaced:
   * that is how a key turns out to be a duplicate after its first row was planned.
   */
  reject(rows: readonly RejectedRow[]): Promise<void>
}

/** What a plan comes to. */
export interface PlanTotals {
  /** Rows that the query returned. */
  readonly rows: number
  readonly create: number
  readonly update: number
  readonly unchanged: number
  /** Keys that fail before anything is sent (missing or duplicate key, invalid value). */
  readonly rejected: number
  /** Rows that repeat an earlier row to the letter, and were dropped. */
  readonly repeated: number
  /** Keys of the snapshot that the query no longer returns. */
  readonly removed: number
  /** For each field, how many updates change it. */
  readonly changedFields: Readonly<Record<string, number>>
}
