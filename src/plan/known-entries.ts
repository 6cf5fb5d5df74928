import { digestRoom, isSameDigest, parseDigest } from './digest.ts'
import {
  BlockBuilder,
  compareKeyAt,
  digestAt,
  type EntryBlock,
  entryFlag,
  keyAt,
} from './entry-block.ts'
import type { IndexBasis, KnownKey, SnapshotReader } from './interfaces.ts'
import { isOurs } from './known-keys.ts'
import type { KeptEntries, SortedEntries } from './merge-interfaces.ts'
import type { Scope } from './scope.ts'

export interface KnownEntriesOptions {
  readonly snapshot: SnapshotReader
  readonly scope: Scope
  readonly sorted: SortedEntries | null
  /** Null where nothing that was kept is of use. */
  readonly basis: IndexBasis | null
}

/**
 * Every key of the snapshot, in order: from what was kept, where that is of the snapshot as it is, else from the snapshot,
 * with the hashes that were kept with the same records. Keys that were delivered to another object stay out.
 */
export class KnownEntries {
  readonly #options: KnownEntriesOptions
  readonly #kept: KeptEntries | null
  /** What was kept, where just that is read; null also as soon as it turns out to be damaged. */
  kept: KeptEntries | null

  private constructor(options: KnownEntriesOptions, kept: KeptEntries | null) {
    this.#options = options
    this.#kept = kept
    this.kept = this.#isSameRows && kept?.isCurrent === true ? kept : null
  }

  static async open(options: KnownEntriesOptions): Promise<KnownEntries> {
    const { sorted, basis } = options
    const kept = basis === null ? null : ((await sorted?.open()) ?? null)
    if (kept !== null && kept.basis.scope !== basis?.scope) {
      await kept.close()
      return new KnownEntries(options, null)
    }
    return new KnownEntries(options, kept)
  }

  /** Whether some entries may have hashes. */
  get haveHashes(): boolean {
    return this.#kept !== null && this.#isSameRows
  }

  get #isSameRows(): boolean {
    return this.#kept?.basis.rows === this.#options.basis?.rows
  }

  /** The entries; a block is good until the next one is asked for. */
  async *blocks(): AsyncGenerator<EntryBlock> {
    const kept = this.#kept
    if (kept?.isCurrent !== true) {
      yield* this.#scan(this.#isSameRows ? kept : null)
      return
    }
    let last: string | undefined
    try {
      for await (const block of kept.blocks()) {
        if (!this.#isSameRows) block.hashes.fill(0)
        if (block.count > 0) last = Buffer.from(keyAt(block, block.count - 1)).toString()
        yield block
      }
      return
    } catch {
      // Whatever is wrong with it, the snapshot says the same.
      this.kept = null
    }
    yield* this.#scan(null, last)
  }

  /** What was kept, once more from its first block. Throws where it is damaged. */
  again(): AsyncGenerator<EntryBlock> {
    if (this.#kept === null) throw new Error('nothing was kept')
    return this.#kept.blocks()
  }

  async close(): Promise<void> {
    await this.#kept?.close()
  }

  /** Reads the keys behind `after` from the snapshot. A hash stays with the fingerprint that it was kept with. */
  async *#scan(old: KeptEntries | null, after?: string): AsyncGenerator<EntryBlock> {
    const { snapshot, scope } = this.#options
    const hashes = new OldHashes(old)
    const builder = new BlockBuilder()
    const fingerprint = digestRoom()
    for await (const known of snapshot.fingerprints(after)) {
      for (const one of known) {
        if (scope.originOf(one.fingerprint) === 'foreign') continue
        const key = Buffer.from(one.key)
        const flags = flagsOf(one, scope, fingerprint)
        const isKnown = (flags & entryFlag.fingerprintKnown) !== 0
        const hash = isKnown && (await hashes.moveTo(key)) ? hashes.find(key, fingerprint) : null
        builder.add(key, hash, fingerprint, flags)
        if (builder.isFull) yield builder.take()
      }
    }
    yield builder.take()
  }
}

/** The flags of an entry; its fingerprint is written to `into`, zeros where it says nothing. */
function flagsOf(one: KnownKey, scope: Scope, into: Int32Array): number {
  const text = scope.digestIn(one.fingerprint)
  const isKnown = one.again !== true && text !== null && parseDigest(text, into)
  if (!isKnown) into.fill(0)
  return (isOurs(one, scope) ? entryFlag.ours : 0) | (isKnown ? entryFlag.fingerprintKnown : 0)
}

/** The hashes in what was kept once, found by keys in order. */
class OldHashes {
  #blocks: AsyncGenerator<EntryBlock> | null
  #block: EntryBlock | null = null
  #index = 0

  constructor(old: KeptEntries | null) {
    this.#blocks = old?.blocks() ?? null
  }

  /** Moves to the first entry that does not stand before the key; false where there is none. */
  async moveTo(key: Uint8Array): Promise<boolean> {
    while (this.#blocks !== null) {
      const block = this.#block
      if (block !== null) {
        while (this.#index < block.count) {
          if (compareKeyAt(block, this.#index, key) >= 0) return true
          this.#index += 1
        }
      }
      await this.#load(this.#blocks)
    }
    return false
  }

  /** The hash that was kept with the key and this fingerprint; null where there is none. */
  find(key: Uint8Array, fingerprint: Int32Array): Int32Array | null {
    const block = this.#block
    if (block === null || compareKeyAt(block, this.#index, key) !== 0) return null
    const flags = block.flags[this.#index] as number
    const isKnown =
      (flags & (entryFlag.fingerprintKnown | entryFlag.absent)) === entryFlag.fingerprintKnown
    const isSame = isSameDigest(digestAt(block.fingerprints, this.#index), fingerprint)
    return isKnown && isSame ? digestAt(block.hashes, this.#index) : null
  }

  async #load(blocks: AsyncGenerator<EntryBlock>): Promise<void> {
    try {
      const next = await blocks.next()
      this.#block = next.done === true ? null : next.value
      if (next.done === true) this.#blocks = null
    } catch {
      // What is damaged costs another look at the rows, and no more.
      this.#blocks = null
      this.#block = null
    }
    this.#index = 0
  }
}
