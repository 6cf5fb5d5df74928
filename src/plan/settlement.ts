import type { Activation } from '../config/activation.ts'
import type { Failure } from '../connector/index.ts'
import type { Wish } from './decision.ts'
import { type DigestWords, digestRoom, formatDigest } from './digest.ts'
import type { SnapshotEntry, SnapshotReader } from './interfaces.ts'
import type { KeyTable } from './key-table.ts'
import { mark } from './marks.ts'
import type { PackedWishes } from './packed-wishes.ts'
import type { Scope } from './scope.ts'
import { isPlain, standOf } from './stand.ts'
import type { Verdicts } from './verdicts.ts'

/** Look-ups that only said that nothing has changed, beyond which it is better to have all fingerprints at hand. */
const mostSpared = 1000

/**
 * Another row of a key, which is the failure of all of them; with `unless` only where the snapshot does not have that
 * fingerprint for the key, since else the row repeats the first one.
 */
interface DuplicateRow {
  readonly duplicate: Failure
  readonly unless: DigestWords | null
}

/** What the first row of a key came to: a record, or a failure. */
type FirstRow = Wish | { readonly failure: Failure }

/** A row that needs something done, until the snapshot was asked. */
export interface PendingRow {
  readonly entry: number
  readonly key: string
  /** Null where it is the first one of the key, and its record is among the packed ones. */
  readonly row: FirstRow | DuplicateRow | null
  /** Its number there; -1 where it is not among them. */
  readonly wish: number
}

/** All that a settlement is made from. */
export interface SettlementOptions {
  readonly activation: Activation
  readonly scope: Scope
  readonly snapshot: SnapshotReader
  /** The keys of the snapshot. */
  readonly table: KeyTable
  /** Called once, where the snapshot was asked about many rows that have not changed. It may complete the table. */
  readonly onSpared?: (() => Promise<void>) | undefined
}

const noEntries: ReadonlyMap<string, SnapshotEntry> = new Map()

/** Comes to a verdict on rows for which the table does not say enough: asks the snapshot about them. */
export class Settlement {
  readonly #options: SettlementOptions
  readonly #table: KeyTable
  readonly #verdicts: Verdicts
  readonly #wishes: PackedWishes | null
  /** What is delivered once, whatever the row says later. */
  readonly #isOnce: boolean
  readonly #fingerprint = digestRoom()
  #spared = 0

  /** `wishes`: where the records of rows are that were packed. */
  constructor(options: SettlementOptions, verdicts: Verdicts, wishes: PackedWishes | null) {
    this.#options = options
    this.#table = options.table
    this.#verdicts = verdicts
    this.#wishes = wishes
    this.#isOnce = options.activation.mode === 'insert'
  }

  /** Comes to a verdict on each of these rows, in order. `asked`: their keys that the snapshot has. */
  async settle(pending: readonly PendingRow[], asked: readonly string[]): Promise<void> {
    const { snapshot } = this.#options
    const entries = asked.length === 0 ? noEntries : await snapshot.entries(asked)
    for (const row of pending) this.#settle(row, entries.get(row.key))
    if (this.#spared < mostSpared) return
    this.#spared = Number.NEGATIVE_INFINITY
    await this.#options.onSpared?.()
  }

  #settle({ entry, key, row, wish }: PendingRow, before: SnapshotEntry | undefined): void {
    if (row !== null) this.#settleRow(entry, key, row, before)
    else if (!this.#settlePacked(entry, key, wish, before)) {
      this.#settleRow(entry, key, this.#wishOf(entry), before)
    }
  }

  /** Comes to a verdict on a row whose record was packed; false where that takes a closer look. */
  #settlePacked(
    entry: number,
    key: string,
    wish: number,
    before: SnapshotEntry | undefined,
  ): boolean {
    const wishes = this.#wishes as PackedWishes
    wishes.moveTo(wish)
    if (before !== undefined) {
      if (!isPlain(before, this.#options.scope)) return false
      this.#table.mark(entry, mark.delivered)
    }
    if (isAsked(this.#table, entry) && this.#isSettled(entry, key, true, before)) return true
    if (before !== undefined) return this.#verdicts.update(entry, key, wishes, before)
    this.#verdicts.create(entry, key, wishes)
    return true
  }

  /** What the row wants whose record is looked at. */
  #wishOf(entry: number): Wish {
    this.#table.fingerprints.copy(entry, this.#fingerprint)
    const fingerprint = this.#options.scope.sign(formatDigest(this.#fingerprint))
    return { record: (this.#wishes as PackedWishes).record(), id: null, fingerprint }
  }

  #settleRow(
    entry: number,
    key: string,
    row: FirstRow | DuplicateRow,
    before: SnapshotEntry | undefined,
  ): void {
    const verdicts = this.#verdicts
    if (standOf(before, this.#options.scope)?.isDelivered === true) {
      this.#table.mark(entry, mark.delivered)
    }
    if ('duplicate' in row) {
      this.#settleDuplicate(entry, key, row, before)
      return
    }
    if (isAsked(this.#table, entry) && this.#isSettled(entry, key, 'record' in row, before)) {
      return
    }
    if ('record' in row) verdicts.plan(entry, key, row, before)
    else verdicts.reject(entry, key, row.failure)
  }

  /** Whether by what the snapshot says of the key there is nothing to do; notes what became of it, if so. */
  #isSettled(
    entry: number,
    key: string,
    isRecord: boolean,
    before: SnapshotEntry | undefined,
  ): boolean {
    const known = this.#digestOf(before)
    this.#table.fingerprints.copy(entry, this.#fingerprint)
    const isSame = known !== null && known === formatDigest(this.#fingerprint)
    if (!isSame && !(known !== null && this.#isOnce)) return this.#verdicts.holdBack(entry, key)
    this.#spared += 1
    if (isSame) this.#table.mark(entry, mark.confirmed)
    // What is delivered once has nothing to be sent, but perhaps a fingerprint that was made formerly.
    else if (isRecord) return false
    this.#verdicts.note(entry, 'unchanged')
    return true
  }

  #settleDuplicate(
    entry: number,
    key: string,
    { duplicate, unless }: DuplicateRow,
    before: SnapshotEntry | undefined,
  ): void {
    if (unless !== null) {
      if (this.#digestOf(before) === formatDigest(unless)) {
        this.#verdicts.tally.repeated += 1
        return
      }
      if (this.#table.isMarked(entry, mark.duplicate)) return
      this.#table.mark(entry, mark.duplicate)
    }
    this.#verdicts.takeBack(entry)
    this.#verdicts.reject(entry, key, duplicate)
  }

  /** The fingerprint of an entry; null where it has none that says anything. */
  #digestOf(before: SnapshotEntry | undefined): string | null {
    if (before === undefined || before.again === true) return null
    return this.#options.scope.digestIn(before.fingerprint)
  }
}

/** Whether only the snapshot itself can say what the fingerprint of a key was. */
export function isAsked(table: KeyTable, entry: number): boolean {
  return table.isMarked(entry, mark.inSnapshot) && !table.isMarked(entry, mark.fingerprintKnown)
}
