import type { Activation } from '../config/activation.ts'
import type { Failure, Operation, OperationKind, TargetRecord } from '../connector/index.ts'
import { type Decide, decideBy, type Wish } from './decision.ts'
import {
  type DigestWords,
  digest,
  digestRoom,
  formatDigest,
  isSameDigest,
  parseDigest,
} from './digest.ts'
import { isFormerlyConfirmed } from './former-fingerprint.ts'
import type { PlanSink, PlanTotals, SnapshotEntry, SnapshotReader } from './interfaces.ts'
import { nativeId } from './key.ts'
import type { KeyTable } from './key-table.ts'
import type { Mapping } from './mapping.ts'
import { mark, type PendingRow, type RowVerdict, rowVerdicts } from './pending.ts'
import { duplicateKey } from './rejection.ts'
import type { Scope } from './scope.ts'
import { Spool } from './spool.ts'
import { standOf } from './stand.ts'
import { Tally } from './totals.ts'
import { unanswered } from './unanswered.ts'
import type { WaitingKeys } from './waiting-keys.ts'

/** Rows about which the snapshot is asked at once, where so many have to be. */
const rowsPerLookUp = 500

/** Look-ups that only said that nothing has changed, beyond which it is better to have all fingerprints at hand. */
const mostSpared = 1000

/** The marks of an entry whose row was recognised. */
const unchangedByHash = (1 << mark.seen) | (1 << mark.recognised) | (1 << mark.unchanged)

/** All that the ledger is made from. */
export interface LedgerOptions {
  readonly activation: Activation
  readonly mapping: Mapping
  readonly scope: Scope
  readonly snapshot: SnapshotReader
  readonly sink: PlanSink
  /** The keys of the snapshot. */
  readonly table: KeyTable
  readonly waiting: WaitingKeys
  /** Called once, where the snapshot was asked about many rows that have not changed. It may complete the table. */
  readonly onSpared?: (() => Promise<void>) | undefined
}

/** Keeps account of every key: what its rows come to, and what was planned for it. */
export class KeyLedger {
  readonly tally: Tally
  readonly #options: LedgerOptions
  readonly #decide: Decide
  readonly #spool: Spool
  readonly #table: KeyTable
  readonly #fieldIndex: ReadonlyMap<string, number>
  /** What is delivered once, whatever the row says later. */
  readonly #isOnce: boolean
  /** What modes that take away have taken away may leave the query. */
  readonly #missesRows: boolean
  readonly #keyDigest = digestRoom()
  readonly #fingerprint = digestRoom()
  /** The key that was placed last, and its entry. */
  #key = ''
  #entry = -1
  #nextOrdinal = 0
  #spared = 0
  #pending: PendingRow[] = []

  constructor(options: LedgerOptions) {
    const { activation, mapping, scope, sink, table } = options
    this.#options = options
    this.#table = table
    this.#decide = decideBy(activation, mapping, scope)
    this.#spool = new Spool(sink)
    this.#fieldIndex = new Map(mapping.names.map((name, index) => [name, index]))
    this.#isOnce = activation.mode === 'insert'
    this.tally = new Tally(mapping.names)
    this.tally.known = table.count(mark.ours)
    this.#missesRows = scope.effect === 'held'
    this.tally.removed = this.#missesRows ? this.tally.known : 0
  }

