import type { Arrivals } from './arrivals.ts'
import { type DigestWords, digestRoom } from './digest.ts'
import { entriesPerChunk } from './digest-column.ts'
import {
  type IndexBasis,
  type IndexChanges,
  type IndexContent,
  type IndexSection,
  indexFlag,
  indexSectionNames,
  indexSections,
  type KeptIndex,
} from './interfaces.ts'
import type { KeyTable } from './key-table.ts'
import { mark } from './marks.ts'

const noDigest = digestRoom()

export interface ContentOptions {
  readonly table: KeyTable
  /**
   * The index that the table was read from, where it has fingerprints that the table has not: then no entry of it was
   * changed, other than by another in its place.
   */
  readonly kept: KeptIndex | null
  readonly arrivals: Arrivals
  readonly basis: IndexBasis
  readonly disorder: number
  /** Whether the kept index is in such an order that changes to it are not worth keeping. */
  readonly isRewritten: boolean
}

/** The keys of a table that the snapshot has, as an index keeps them: in the order of their rows, then those without one. */
export class TableContent implements IndexContent {
  readonly basis: IndexBasis
  readonly count: number
  readonly disorder: number
  readonly changes: IndexChanges | null
  readonly #table: KeyTable
  readonly #kept: KeptIndex | null
  readonly #arrivals: Arrivals
  readonly #digest = digestRoom()

  constructor({ table, kept, arrivals, basis, disorder, isRewritten }: ContentOptions) {
    this.basis = basis
    this.disorder = disorder
    this.#table = table
    this.#kept = kept
    this.#arrivals = arrivals
    this.changes = kept === null || isRewritten ? null : this.#changesTo(kept)
    this.count =
      this.changes === null
        ? table.count(mark.inSnapshot)
        : table.reserved - this.changes.gone.length + this.changes.added
  }

  async *pieces(section: IndexSection): AsyncGenerator<Uint8Array> {
    // The keys were written before, and so these need no room of their own.
    if (section === 'fingerprints') await this.#kept?.fill(section, this.#table.keys.room)
    const piece = new Piece(section, entriesPerChunk)
    const digest = digestRoom()
    const next = this.#entries(0)
    const hashes = section === 'hashes' ? this.#arrivals.hashes.reader() : null
    for (let entry = next(); entry >= 0; entry = next()) {
      const isLogged = hashes !== null && this.#isRead(entry)
      if (isLogged && hashes.isDue) await hashes.load()
      if (isLogged) hashes.take(entry, digest)
      if (!this.#table.isMarked(entry, mark.inSnapshot)) continue
      this.#add(piece, entry, digest)
      if (piece.isFull) yield piece.take()
    }
    yield piece.take()
  }

  #changesTo(kept: KeptIndex): IndexChanges {
    const table = this.#table
    const { reserved, size } = table
    const gone: number[] = []
    for (let entry = 0; entry < reserved; entry += 1) {
      if (!table.isMarked(entry, mark.inSnapshot)) gone.push(entry)
    }
    let added = 0
    for (let entry = reserved; entry < size; entry += 1) {
      if (table.isMarked(entry, mark.inSnapshot)) added += 1
    }
    return {
      kept,
      gone: Uint32Array.from(gone),
      added,
      disorder: this.disorder,
      sections: () => this.#sections(reserved, added),
    }
  }

  /**
   * The bytes of all sections for the entries from `first` on, `added` in all. The rows of those before were not read: a row
   * that is makes an entry in place of the one from the kept index.
   */
  async #sections(first: number, added: number): Promise<ReadonlyMap<IndexSection, Uint8Array>> {
    const pieces = indexSectionNames.map((section) => new Piece(section, added))
    const digest = digestRoom()
    const hashes = this.#arrivals.hashes.reader()
    const next = this.#entries(first)
    for (let entry = next(); entry >= 0; entry = next()) {
      const isLogged = this.#isRead(entry)
      if (isLogged && hashes.isDue) await hashes.load()
      if (isLogged) hashes.take(entry, digest)
      if (!this.#table.isMarked(entry, mark.inSnapshot)) continue
      for (let number = 0; number < pieces.length; number += 1) {
        this.#add(pieces[number] as Piece, entry, digest)
      }
    }
    return new Map(pieces.map((piece) => [piece.section, piece.take()]))
  }

  /** Adds what a section has of an entry; `hash`: that of its row, where that was read. */
  #add(piece: Piece, entry: number, hash: DigestWords): void {
    const { section } = piece
    if (section === 'flags') piece.addByte(this.#flags(entry))
    else if (section !== 'hashes' || !this.#isRead(entry)) {
      this.#copy(section, entry, this.#digest)
      piece.addDigest(this.#digest)
    } else if (this.#table.isMarked(entry, mark.confirmed)) piece.addDigest(hash)
    else piece.addDigest(noDigest)
  }

  /**
   * Goes through the entries from `first` on, those that have a row in the order of the rows, and then the others: returns the
   * next one each time, and -1 in the end.
   */
  #entries(first: number): () => number {
    const nextRow = this.#arrivals.order.reader(first)
    const nextRowless = this.#rowless(first)
    let isAtRows = true
    return () => {
      const entry = isAtRows ? nextRow() : -1
      isAtRows = entry >= 0
      return isAtRows ? entry : nextRowless()
    }
  }

  /** As `#entries`, those without a row. */
  #rowless(first: number): () => number {
    const table = this.#table
    let entry = first - 1
    return () => {
      do entry += 1
      while (entry < table.size && table.isMarked(entry, mark.seen))
      return entry < table.size ? entry : -1
    }
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

  #copy(section: Exclude<IndexSection, 'flags'>, entry: number, into: DigestWords): void {
    const { keys, hashes, fingerprints } = this.#table
    if (section === 'keys') keys.copy(entry, into)
    else if (section === 'hashes') hashes.copy(entry, into)
    else if (!this.#isFingerprintKnown(entry)) into.fill(0)
    else if (this.#isFingerprintKept(entry)) keys.copy(entry, into)
    else fingerprints.copy(entry, into)
  }

  /** Whether the fingerprint was in the kept index, and has come from there. */
  #isFingerprintKept(entry: number): boolean {
    const isKept = this.#kept !== null && this.#table.isMarked(entry, mark.fingerprintKept)
    return isKept && !this.#isRead(entry)
  }
}

/** Bytes of a section that are gathered. */
class Piece {
  readonly section: IndexSection
  readonly #bytes: Uint8Array
  readonly #words: Int32Array
  readonly #most: number
  #length = 0

  /** `most`: of how many entries at a time. */
  constructor(section: IndexSection, most: number) {
    this.section = section
    // Whole words, also of flags.
    this.#bytes = new Uint8Array(Math.ceil((most * indexSections[section]) / 4) * 4)
    this.#words = new Int32Array(this.#bytes.buffer)
    this.#most = most
  }

  get isFull(): boolean {
    return this.#length === this.#most
  }

  addByte(byte: number): void {
    this.#bytes[this.#length] = byte
    this.#length += 1
  }

  addDigest(digest: DigestWords): void {
    const at = this.#length * 4
    for (let word = 0; word < 4; word += 1) this.#words[at + word] = digest[word] as number
    this.#length += 1
  }

  /** What was gathered, good until more is; begins anew. */
  take(): Uint8Array {
    const bytes = this.#bytes.subarray(0, this.#length * indexSections[this.section])
    this.#length = 0
    return bytes
  }
}
