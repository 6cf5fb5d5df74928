import type { DigestWords } from './digest.ts'
import { HashLog } from './hash-log.ts'
import type { SnapshotIndex } from './interfaces.ts'
import { RowOrder } from './row-order.ts'

/** The first rows of all keys, as they came: from this an index is written in the order of the rows. */
export class Arrivals {
  /** The entry of each. */
  readonly order = new RowOrder()
  /** The hash of each that was read, other than of those that were recognised. */
  readonly hashes: HashLog

  constructor(index: SnapshotIndex) {
    this.hashes = new HashLog(index)
  }

  /** A row was read; `hash`: null where its hash is not worth remembering. */
  read(entry: number, hash: DigestWords | null): void {
    this.order.add(entry)
    this.hashes.add(entry, hash)
  }
}