  /** Whether there is so much to settle that it is worth it. */
  get isFull(): boolean {
    return this.#pending.length >= rowsPerLookUp || this.#spool.isFull
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
    if (this.#missesRows && table.isMarked(entry, mark.ours)) this.tally.removed -= 1
    table.markAll(entry, unchangedByHash)
    this.tally.count('unchanged')
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
    if (entry >= 0 && table.isMarked(entry, mark.seen)) {
      this.#placeAgain(entry, key, fingerprint)
      return false
    }
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
    if (hash !== null) table.hashes.set(entry, hash)
    table.mark(entry, mark.seen)
    if (isUnchanged) {
      this.#note(entry, 'unchanged')
      return false
    }
    if (!this.#isAsked(entry) && this.#isWaiting(entry, key)) return false
    this.#key = key
    this.#entry = entry
    return true
  }

  /** Whether rows may be what was confirmed, or need only be counted: else every one has to become a record. */
  get isComparing(): boolean {
    return this.tally.known > 0 || this.#options.sink.hasEnough === true
  }

  /**
   * Counts the row that was placed last and becomes a record, where nobody wants to see what is done about it. False where
   * `want` has to follow.
   */
  count(): boolean {
    const { sink, activation } = this.#options
    const { mode, identifier } = activation
    const isNew = !this.#table.isMarked(this.#entry, mark.inSnapshot)
    // What is done for a record that has an id, or is known, takes a look at it.
    const isCertain = isNew && mode !== 'update' && identifier !== nativeId
    if (sink.hasEnough !== true || !isCertain || this.#pending.length > 0) return false
    this.#table.setOrdinal(this.#entry, this.#takeOrdinal())
    this.#note(this.#entry, this.#kindOf(this.#entry))
    return true
  }

  /** The row that was placed last wants this record; `id`: the target's own id, where the row has it. */
  want(record: TargetRecord, id: string | null): void {
    this.#table.fingerprints.copy(this.#entry, this.#fingerprint)
    const fingerprint = this.#options.scope.sign(formatDigest(this.#fingerprint))
    const [entry, key, row] = [this.#entry, this.#key, { record, id, fingerprint }]
    // Of a key that the snapshot does not have there is nothing to ask; but the plan keeps the order of the rows.
    const isAlone = this.#pending.length === 0 && !this.#table.isMarked(entry, mark.inSnapshot)
    if (isAlone) this.#planRecord(entry, key, row, undefined)
    else this.#pending.push({ entry, key, row })
  }

  /** The row that was placed last fails. */
  refuse(failure: Failure): void {
    this.#pending.push({ entry: this.#entry, key: this.#key, row: { failure } })
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
    this.#pending.push({ entry, key, row: { duplicate, unless } })
  }

  /** Asks the snapshot about the rows that need something done, and plans them in order. */
  async settle(): Promise<void> {
    const { snapshot, scope } = this.#options
    const pending = this.#pending
    this.#pending = []
    const known = new Set<string>()
    for (const { entry, key } of pending) {
      if (this.#table.isMarked(entry, mark.inSnapshot)) known.add(key)
    }
    const entries: ReadonlyMap<string, SnapshotEntry> =
      known.size === 0 ? new Map() : await snapshot.entries([...known])
    for (const { entry, key, row } of pending) {
      const before = entries.get(key)
      if (standOf(before, scope)?.isDelivered === true) this.#table.mark(entry, mark.delivered)
      if ('duplicate' in row) this.#settleDuplicate(entry, key, row, before)
      else if (this.#isAsked(entry) && this.#isAsBefore(entry, before)) {
        this.#note(entry, 'unchanged')
        this.#spared += 1
      } else if (this.#isAsked(entry) && this.#isWaiting(entry, key)) continue
      else if ('record' in row) this.#planRecord(entry, key, row, before)
      else this.#reject(entry, key, row.failure)
    }
    await this.#spool.drain()
    if (this.#spared < mostSpared) return
    this.#spared = Number.NEGATIVE_INFINITY
    await this.#options.onSpared?.()
  }

  /** Whether only the snapshot itself can say what the fingerprint of the key was. */
  #isAsked(entry: number): boolean {
    const table = this.#table
    return table.isMarked(entry, mark.inSnapshot) && !table.isMarked(entry, mark.fingerprintKnown)
  }

  /** Whether the key's first row is what was confirmed, or there is nothing more to do for the key. */
  #isAsBefore(entry: number, before: SnapshotEntry | undefined): boolean {
    if (!this.#readFingerprint(before)) return false
    const isSame = this.#table.fingerprints.equals(entry, this.#fingerprint)
    if (isSame) this.#table.mark(entry, mark.confirmed)
    return isSame || this.#isOnce
  }

  #settleDuplicate(
    entry: number,
    key: string,
    { duplicate, unless }: { readonly duplicate: Failure; readonly unless: DigestWords | null },
    before: SnapshotEntry | undefined,
  ): void {
    if (unless !== null) {
      if (this.#readFingerprint(before) && isSameDigest(this.#fingerprint, unless)) {
        this.tally.repeated += 1
        return
      }
      if (this.#table.isMarked(entry, mark.duplicate)) return
      this.#table.mark(entry, mark.duplicate)
    }
    this.#rejectDuplicate(entry, key, duplicate)
  }

  /** Takes the fingerprint of an entry; false where it has none that says anything. */
  #readFingerprint(before: SnapshotEntry | undefined): boolean {
    if (before === undefined || before.again === true) return false
    const text = this.#options.scope.digestIn(before.fingerprint)
    return text !== null && parseDigest(text, this.#fingerprint)
  }

  /** Whether a failure holds back just what the key's first row has; says so, if it does. */
  #isWaiting(entry: number, key: string): boolean {
    const { waiting } = this.#options
    if (waiting.isEmpty) return false
    this.#table.keys.copy(entry, this.#keyDigest)
    this.#table.fingerprints.copy(entry, this.#fingerprint)
    if (!waiting.has(this.#keyDigest, this.#fingerprint)) return false
    this.#note(entry, 'waiting')
    this.#spool.wait(key)
    return true
  }

  /**
   * Plans operations on keys that no row has, behind all others. Their ordinals are given here. Returns the keys that a
   * failure holds back.
   */
  async remove(operations: readonly Omit<Operation, 'ordinal'>[]): Promise<readonly string[]> {
    const waiting: string[] = []
    for (const operation of operations) {
      if (this.#options.waiting.hasSigned(operation.key, operation.fingerprint)) {
        this.#spool.wait(operation.key)
        this.tally.count('waiting')
        waiting.push(operation.key)
        continue
      }
      this.#spool.add({ ordinal: this.#takeOrdinal(), ...operation })
      this.tally.count(operation.kind)
    }
    await this.#spool.drain()
    return waiting
  }

  /** Hands what is left to the sink and returns the totals. */
  async finish(): Promise<PlanTotals> {
    await this.#spool.flush()
    return this.tally.totals()
  }

  #planRecord(entry: number, key: string, wish: Wish, before: SnapshotEntry | undefined): void {
    const decision = this.#decide(wish, before)
    const { activation, mapping, scope } = this.#options
    if (
      before !== undefined &&
      isFormerlyConfirmed(activation, mapping, scope, wish, before, decision)
    ) {
      this.#table.mark(entry, mark.confirmed)
      this.#spool.renew({ key, fingerprint: wish.fingerprint })
      this.#note(entry, 'unchanged')
      return
    }
    if (decision === null) {
      this.#note(entry, 'unchanged')
      return
    }
    const { kind, changed, id, record, held, again, archivedByUs } = decision
    const ordinal = this.#takeOrdinal()
    this.#table.setOrdinal(entry, ordinal)
    this.#note(entry, kind)
    if (kind === 'update') {
      for (const field of changed) {
        const index = this.#fieldIndex.get(field) as number
        this.#table.markChange(entry, index)
        this.tally.countChange(index, 1)
      }
    }
    this.#spool.add({
      ordinal,
      key,
      kind,
      removal: false,
      id,
      record,
      held,
      ...(again && { again }),
      changed,
      ...unanswered(before),
      archivedByUs,
      fingerprint: wish.fingerprint,
    })
  }

  #reject(entry: number, key: string, failure: Failure): void {
    let ordinal = this.#table.ordinal(entry)
    if (ordinal < 0) {
      ordinal = this.#takeOrdinal()
      this.#table.setOrdinal(entry, ordinal)
    }
    this.#note(entry, 'rejected')
    this.#spool.reject({ ordinal, key, kind: this.#kindOf(entry), failure })
  }

  /** Takes back whatever was planned for the key, and rejects it in the same place. */
  #rejectDuplicate(entry: number, key: string, failure: Failure): void {
    const table = this.#table
    for (const verdict of rowVerdicts) {
      if (!table.isMarked(entry, mark[verdict])) continue
      table.unmark(entry, mark[verdict])
      this.tally.takeBack(verdict)
    }
    for (let index = 0; index < this.#fieldIndex.size; index += 1) {
      if (table.changes(entry, index)) this.tally.countChange(index, -1)
    }
    this.#reject(entry, key, failure)
  }

  #kindOf(entry: number): Exclude<OperationKind, 'untag'> {
    const { mode } = this.#options.activation
    if (mode === 'insert') return 'create'
    if (mode !== 'upsert') return mode
    return this.#table.isMarked(entry, mark.delivered) ? 'update' : 'create'
  }

  #note(entry: number, verdict: RowVerdict): void {
    this.#table.mark(entry, mark[verdict])
    this.tally.count(verdict)
  }

  #takeOrdinal(): number {
    const ordinal = this.#nextOrdinal
    this.#nextOrdinal += 1
    return ordinal
  }
}
