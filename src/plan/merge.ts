import type { Activation } from '../config/activation.ts'
import { ConfigurationError, type RowBatch } from '../connector/index.ts'
import { type DigestWords, digest, digestRoom } from './digest.ts'
import {
  compareKeyAt,
  compareKeys,
  copyEntry,
  type EntryBlock,
  entryFlag,
  isDigestAt,
  readDigest,
} from './entry-block.ts'
import type { EntryCursor } from './entry-cursor.ts'
import type { EntryOutput } from './entry-output.ts'
import type { KeyLedger } from './key-ledger.ts'
import { KeyTable } from './key-table.ts'
import { mark } from './marks.ts'
import { takesAway } from './removals.ts'
import type { RowReader } from './row-reader.ts'
import type { RowlessKeys } from './rowless-keys.ts'
import type { Scope } from './scope.ts'

/** Keys whose rows were read that the table has at once. */
const keysPerTable = 4096

export interface MergeOptions {
  readonly activation: Activation
  readonly scope: Scope
  readonly cursor: EntryCursor
  /** The keys whose rows were read, of late. */
  readonly table: KeyTable
  readonly ledger: KeyLedger
  readonly reader: RowReader
  readonly rowless: RowlessKeys
  /** Null where nothing is to be kept. */
  readonly output: EntryOutput | null
}

/**
 * Goes through the rows and the keys of the snapshot side by side, both being in the order of their keys. Rows that have
 * not changed are recognised by their hashes; every other row is read, and entered into the ledger with what is known of
 * its key. The ledger's table has such keys for as long as there may be more rows of them.
 */
export class Merge {
  readonly #options: MergeOptions
  /** Rows without a key, by what they hold. */
  readonly #keyless = new KeyTable(0)
  readonly #digest = digestRoom()
  /** Whether modes leave something behind that may leave the query. */
  readonly #missesRows: boolean
  readonly #takesAway: boolean
  /** The key of the last row that was read and has one. */
  #text = ''
  #key: Uint8Array | null = null
  /** Whether no other key had a row since. */
  #isOpen = false
  /** The entry whose row was recognised last, while no row of a later key came: its place in the block, or a copy. */
  #recognisedAt = -1
  #recognised: EntryBlock | null = null

  constructor(options: MergeOptions) {
    this.#options = options
    this.#missesRows = options.scope.effect === 'held'
    this.#takesAway = takesAway(options.activation, options.scope)
  }

  /** Enters a row by its hash alone, where that says that the row has not changed; false where it has to be read. */
  recognise(hash: DigestWords): boolean {
    const { cursor, ledger, output } = this.#options
    const { tally } = ledger
    if (!cursor.isAt(hash)) {
      if (!this.#isRepeated(hash)) return false
      tally.rows += 1
      tally.repeated += 1
      return true
    }
    tally.rows += 1
    tally.count('unchanged')
    if (cursor.has(entryFlag.ours)) tally.known += 1
    output?.pass(cursor.block, cursor.index, false)
    this.#isOpen = false
    this.#recognised = null
    this.#recognisedAt = cursor.index
    cursor.step()
    return true
  }

  /** Reads a row and enters it. Throws `ConfigurationError` where the rows are not in the order of their keys. */
  async read(batch: RowBatch, index: number, hash: DigestWords | null): Promise<void> {
    const { ledger, reader } = this.#options
    const text = reader.take(batch, index)
    if (text === null) {
      // Such rows stand anywhere among the others; equal ones have one key, that stands for what they hold.
      if (this.#keyless.find(reader.content) >= 0) {
        ledger.tally.repeated += 1
        return
      }
      this.#keyless.add(reader.content)
    } else if (!this.#isOpen || text !== this.#text) await this.#moveTo(text)
    reader.enter(hash)
  }

  /** Whether `load` has to be called before the next row. */
  get isSpent(): boolean {
    const { cursor } = this.#options
    return cursor.isSpent && !cursor.isAtEnd
  }

  /** Goes on to the next entries. */
  async load(): Promise<void> {
    const { cursor } = this.#options
    await this.#settle(this.#isOpen)
    // A copy stays good while the block does not.
    this.#lastRecognised()
    await cursor.load()
  }

  /** To be called after the last row: the other keys of the snapshot have none. */
  async finish(): Promise<void> {
    const { cursor, rowless } = this.#options
    for (;;) {
      if (cursor.isSpent) await this.load()
      if (cursor.isAtEnd) break
      this.#leave()
    }
    await this.#settle(false)
    rowless.count = cursor.position
  }

  /** Goes on to a key: those of the snapshot that stand before it have no row. */
  async #moveTo(text: string): Promise<void> {
    const { cursor, output, table } = this.#options
    const key = Buffer.from(text)
    const order = this.#orderAfterLast(key)
    if (order < 0) throw this.#unsorted()
    this.#isOpen = false
    if (table.size >= keysPerTable) {
      await this.#settle(false)
      table.clear()
    }
    const recognised = this.#lastRecognised()
    this.#text = text
    this.#key = key
    if (recognised !== null && order === 0) {
      this.#place(recognised, 0, text, true)
      this.#isOpen = true
      return
    }
    this.#recognised = null
    this.#recognisedAt = -1
    const isFound = await this.#find(key)
    const { block, index } = cursor
    output?.read(key, table.size, isFound ? block : null, index)
    if (isFound) {
      this.#place(block, index, text, false)
      cursor.step()
    }
    this.#isOpen = true
  }

  /** Moves to the entry of a key; false where there is none. */
  async #find(key: Uint8Array): Promise<boolean> {
    const { cursor } = this.#options
    for (;;) {
      if (cursor.isSpent) await this.load()
      if (cursor.isAtEnd) return false
      const order = cursor.compare(key)
      if (order >= 0) return order === 0
      this.#leave()
    }
  }

