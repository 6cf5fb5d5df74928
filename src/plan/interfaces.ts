import type {
  Failure,
  Operation,
  OperationKind,
  Outcome,
  Removal,
  TargetRecord,
} from '../connector/index.ts'
import type { DigestWords } from './digest.ts'
import type { EntryWriter } from './merge-interfaces.ts'
import type { PackedBytes } from './packed-bytes.ts'

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
  /** As in `Operation`; absent where nothing of the kind happened. */
  readonly unansweredSince?: number
  /** As in `Operation`. */
  readonly unansweredRequest?: string
  /** What was done to the record because its row left the query; null where the row is in the query, or nothing was. */
  readonly removed: Exclude<Removal, 'keep'> | null
  /** True where it shall be sent once more, whatever was confirmed: a full pass has not come to it yet. */
  readonly again?: boolean
  /**
   * True where the record was looked up and its id kept, and nothing was ever sent: it exists, and it is nothing that
   * millrace put there.
   */
  readonly adopted?: boolean
}

/** A key whose last failure holds it back for now. */
export interface WaitingKey {
  readonly key: string
  /** Stands for the record that failed: another record is sent at once. */
  readonly fingerprint: string
  /** How it was delivered, as `settingsOf` has it: delivered otherwise, it is sent at once. */
  readonly settings: string
}

/** As much of an entry as the planner holds in memory of every key. */
export interface KnownKey extends Pick<SnapshotEntry, 'key' | 'fingerprint' | 'removed' | 'again'> {
  /** True where something was confirmed, so that millrace may take it away again. */
  readonly delivered: boolean
}

/** The planner's view of the snapshot of one activation. */
export interface SnapshotReader {
  /** About how many keys to ask for with `entries`, where rows go on arriving meanwhile. */
  readonly keysAtOnce?: number
  /** How many keys it has. */
  count(): Promise<number>
  /** Every key, or every one behind `after`, with its fingerprint, in batches, in the order of the keys' UTF-8. */
  fingerprints(after?: string): AsyncIterable<readonly KnownKey[]>
  /** Every key, in batches, in the same order. */
  keys(): AsyncIterable<readonly string[]>
  /** The keys that have one of some ids, in batches. It goes through all keys once. */
  keysOf(ids: readonly string[]): AsyncIterable<readonly Pick<SnapshotEntry, 'key' | 'id'>[]>
  /** The whole entries of some keys; keys that it does not have are left out. */
  entries(keys: readonly string[]): Promise<ReadonlyMap<string, SnapshotEntry>>
  /** Keys that failed and wait, for a change or for a later time; also such as have no entry. In batches, in any order. */
  waiting(): AsyncIterable<readonly WaitingKey[]>
}

/** What decides how rows become keys and fingerprints; each a digest as text. */
export interface IndexBasis {
  /** Of what the snapshot's entries are counted among: the object, and what the mode leaves behind. */
  readonly scope: string
  /** Of all else: the mapping, the columns, and what the hashes of rows depend on. */
  readonly rows: string
}

/**
 * The columns of an index, each with something of every key: digest of the key, hash of its row (zeros where there is
 * none), fingerprint of its record (16 bytes each), and marks (`indexFlag`, 1 byte).
 */
export const indexSections = { keys: 16, hashes: 16, fingerprints: 16, flags: 1 } as const

export type IndexSection = keyof typeof indexSections

export const indexSectionNames = Object.keys(indexSections) as readonly IndexSection[]

/** Bits of an index's flags. */
export const indexFlag = {
  /** Delivered by the mode, and not taken away since. */
  ours: 1,
  /** The fingerprint is that of the snapshot. */
  fingerprintKnown: 2,
  /** The key is not in the index any more: this says so of its entry, and all else of it is zeros. */
  gone: 4,
} as const

/** An index as it is written. */
export interface IndexContent {
  readonly basis: IndexBasis
  /** How many keys it has. */
  readonly count: number
  /** How many runs one after the other have found their rows in another order than that of the index, until now. */
  readonly disorder: number
  /**
   * The bytes of a section, in pieces that are good until the next one is asked for. Each section is asked for once, and
   * the fingerprints behind the keys.
   */
  pieces(section: IndexSection): AsyncGenerator<Uint8Array>
  /** What is new in it; absent or null where it is not known. */
  readonly changes?: IndexChanges | null
}

/** By what an index differs from the one that is kept. */
export interface IndexChanges {
  readonly kept: KeptIndex
  /** The entries of the kept one that are no more, ascending. */
  readonly gone: Uint32Array
  /** How many entries come behind those. */
  readonly added: number
  /** As in `IndexContent`. */
  readonly disorder: number
  /** The bytes of each section for these. To be asked for where they are few: they come whole. */
  sections(): Promise<ReadonlyMap<IndexSection, Uint8Array>>
}

/**
 * An index as it was written, in pieces of `entriesPerChunk` entries. That a piece is handed out does not mean that it is
 * right: what is damaged makes `pieces` throw, at the end of the section at the latest.
 */
export interface KeptIndex extends Omit<IndexContent, 'pieces'> {
  /** The bytes of a section, in pieces that are good until the next one is asked for. */
  pieces(section: IndexSection): AsyncGenerator<Uint8Array>
  /** Whether the snapshot is as it was then. */
  readonly isCurrent: boolean
  /** Reads a whole section into a room of its size. Throws where it is damaged. */
  fill(section: IndexSection, room: Uint8Array): Promise<void>
  /** Keeps changes to it, under another token. False where they are so many that it is better written anew. */
  amend(changes: IndexChanges, token: string): Promise<boolean>
  close(): Promise<void>
}

