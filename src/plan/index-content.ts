import type { Arrivals } from './arrivals.ts'
import { type DigestWords, digestRoom } from './digest.ts'
import { type DigestColumn, entriesPerChunk } from './digest-column.ts'
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
import { isSet, mark } from './marks.ts'

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
    const hash = digestRoom()
    const next = this.#entries(0)
    const hashes = section === 'hashes' ? this.#arrivals.hashes.reader() : null
    for (let entry = next(); entry >= 0; entry = next()) {
      const marks = this.#table.marks(entry)
      const isLogged = hashes !== null && isRead(marks)
      if (isLogged && hashes.isDue) await hashes.load()
      if (isLogged) hashes.take(entry, hash)
      if (!isSet(marks, mark.inSnapshot)) continue
      this.#add(piece, entry, marks, hash)
      if (piece.isFull) yield piece.take()
    }
    yield piece.take()
  }

  #changesTo(kept: KeptIndex): IndexChanges {
    const table = this.#table
    const { reserved, size } = table
    let added = 0
    for (let entry = reserved; entry < size; entry += 1) {
      if (table.isMarked(entry, mark.inSnapshot)) added += 1
    }
    return {
      kept,
      gone: table.without(mark.inSnapshot, reserved),
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
    const hash = digestRoom()
    const hashes = this.#arrivals.hashes.reader()
    const next = this.#entries(first)
    for (let entry = next(); entry >= 0; entry = next()) {
      const marks = this.#table.marks(entry)
      const isLogged = isRead(marks)
      if (isLogged && hashes.isDue) await hashes.load()
      if (isLogged) hashes.take(entry, hash)
      if (!isSet(marks, mark.inSnapshot)) continue
      for (const piece of pieces) this.#add(piece, entry, marks, hash)
    }
    return new Map(pieces.map((piece) => [piece.section, piece.take()]))
  }

  /** Adds what a section has of an entry with these marks; `hash`: that of its row, where that was read. */
  #add(piece: Piece, entry: number, marks: number, hash: DigestWords): void {
    const { keys, hashes, fingerprints } = this.#table
    switch (piece.section) {
      case 'flags':
        piece.addByte(flagsOf(marks))
        break
      case 'keys':
        piece.addFrom(keys, entry)
        break
      case 'hashes':
        if (!isRead(marks)) piece.addFrom(hashes, entry)
        else piece.add(isSet(marks, mark.confirmed) ? hash : noDigest)
        break
      case 'fingerprints':
        if (!isFingerprintKnown(marks)) piece.add(noDigest)
        // Read from the kept index into the room of the keys.
        else piece.addFrom(this.#isFingerprintKept(marks) ? keys : fingerprints, entry)
    }
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

  /** Whether the fingerprint was in the kept index, and has come from there. */
  #isFingerprintKept(marks: number): boolean {
    return this.#kept !== null && isSet(marks, mark.fingerprintKept) && !isRead(marks)
  }
}

function flagsOf(marks: number): number {
  const ours = isSet(marks, mark.ours) ? indexFlag.ours : 0
  return ours | (isFingerprintKnown(marks) ? indexFlag.fingerprintKnown : 0)
}

/** Whether the key's first row was read: then the table has what that row says, which need not be what the target has. */
function isRead(marks: number): boolean {
  return isSet(marks, mark.seen) && !isSet(marks, mark.recognised)
}

function isFingerprintKnown(marks: number): boolean {
  if (isRead(marks)) return isSet(marks, mark.confirmed)
  return isSet(marks, mark.fingerprintKnown) || isSet(marks, mark.fingerprintKept)
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

  add(digest: DigestWords): void {
    this.#words.set(digest, this.#length * 4)
    this.#length += 1
  }

  /** Adds the digest that an entry has in a column. */
  addFrom(column: DigestColumn, entry: number): void {
    column.copy(entry, this.#words, this.#length * 4)
    this.#length += 1
  }

  /** What was gathered, good until more is; begins anew. */
  take(): Uint8Array {
    const bytes = this.#bytes.subarray(0, this.#length * indexSections[this.section])
    this.#length = 0
    return bytes
  }
}
