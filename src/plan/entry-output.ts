import { digestRoom } from './digest.ts'
import { BlockBuilder, type EntryBlock, entriesPerBlock, entryFlag } from './entry-block.ts'
import type { IndexBasis } from './interfaces.ts'
import type { KeyTable } from './key-table.ts'
import type { KnownEntries } from './known-entries.ts'
import { mark } from './marks.ts'
import type { EntryWriter, SortedEntries } from './merge-interfaces.ts'

const taken = [mark.create, mark.update, mark.delete, mark.archive]
const zeros = digestRoom()

/** Some entries of a block, which stay as they are or are taken away. */
interface Passed {
  readonly block: EntryBlock
  readonly from: number
  to: number
  readonly isRemoved: boolean
}

/** Some of the keys whose rows were read. */
interface Read {
  readonly block: null
  readonly from: number
  to: number
}

/**
 * Writes down what is to be kept of the snapshot once the plan was carried out, as if all of it went well. As long as that
 * is just what was kept before, nothing is written.
 */
export class EntryOutput {
  readonly #sorted: SortedEntries
  readonly #basis: IndexBasis
  readonly #known: KnownEntries
  readonly #table: KeyTable
  readonly #builder = new BlockBuilder()
  readonly #hash = digestRoom()
  readonly #fingerprint = digestRoom()
  /** What becomes of entries, in their order. */
  #coming: (Passed | Read)[] = []
  /** The keys whose rows were read, with what was kept of them; `absent` where nothing was. */
  readonly #read = new BlockBuilder()
  /** The entry of each in the table. */
  readonly #places = new Int32Array(entriesPerBlock)
  /** Entries that are as they were kept, from the first, as long as nothing is written. */
  #same = 0
  #writer: EntryWriter | null = null
  /** Whether what was the same could not be read again. */
  #isLost = false

  constructor(sorted: SortedEntries, basis: IndexBasis, known: KnownEntries, table: KeyTable) {
    this.#sorted = sorted
    this.#basis = basis
    this.#known = known
    this.#table = table
  }

  /** An entry of a block stays as it is, or is taken away with its record. */
  pass(block: EntryBlock, index: number, isRemoved: boolean): void {
    const last = this.#coming.at(-1)
    if (last?.block === block && last.to === index && last.isRemoved === isRemoved) last.to += 1
    else this.#coming.push({ block, from: index, to: index + 1, isRemoved })
  }

  /**
   * A key has a row that was read, and that the ledger places at `place` in the table. `before`: the block that has, at
   * `index`, what was kept of the key; null where nothing was. Not more of them than a block takes may wait for a flush.
   */
  read(key: Uint8Array, place: number, before: EntryBlock | null, index: number): void {
    const at = this.#read.count
    if (before === null) this.#read.add(key, null, zeros, entryFlag.absent)
    else this.#read.addFrom(before, index)
    this.#places[at] = place
    const last = this.#coming.at(-1)
    if (last?.block === null) last.to += 1
    else this.#coming.push({ block: null, from: at, to: at + 1 })
  }

  /** Writes down what is settled. `isLastOpen`: there may be more rows of the key that came last. */
  async flush(isLastOpen: boolean): Promise<void> {
    const coming = this.#coming
    const last = coming.at(-1)
    const isHeld = isLastOpen && last?.block === null
    if (isHeld) last.to -= 1
    this.#coming = []
    const read = this.#read.take()
    for (const one of coming) {
      if (one.block !== null) await this.#writePart(one)
      else await this.#writeRead(read, one)
    }
    if (!isHeld) return
    this.#read.addFrom(read, read.count - 1)
    this.#places[0] = this.#places[read.count - 1] as number
    this.#coming.push({ block: null, from: 0, to: 1 })
  }

  /** Writes down the rest. Returns what was written; null where nothing has changed. */
  async finish(): Promise<EntryWriter | null> {
    await this.flush(false)
    if (this.#known.kept === null) await this.#begin()
    if (this.#writer === null || this.#isLost) return null
    await this.#writer.append(this.#builder.take())
    return this.#writer
  }

  async discard(): Promise<void> {
    await this.#writer?.discard()
  }

  async #writePart({ block, from, to, isRemoved }: Passed): Promise<void> {
    if (isRemoved) {
      const removed = new Int32Array((to - from) * 4)
      const flags = new Uint8Array(to - from)
      const start = from === 0 ? 0 : (block.ends[from - 1] as number)
      const keys = block.keys.subarray(start, block.ends[to - 1])
      const ends = block.ends.slice(from, to).map((end) => end - start)
      const emptied = {
        count: to - from,
        hashes: removed,
        fingerprints: removed,
        flags,
        ends,
        keys,
      }
      await this.#begin()
      await this.#copy(emptied, 0, to - from)
      return
    }
    if (this.#known.kept === null) await this.#begin()
    if (this.#writer === null) this.#same += to - from
    else await this.#copy(block, from, to)
  }

  async #writeRead(read: EntryBlock, { from, to }: Read): Promise<void> {
    for (let index = from; index < to; index += 1) {
      const place = this.#places[index] as number
      const before = read.flags[index] as number
      const isNew = (before & entryFlag.absent) !== 0
      const after = this.#after(place, isNew ? 0 : before)
      if (after === null && isNew) continue
      if (this.#writer === null) {
        if (after !== null || this.#known.kept === null) await this.#begin()
        else this.#same += 1
      }
      if (this.#writer === null) continue
      if (this.#builder.isFull) await this.#writer.append(this.#builder.take())
      this.#builder.addFrom(read, index)
      if (after === null) continue
      this.#table.hashes.copy(place, this.#hash)
      this.#table.fingerprints.copy(place, this.#fingerprint)
      this.#builder.changeLast(this.#hash, this.#fingerprint, after)
    }
  }

  /** The flags of a key for which the target has, or is about to take, just what its row says; else null. */
  #after(place: number, before: number): number | null {
    const table = this.#table
    if (taken.some((one) => table.isMarked(place, one))) {
      return entryFlag.ours | entryFlag.fingerprintKnown
    }
    return table.isMarked(place, mark.confirmed) ? before | entryFlag.fingerprintKnown : null
  }

  /** Begins to write, with the entries that have been the same until now. */
  async #begin(): Promise<void> {
    if (this.#writer !== null) return
    this.#writer = await this.#sorted.begin(this.#basis)
    try {
      await this.#copySame()
    } catch {
      this.#isLost = true
    }
  }

  async #copySame(): Promise<void> {
    let left = this.#same
    if (left === 0) return
    for await (const block of this.#known.again()) {
      for (let from = 0; from < block.count && left > 0; ) {
        let to = from
        while (to < block.count && to - from < left && !isAbsent(block, to)) to += 1
        await this.#copy(block, from, to)
        left -= to - from
        from = Math.max(to, from + 1)
      }
      if (left === 0) return
    }
  }

  async #copy(block: EntryBlock, from: number, to: number): Promise<void> {
    for (let next = from; next < to; ) {
      if (this.#builder.isFull) await this.#writer?.append(this.#builder.take())
      next = this.#builder.copy(block, next, to)
    }
  }
}

function isAbsent(block: EntryBlock, index: number): boolean {
  return ((block.flags[index] as number) & entryFlag.absent) !== 0
}
