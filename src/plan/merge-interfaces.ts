import type { EntryBlock } from './entry-block.ts'
import type { IndexBasis } from './interfaces.ts'

/**
 * The keys of a snapshot in order, as they were kept. A block that is handed out is whole; one that is not makes `blocks`
 * throw, and so does one that is missing.
 */
export interface KeptEntries {
  readonly basis: IndexBasis
  /** Whether the snapshot is as it was then. */
  readonly isCurrent: boolean
  /** Every block, from the first; each is good until the next one is asked for. */
  blocks(): AsyncGenerator<EntryBlock>
  close(): Promise<void>
}

/** The keys of a snapshot in order, while they are written down. */
export interface EntryWriter {
  /** Adds a block behind the others. */
  append(block: EntryBlock): Promise<void>
  /** Hands every block to `change`, in order, and writes those down again for which it returns true. */
  revise(change: (block: EntryBlock) => boolean): Promise<void>
  /** Puts what was written in place of what was kept before. Returns null, or why that could not be done. */
  keep(token: string): Promise<string | null>
  /** Drops what was written, unless it was kept. */
  discard(): Promise<void>
}

/**
 * What is kept beside the snapshot for plans that merge: the counterpart of `SnapshotIndex`, and independent of it. It is
 * made from the snapshot, and may be missing, old or damaged: it never says more than the snapshot does.
 */
export interface SortedEntries {
  /** What is kept; null where there is nothing that can be read. Never throws. */
  open(): Promise<KeptEntries | null>
  /** Begins to write down anew. What goes wrong with it shows when it is kept. */
  begin(basis: IndexBasis): Promise<EntryWriter>
}
