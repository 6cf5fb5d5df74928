import type { EntryBlock } from './entry-block.ts'
import type { IndexBasis } from './interfaces.ts'

/**
 * The keys of a snapshot in order, as they were kept. That a block is handed out means that it is whole; one that is not
 * makes `blocks` throw, and so do blocks that are missing.
 */
export interface KeptEntries {
  readonly basis: IndexBasis
  /** Whether the snapshot is as it was then. */
  readonly isCurrent: boolean
  /** Every block, in order; each is good until the next one is asked for. */
  blocks(): AsyncGenerator<EntryBlock>
  close(): Promise<void>
}

/** The keys of a snapshot in order, while they are written down. They count for nothing before they are kept. */
export interface EntryWriter {
  /** Adds a block behind the others. */
  append(block: EntryBlock): Promise<void>
  /** Hands every block to `change`, in order, and writes those down again for which it returns true. */
  revise(change: (block: EntryBlock) => boolean): Promise<void>
  /** Drops what was written, unless it was kept. */
  discard(): Promise<void>
}

/**
 * What is kept beside the snapshot for plans that merge: like a `SnapshotIndex`, and independent of it. It is made from
 * the snapshot, and may be missing, old or damaged: it never says more than the snapshot does.
 */
export interface SortedSnapshot {
  /** What is kept; null where there is nothing that can be read. Never throws. */
  open(): Promise<KeptEntries | null>
  /** Begins to write down anew. Null where nothing can be written. */
  begin(): Promise<EntryWriter | null>
}