  /** The entry's key has no row. */
  #leave(): void {
    const { cursor, ledger, output, rowless } = this.#options
    const isOurs = cursor.has(entryFlag.ours)
    if (isOurs) ledger.tally.known += 1
    if (isOurs && this.#missesRows) ledger.tally.removed += 1
    if (this.#takesAway) rowless.mark(cursor.position)
    output?.pass(cursor.block, cursor.index, isOurs && this.#takesAway)
    cursor.step()
  }

  /** Tells the ledger's table what is known of a key that has a row. */
  #place(block: EntryBlock, index: number, text: string, isRecognised: boolean): void {
    const { ledger, table } = this.#options
    const flags = block.flags[index] as number
    digest(text, this.#digest)
    const entry = table.add(this.#digest)
    table.mark(entry, mark.inSnapshot)
    if ((flags & entryFlag.fingerprintKnown) !== 0) {
      readDigest(block.fingerprints, index, this.#digest)
      table.fingerprints.set(entry, this.#digest)
      table.mark(entry, mark.fingerprintKnown)
    }
    const isOurs = (flags & entryFlag.ours) !== 0
    if (isOurs) table.mark(entry, mark.ours)
    if (isRecognised) {
      readDigest(block.hashes, index, this.#digest)
      table.hashes.set(entry, this.#digest)
      for (const one of [mark.seen, mark.recognised, mark.unchanged]) table.mark(entry, one)
      return
    }
    if (isOurs) ledger.tally.known += 1
    // The ledger takes it back as soon as it sees the row.
    if (isOurs && this.#missesRows) ledger.tally.removed += 1
  }

  async #settle(isLastOpen: boolean): Promise<void> {
    const { ledger, output } = this.#options
    await ledger.settle()
    await output?.flush(isLastOpen)
  }

  /** Whether a row is that of the entry that was recognised last, once more. */
  #isRepeated(hash: DigestWords): boolean {
    const { block } = this.#options.cursor
    if (this.#recognisedAt >= 0) return isDigestAt(block.hashes, this.#recognisedAt, hash)
    return this.#recognised !== null && isDigestAt(this.#recognised.hashes, 0, hash)
  }

  #lastRecognised(): EntryBlock | null {
    if (this.#recognisedAt >= 0) {
      this.#recognised = copyEntry(this.#options.cursor.block, this.#recognisedAt)
      this.#recognisedAt = -1
    }
    return this.#recognised
  }

  /** How a key stands to the key of the last row that has one. */
  #orderAfterLast(key: Uint8Array): number {
    const recognised = this.#lastRecognised()
    if (recognised !== null) return -compareKeyAt(recognised, 0, key)
    return this.#key === null ? 1 : compareKeys(key, this.#key)
  }

  #unsorted(): ConfigurationError {
    const { activation, ledger } = this.#options
    const message = `"plan_by: merge" needs the rows in the order of their keys, and the source did not sort them as it was asked to: row ${ledger.tally.rows} comes too late. Use "plan_by: hash".`
    return new ConfigurationError([activation.problemAt(['plan_by'], message)])
  }
}
