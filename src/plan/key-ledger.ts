import type { Failure, Operation, TargetRecord } from '../connector/index.ts'
import type { Arrivals } from './arrivals.ts'
import { type DigestWords, digest, digestRoom, formatDigest } from './digest.ts'
import type { PackableRecord, PlanTotals } from './interfaces.ts'
import { nativeId } from './key.ts'
import type { KeyTable } from './key-table.ts'
import { mark } from './marks.ts'
import { PackedWishes } from './packed-wishes.ts'
import { duplicateKey } from './rejection.ts'
import { isAsked, type PendingRow, Settlement, type SettlementOptions } from './settlement.ts'
import type { Tally } from './totals.ts'
import { type VerdictOptions, Verdicts } from './verdicts.ts'

/** Rows about which the snapshot is asked at once, where so many have to be and it does not say otherwise. */
const rowsPerLookUp = 500

/** The marks of an entry whose row was recognised. */
const unchangedByHash = (1 << mark.seen) | (1 << mark.recognised) | (1 << mark.unchanged)

/** All that the ledger is made from. */
export type LedgerOptions = VerdictOptions &
  SettlementOptions & {
    /** Hears of the first row of each key. Without it, the hash of one that was read is put into the table. */
    readonly arrivals?: Arrivals | null
  }

/** Keeps account of every key: enters its rows, and tells those that need something done from all others. */
export class KeyLedger {
  readonly tally: Tally
  readonly #options: LedgerOptions
  readonly #table: KeyTable
  readonly #arrivals: Arrivals | null
  readonly #verdicts: Verdicts
  readonly #settlement: Settlement
  /** What is delivered once, whatever the row says later. */
  readonly #isOnce: boolean
  /** What modes that take away have taken away may leave the query. */
  readonly #missesRows: boolean
  readonly #keyDigest = digestRoom()
  readonly #fingerprint = digestRoom()
  /** The key that was placed last, and its entry. */
  #key = ''
  #entry = -1
  #pending: PendingRow[] = []
  /** The keys of those that the snapshot has. */
  #asked: string[] = []
  /** Whether a row whose key is new may become an operation without becoming a record. */
  readonly #createsDirectly: boolean
  /** The records of rows that may become updates in the same way; null where none may. */
  readonly #wishes: PackedWishes | null

  constructor(options: LedgerOptions) {
    const { activation, scope, table, arrivals = null } = options
    this.#options = options
    this.#table = table
    this.#arrivals = arrivals
    this.#createsDirectly = createsDirectly(options)
    this.#wishes = updatesDirectly(options) ? new PackedWishes(options.mapping.names) : null
    this.#verdicts = new Verdicts(options)
    this.#settlement = new Settlement(options, this.#verdicts, this.#wishes)
    this.#isOnce = activation.mode === 'insert'
    this.#missesRows = scope.effect === 'held'
    this.tally = this.#verdicts.tally
    this.tally.known = table.count(mark.ours)
    this.tally.removed = this.#missesRows ? this.tally.known : 0
  }