/**
 * What is kept beside the snapshot so that a row that has not changed is recognised by the hash of its bytes. It is made
 * from the snapshot, and may be missing, old or damaged: it never says more than the snapshot does.
 */
export interface SnapshotIndex {
  /** What is kept; null where there is nothing that can be read. Never throws. */
  open(): Promise<KeptIndex | null>
  /** Room beside it; null where there is none. Never throws. */
  overflow(): Promise<Overflow | null>
}

/** Room on disk, gone once it is closed, for what memory is too small for. */
export interface Overflow {
  /** Puts bytes at a place. False where they could not be put there. */
  write(bytes: Uint8Array, at: number): Promise<boolean>
  /** Reads what was put at a place. Throws where that cannot be read. */
  read(into: Uint8Array, at: number): Promise<void>
  close(): Promise<void>
}

/** What a plan leaves to be kept beside the snapshot. It hears how every operation ended. */
export interface PlanDraft {
  note(outcome: Pick<Outcome, 'key' | 'status' | 'removal'>): void
  /** What to keep, once every operation has ended; null where what is kept says it all, or too much is not known. */
  content(): Promise<IndexContent | EntryWriter | null>
  /** To be called in the end, whatever became of it. */
  close(): Promise<void>
}

/** A row that cannot become an operation. It takes an ordinal as an operation would. */
export interface RejectedRow {
  readonly ordinal: number
  /** The record's key; where the row has none, a stand-in made from its content (`row:` and a hash). */
  readonly key: string
  readonly kind: OperationKind
  readonly failure: Failure
}

/** A record that can be written down without having become one. */
export interface PackableRecord {
  /** Its fields, in order, with such as it may leave out. */
  readonly names: readonly string[]
  /** The place among the names of the field whose value is its key, which this is; -1 where none has it. */
  find(key: string): number
  /** Writes for each of the names its value, or that there is none. */
  pack(into: PackedBytes): void
}

/** A record that can be written down without having become one, with what the target holds of it. */
export interface PackableUpdate extends PackableRecord {
  /** Writes what is held for each of the names, or that it is the same as in the record, or that nothing is. */
  packHeld(into: PackedBytes): void
}

/** Takes operations one by one, and those that are most alike without making objects of them. */
export interface OperationSpool {
  /** Whether there is so much that `drain` is due. */
  readonly isFull: boolean
  /** Adds an operation. Its ordinal is larger than that of the one before. */
  add(operation: Operation): void
  /**
   * Adds the creation of a record whose key was never heard of: nothing is held of it, and all fields change. The
   * fingerprint is the digest with the signature behind it. What is handed over is only good for now.
   */
  create(
    ordinal: number,
    key: string,
    digest: DigestWords,
    signature: string,
    record: PackableRecord,
  ): void
  /**
   * Adds the update of a record that is known by this id, and of which is known what the target holds; what is not the same
   * there changes. Fingerprint and the rest are as with `create`.
   */
  update(
    ordinal: number,
    key: string,
    digest: DigestWords,
    signature: string,
    id: string | null,
    update: PackableUpdate,
  ): void
  /** Writes down what was added, where it is much. */
  drain(): Promise<void>
}

/** Where the planner puts the operations, since a plan may be larger than memory. */
export interface PlanSink {
  /** True while operations that are added are not looked at: as long as it is, those need only be counted. */
  readonly hasEnough?: boolean
  /** Where it has one, operations are added there. */
  readonly spool?: OperationSpool
  /** Adds operations; their ordinals grow from call to call. */
  add(operations: readonly Operation[]): Promise<void>
  /**
   * Adds rejected rows. An ordinal that was added before, as an operation or as a rejected row, is replaced:
   * that is how a key turns out to be a duplicate after its first row was planned.
   */
  reject(rows: readonly RejectedRow[]): Promise<void>
  /** Hears of keys that were seen and held back, so that their failures stay open. */
  wait(keys: readonly string[]): Promise<void>
  /**
   * Hears of keys whose record is the one that was confirmed, though the snapshot has another fingerprint for it, as it was
   * made formerly. From now on it shall have this one.
   */
  renew(keys: readonly RenewedKey[]): Promise<void>
}

/** A key with the fingerprint that its record has now. */
export type RenewedKey = Pick<Operation, 'key' | 'fingerprint'>

/** What a plan comes to. */
export interface PlanTotals {
  /** Rows that the query returned. */
  readonly rows: number
  readonly create: number
  readonly update: number
  /** By mode or by `on_removed`. */
  readonly delete: number
  readonly archive: number
  readonly untag: number
  readonly unchanged: number
  /** Keys that fail before anything is sent (missing or duplicate key, invalid value). */
  readonly rejected: number
  /** Keys that failed before and are held back, until they change or their time has come. */
  readonly waiting: number
  /** Rows that repeat an earlier row to the letter, and were dropped. */
  readonly repeated: number
  /**
   * Keys that millrace delivered and that the query no longer returns, without those that were seen to before; none
   * where the mode deletes or archives.
   */
  readonly removed: number
  /** Keys that millrace delivered before and had not removed: what `max_removals` is a share of. */
  readonly known: number
  /** For each field and list, how many updates change it. */
  readonly changedFields: Readonly<Record<string, number>>
}

/** How many operations a plan has. */
export function operationsIn(
  totals: Pick<PlanTotals, 'create' | 'update' | 'delete' | 'archive' | 'untag'>,
): number {
  return totals.create + totals.update + totals.delete + totals.archive + totals.untag
}
