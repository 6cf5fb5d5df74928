import type { DigestWords } from './digest.ts'
import { compareKeyAt, type EntryBlock, entryFlag, isDigestAt } from './entry-block.ts'

const nothing: EntryBlock = {
  count: 0,
  hashes: new Int32Array(),
  fingerprints: new Int32Array(),
  flags: new Uint8Array(),
  ends: new Uint32Array(),
  keys: new Uint8Array(),
}

/** Goes through the keys of the snapshot in their order. */
export class EntryCursor {
  readonly #blocks: AsyncGenerator<EntryBlock>
  block: EntryBlock = nothing
  /** The place in the block. */
  index = 0
  /** How many entries lie behind. */
  position = 0
  isAtEnd = false

  constructor(blocks: AsyncGenerator<EntryBlock>) {
    this.#blocks = blocks
  }

  /** Whether all entries of the block lie behind, so that `load` has to be called. */
  get isSpent(): boolean {
    return this.index >= this.block.count
  }

  /** Goes on to the next block that has an entry. */
  async load(): Promise<void> {
    while (this.isSpent && !this.isAtEnd) {
      const { done, value } = await this.#blocks.next()
      this.isAtEnd = done === true
      this.block = done === true ? nothing : value
      this.index = 0
      this.#skipAbsent()
    }
  }

  step(): void {
    this.index += 1
    this.position += 1
    this.#skipAbsent()
  }

  has(flag: number): boolean {
    return ((this.block.flags[this.index] as number) & flag) !== 0
  }

  /** Whether the entry's row had this hash. */
  isAt(hash: DigestWords): boolean {
    return this.index < this.block.count && isDigestAt(this.block.hashes, this.index, hash)
  }

  /** The order of the entry's key among others, as `compareKeys` says. */
  compare(key: Uint8Array): number {
    return compareKeyAt(this.block, this.index, key)
  }

  async close(): Promise<void> {
    await this.#blocks.return(undefined)
  }

  #skipAbsent(): void {
    const { flags, count } = this.block
    while (this.index < count && ((flags[this.index] as number) & entryFlag.absent) !== 0) {
      this.index += 1
    }
  }
}