  /** Whether there is so much to settle that it is worth it. */
  get isFull(): boolean {
    const { keysAtOnce = rowsPerLookUp } = this.#options.snapshot
    const { length } = this.#pending
    // What needs no look-up would only keep rows behind it from being planned at once.
    return length >= keysAtOnce || (length > 0 && this.#asked.length === 0) || this.#verdicts.isFull
  }

  /**
   * Enters a row by its hash alone, where that says that the row has not changed. False where it says nothing: then the
   * row has to be read.
   */
  recognise(hash: DigestWords): boolean {
    const table = this.#table
    let entry = table.findHash(hash)
    if (entry < 0) return false
    if (table.isMarked(entry, mark.seen)) {
      const isRecognised = table.isMarked(entry, mark.recognised)
      // Should rows of two keys have one hash, each stands for one of them, in whatever order they come.
      entry = table.findUnmarked(hash, mark.seen)
      if (entry < 0) {
        // Of a first row that was read it is not known yet whether it is the same.
        if (!isRecognised) return false
        this.tally.rows += 1
        this.tally.repeated += 1
        return true
      }
    }
    this.tally.rows += 1
    this.#enterRecognised(entry)
    return true
  }

  /**
   * Enters a row by its key and fingerprint; `hash` is remembered with them. True where the row needs something done:
   * then `want` or `refuse` has to follow, before the next row.
   */
  place(key: string, fingerprint: DigestWords, hash: DigestWords | null): boolean {
    const table = this.#table
    digest(key, this.#keyDigest)
    let entry = table.find(this.#keyDigest)
    if (entry >= 0 && this.#enterKnown(entry, key, fingerprint, hash)) return false
    let isUnchanged = false
    if (entry < 0) entry = table.add(this.#keyDigest)
    else {
      if (this.#missesRows && table.isMarked(entry, mark.ours)) this.tally.removed -= 1
      if (table.isMarked(entry, mark.fingerprintKnown)) {
        const isSame = table.fingerprints.equals(entry, fingerprint)
        isUnchanged = isSame || this.#isOnce
        if (isSame) table.mark(entry, mark.confirmed)
      } else if (entry < table.reserved) {
        // What the row brings lies behind what was read from the index, since few rows do.
        entry = table.supersede(entry)
      }
    }
    // From here on hash and fingerprint are those of the key's first row, for later rows to be compared with.
    table.fingerprints.set(entry, fingerprint)
    if (this.#arrivals !== null) this.#arrivals.read(entry, hash)
    else if (hash !== null) table.hashes.set(entry, hash)
    table.mark(entry, mark.seen)
    if (isUnchanged) {
      this.#verdicts.note(entry, 'unchanged')
      return false
    }
    if (!isAsked(table, entry) && this.#verdicts.holdBack(entry, key)) return false
    this.#key = key
    this.#entry = entry
    return true
  }

  /** Whether rows need not become records: they may be what was confirmed, or what is done about them is clear. */
  get isDirect(): boolean {
    return this.tally.known > 0 || this.#options.sink.hasEnough === true || this.#createsDirectly
  }

  /**
   * Sees to the row that was placed last and becomes a record, where that takes no look at it by now. `record`: what it has,
   * where it was not cast. False where `want` has to follow.
   */
  settleAtOnce(record: PackableRecord | null): boolean {
    const { sink, activation } = this.#options
    const { mode, identifier } = activation
    const isNew = !this.#table.isMarked(this.#entry, mark.inSnapshot)
    // What is done for a record that has an id, or is known, takes a look at it.
    const isCertain = isNew && mode !== 'update' && identifier !== nativeId
    if (!isCertain || this.#pending.length > 0) return this.#holdPacked(record)
    if (sink.hasEnough === true) this.#verdicts.count(this.#entry)
    else if (this.#createsDirectly && record !== null) {
      this.#verdicts.create(this.#entry, this.#key, record)
    } else return false
    return true
  }

  #holdPacked(record: PackableRecord | null): boolean {
    if (this.#wishes === null || record === null) return false
    const wish = this.#wishes.add(this.#key, record)
    this.#hold({ entry: this.#entry, key: this.#key, row: null, wish })
    return true
  }

  /** The row that was placed last wants this record; `id`: the target's own id, where the row has it. */
  want(record: TargetRecord, id: string | null): void {
    this.#table.fingerprints.copy(this.#entry, this.#fingerprint)
    const fingerprint = this.#options.scope.sign(formatDigest(this.#fingerprint))
    const [entry, key, row] = [this.#entry, this.#key, { record, id, fingerprint }]
    // Of a key that the snapshot does not have there is nothing to ask; but the plan keeps the order of the rows.
    const isAlone = this.#pending.length === 0 && !this.#table.isMarked(entry, mark.inSnapshot)
    if (isAlone) this.#verdicts.plan(entry, key, row, undefined)
    else this.#hold({ entry, key, row, wish: -1 })
  }

  /** The row that was placed last fails. */
  refuse(failure: Failure): void {
    this.#hold({ entry: this.#entry, key: this.#key, row: { failure }, wish: -1 })
  }

  #enterRecognised(entry: number): void {
    const table = this.#table
    if (this.#missesRows && table.isMarked(entry, mark.ours)) this.tally.removed -= 1
    table.markAll(entry, unchangedByHash)
    this.#arrivals?.order.add(entry)
    this.tally.count('unchanged')
  }

  /** Enters a row of a key that has one, or that its hash says has not changed. False where it is neither. */
  #enterKnown(
    entry: number,
    key: string,
    fingerprint: DigestWords,
    hash: DigestWords | null,
  ): boolean {
    const table = this.#table
    const isSame = hash !== null && table.isMissed(entry, hash)
    if (!table.isMarked(entry, mark.seen)) {
      if (isSame) this.#enterRecognised(entry)
      return isSame
    }
    if (isSame && table.isMarked(entry, mark.recognised)) this.tally.repeated += 1
    else this.#placeAgain(entry, key, fingerprint)
    return true
  }

  /** Another row of a key that has one. */
  #placeAgain(entry: number, key: string, fingerprint: DigestWords): void {
    const table = this.#table
    const isRecognised = table.isMarked(entry, mark.recognised)
    const isFirstKnown = !isRecognised || table.isMarked(entry, mark.fingerprintKnown)
    if (isFirstKnown && table.fingerprints.equals(entry, fingerprint)) {
      this.tally.repeated += 1
      return
    }
    if (isFirstKnown) {
      if (table.isMarked(entry, mark.duplicate)) return
      table.mark(entry, mark.duplicate)
    }
    const duplicate = duplicateKey(this.tally.rows, this.#options.activation.identifier)
    const unless = isFirstKnown ? null : Int32Array.from(fingerprint)
    this.#hold({ entry, key, row: { duplicate, unless }, wish: -1 })
  }

  #hold(row: PendingRow): void {
    this.#pending.push(row)
    if (this.#table.isMarked(row.entry, mark.inSnapshot)) this.#asked.push(row.key)
  }

  /** Comes to a verdict on the rows that need something done, in order. */
  async settle(): Promise<void> {
    const [pending, asked] = [this.#pending, this.#asked]
    if (pending.length > 0) {
      this.#pending = []
      this.#asked = []
      await this.#settlement.settle(pending, asked)
      this.#wishes?.clear()
    }
    await this.#verdicts.drain()
  }

  /** Plans operations on keys that no row has: see `Verdicts`. */
  remove(operations: readonly Omit<Operation, 'ordinal'>[]): Promise<readonly string[]> {
    return this.#verdicts.remove(operations)
  }

  /** Hands what is left to the sink and returns the totals. */
  finish(): Promise<PlanTotals> {
    return this.#verdicts.finish()
  }
}

function createsDirectly({ activation, sink }: LedgerOptions): boolean {
  const { mode, identifier } = activation
  return (
    sink.spool !== undefined && (mode === 'upsert' || mode === 'insert') && identifier !== nativeId
  )
}

/** Whether all that a record has may be sent again, so that the bytes of its values say what an update is. */
function updatesDirectly(options: LedgerOptions): boolean {
  const { mode, fields } = options.activation
  return (
    createsDirectly(options) && mode === 'upsert' && fields.every(({ when }) => when === 'always')
  )
}
