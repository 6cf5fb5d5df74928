import { type DigestWords, digestRoom } from './digest.ts'
import { BlockBuilder, type EntryBlock, entryFlag } from './entry-block.ts'
import type { Entry } from './entry-cursor.ts'
import type { IndexBasis } from './interfaces.ts'
import type { KeyTable } from './key-table.ts'
import type { KnownEntries } from './known-entries.ts'
import { mark } from './marks.ts'
import type { EntryWriter, SortedEntries } from './merge-interfaces.ts'

const taken = [mark.create, mark.update, mark.delete, mark.archive]
const zeros = digestRoom()

/** What becomes of entries, in their order: some of a block, as they are or taken away; or a key whose row was read. */
type Coming =
  | { readonly block: EntryBlock; readonly from: number; to: number; readonly isRemoved: boolean }
  | {
      readonly key: Uint8Array
      /** Its entry in the table. */
      readonly place: number
      /** What was kept of the key; null where nothing was. */
      readonly before: Entry | null
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
  #coming: Coming[] = []
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
    if (last !== undefined && 'block' in last) {
      if (last.block === block && last.to === index && last.isRemoved === isRemoved) {
        last.to += 1
        return
      }
    }
    this.#coming.push({ block, from: index, to: index + 1, isRemoved })
  }

  /** A key has a row that was read, and that the ledger places at `place` in the table. */
  read(key: Uint8Array, place: number, before: Entry | null): void {
    this.#coming.push({ key, place, before })
  }

  /** Writes down what is settled. `isLastOpen`: there may be more rows of the key that came last. */
  async flush(isLastOpen: boolean): Promise<void> {
    const coming = this.#coming
    const last = coming.at(-1)
    const isHeld = isLastOpen && last !== undefined && 'key' in last
    this.#coming = isHeld ? coming.splice(-1) : []
    for (const one of coming) {
      if ('block' in one) await this.#writePart(one)
      else await this.#writeRead(one)
    }
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

  async #writePart(part: Extract<Coming, { block: EntryBlock }>): Promise<void> {
    const { block, from, to, isRemoved } = part
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

  async #writeRead({ key, place, before }: Extract<Coming, { key: Uint8Array }>): Promise<void> {
    const after = this.#after(place, before)
    if (after === null) {
      if (before === null) return
      if (this.#known.kept === null) await this.#begin()
      if (this.#writer === null) this.#same += 1
      else await this.#add(key, before.hash, before.fingerprint, before.flags)
      return
    }
    await this.#begin()
    this.#table.hashes.copy(place, this.#hash)
    this.#table.fingerprints.copy(place, this.#fingerprint)
    await this.#add(key, this.#hash, this.#fingerprint, after)
  }

  /** The flags of a key for which the target has, or is about to take, just what its row says; else null. */
  #after(place: number, before: Entry | null): number | null {
    const table = this.#table
    if (taken.some((one) => table.isMarked(place, one))) {
      return entryFlag.ours | entryFlag.fingerprintKnown
    }
    if (!table.isMarked(place, mark.confirmed)) return null
    return (before?.flags ?? 0) | entryFlag.fingerprintKnown
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

  async #add(
    key: Uint8Array,
    hash: DigestWords,
    fingerprint: DigestWords,
    flags: number,
  ): Promise<void> {
    if (this.#builder.isFull) await this.#writer?.append(this.#builder.take())
    const isKnown = (flags & entryFlag.fingerprintKnown) !== 0
    this.#builder.add(key, hash, isKnown ? fingerprint : zeros, flags)
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
