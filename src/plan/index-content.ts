import { type DigestWords, digestRoom } from './digest.ts'
import { entriesPerChunk } from './digest-column.ts'
import type { HashSpill } from './hash-spill.ts'
import {
  type IndexBasis,
  type IndexChanges,
  type IndexContent,
  type IndexSection,
  indexFlag,
  indexSections,
  type KeptIndex,
} from './interfaces.ts'
import type { KeyTable } from './key-table.ts'
import { mark } from './marks.ts'

/** The keys of a table that the snapshot has, as an index keeps them. */
export class TableContent implements IndexContent {
  readonly basis: IndexBasis
  readonly count: number
  readonly changes: IndexChanges | null
  readonly #table: KeyTable
  readonly #kept: KeptIndex | null
  readonly #spill: HashSpill | null

  /**
   * `kept`: the index that the table was read from, where it has fingerprints that the table has not: then no entry of it
   * was changed, other than by another in its place. `spill`: has hashes that the table has not.
   */
  constructor(table: KeyTable, kept: KeptIndex | null, spill: HashSpill | null, basis: IndexBasis) {
    this.basis = basis
    this.#table = table
    this.#kept = kept
    this.#spill = spill
    this.count = table.count(mark.inSnapshot)
    this.changes = kept === null ? null : this.#changesTo(kept)
  }

  pieces(section: IndexSection): AsyncGenerator<Uint8Array> {
    return this.#pieces(section, 0)
  }

  #changesTo(kept: KeptIndex): IndexChanges {
    const table = this.#table
    const gone: number[] = []
    for (let entry = 0; entry < table.reserved; entry += 1) {
      if (!table.isMarked(entry, mark.inSnapshot)) gone.push(entry)
    }
    return {
      kept,
      gone: Uint32Array.from(gone),
      added: this.count - (table.reserved - gone.length),
      pieces: (section) => this.#pieces(section, table.reserved),
    }
  }

  /** The bytes of a section for the entries from one on. */
  async *#pieces(section: IndexSection, start: number): AsyncGenerator<Uint8Array> {
    const width = indexSections[section]
    const piece = new Uint8Array(entriesPerChunk * width)
    const words = new Int32Array(piece.buffer)
    const digest = digestRoom()
    let length = 0
    const chunks = this.#elsewhere(section, start)
    let elsewhere: Int32Array | null = null
    for (let entry = start; entry < this.#table.size; entry += 1) {
      if (entry % entriesPerChunk === 0) elsewhere = (await chunks.next()).value ?? null
      if (!this.#table.isMarked(entry, mark.inSnapshot)) continue
      if (section === 'flags') piece[length] = this.#flags(entry)
      else {
        this.#copy(section, entry, elsewhere, digest)
        const at = length * 4
        words[at] = digest[0] as number
        words[at + 1] = digest[1] as number
        words[at + 2] = digest[2] as number
        words[at + 3] = digest[3] as number
      }
      length += 1
      if (length < entriesPerChunk) continue
      yield piece
      length = 0
    }
    // The last step is the one that finds out whether what was read is whole.
    await chunks.next()
    if (length > 0) yield piece.subarray(0, length * width)
  }

  /** What the table has not of a section: for each chunk that begins with an entry or behind it, or null. */
  async *#elsewhere(section: IndexSection, start: number): AsyncGenerator<Int32Array | null> {
    if (section === 'fingerprints' && start === 0 && this.#kept !== null) {
      for await (const piece of this.#kept.pieces(section)) yield wordsOf(piece)
    }
    if (section !== 'hashes' || this.#spill === null) return
    const chunks = Math.ceil(this.#table.size / entriesPerChunk)
    for (let chunk = Math.ceil(start / entriesPerChunk); chunk < chunks; chunk += 1) {
      yield await this.#spill.read(chunk)
    }
  }

  #copy(
    section: Exclude<IndexSection, 'flags'>,
    entry: number,
    elsewhere: Int32Array | null,
    into: DigestWords,
  ): void {
    if (section === 'keys') this.#table.keys.copy(entry, into)
    else if (section === 'hashes') this.#copyHash(entry, elsewhere, into)
    else this.#copyFingerprint(entry, elsewhere, into)
  }

  #flags(entry: number): number {
    const ours = this.#table.isMarked(entry, mark.ours) ? indexFlag.ours : 0
    return ours | (this.#isFingerprintKnown(entry) ? indexFlag.fingerprintKnown : 0)
  }

  /** Whether the key's first row was read: then table has what that row says, which need not be what the target has. */
  #isRead(entry: number): boolean {
    return this.#table.isMarked(entry, mark.seen) && !this.#table.isMarked(entry, mark.recognised)
  }

  #isFingerprintKnown(entry: number): boolean {
    const table = this.#table
    if (this.#isRead(entry)) return table.isMarked(entry, mark.confirmed)
    return (
      table.isMarked(entry, mark.fingerprintKnown) || table.isMarked(entry, mark.fingerprintKept)
    )
  }

  #copyHash(entry: number, spilled: Int32Array | null, into: DigestWords): void {
    if (this.#isRead(entry) && !this.#table.isMarked(entry, mark.confirmed)) into.fill(0)
    else if (spilled !== null) copyDigest(spilled, entry, into)
    else this.#table.hashes.copy(entry, into)
  }

  #copyFingerprint(entry: number, kept: Int32Array | null, into: DigestWords): void {
    if (!this.#isFingerprintKnown(entry)) into.fill(0)
    else if (
      kept !== null &&
      this.#table.isMarked(entry, mark.fingerprintKept) &&
      !this.#isRead(entry)
    ) {
      copyDigest(kept, entry, into)
    } else this.#table.fingerprints.copy(entry, into)
  }
}

/** Takes the digest of an entry from those of its chunk. */
function copyDigest(chunk: Int32Array, entry: number, into: DigestWords): void {
  const at = (entry % entriesPerChunk) * 4
  for (let word = 0; word < 4; word += 1) into[word] = chunk[at + word] as number
}

function wordsOf(piece: Uint8Array): Int32Array {
  return new Int32Array(piece.buffer, piece.byteOffset, piece.byteLength / 4)
}
