import type { Activation } from '../config/activation.ts'
import type { Failure, Operation, OperationKind } from '../connector/index.ts'
import { type Decide, decideBy, type Wish } from './decision.ts'
import { digestRoom } from './digest.ts'
import { isFormerlyConfirmed } from './former-fingerprint.ts'
import type { PackableRecord, PlanSink, PlanTotals, SnapshotEntry } from './interfaces.ts'
import type { KeyTable } from './key-table.ts'
import type { Mapping } from './mapping.ts'
import { mark, type RowVerdict, rowVerdicts } from './marks.ts'
import type { PackedWishes } from './packed-wishes.ts'
import { plannedOperation } from './planned-operation.ts'
import type { Scope } from './scope.ts'
import { Spool } from './spool.ts'
import { Tally } from './totals.ts'
import type { WaitingKeys } from './waiting-keys.ts'

/** All that verdicts are made from. */
export interface VerdictOptions {
  readonly activation: Activation
  readonly mapping: Mapping
  readonly scope: Scope
  readonly sink: PlanSink
  /** The keys of the snapshot. */
  readonly table: KeyTable
  readonly waiting: WaitingKeys
}

/** What becomes of the keys: each verdict is marked in the table, counted, and spooled where there is something to do. */
export class Verdicts {
  readonly tally: Tally
  readonly #options: VerdictOptions
  readonly #table: KeyTable
  readonly #decide: Decide
  readonly #spool: Spool
  readonly #fieldIndex: ReadonlyMap<string, number>
  readonly #keyDigest = digestRoom()
  readonly #fingerprint = digestRoom()
  #nextOrdinal = 0

  constructor(options: VerdictOptions) {
    const { activation, mapping, scope, sink, table } = options
    this.#options = options
    this.#table = table
    this.#decide = decideBy(activation, mapping, scope)
    this.#spool = new Spool(sink)
    this.#fieldIndex = new Map(mapping.names.map((name, index) => [name, index]))
    this.tally = new Tally(mapping.names)
  }

  /** Whether there is so much for the sink that `drain` is worth it. */
  get isFull(): boolean {
    return this.#spool.isFull
  }

  /** Hands full batches to the sink. */
  drain(): Promise<void> {
    return this.#spool.drain()
  }

  /** Hands what is left to the sink and returns the totals. */
  async finish(): Promise<PlanTotals> {
    await this.#spool.flush()
    return this.tally.totals()
  }

  /** Marks and counts what became of a key; the sink does not hear of it. */
  note(entry: number, verdict: RowVerdict): void {
    this.#table.mark(entry, mark[verdict])
    this.tally.count(verdict)
  }

  /** Whether a failure holds back just what the key's first row has; says so, if it does. */
  holdBack(entry: number, key: string): boolean {
    const { waiting } = this.#options
    if (waiting.isEmpty) return false
    this.#table.keys.copy(entry, this.#keyDigest)
    this.#table.fingerprints.copy(entry, this.#fingerprint)
    if (!waiting.has(this.#keyDigest, this.#fingerprint)) return false
    this.note(entry, 'waiting')
    this.#spool.wait(key)
    return true
  }

  /** Counts an operation on a key that the snapshot does not have, and which nobody looks at. */
  count(entry: number): void {
    this.#table.setOrdinal(entry, this.#takeOrdinal())
    this.note(entry, this.#kindOf(entry))
  }

  /** Plans the creation of a record that is at hand as bytes; its key is one that the snapshot does not have. */
  create(entry: number, key: string, record: PackableRecord): void {
    const { scope, sink } = this.#options
    const ordinal = this.#takeOrdinal()
    this.#table.setOrdinal(entry, ordinal)
    this.note(entry, 'create')
    this.#table.fingerprints.copy(entry, this.#fingerprint)
    sink.spool?.create(ordinal, key, this.#fingerprint, scope.signature, record)
  }

  /**
   * Plans the update of the record that is looked at, where all is known of what the target holds. False where it takes
   * another look: also where nothing changes, since then its fingerprint may have been made formerly.
   */
  update(
    entry: number,
    key: string,
    wishes: PackedWishes,
    { sent, id }: Pick<SnapshotEntry, 'sent' | 'id'>,
  ): boolean {
    if (sent === null || !wishes.compare(sent)) return false
    let isChanged = false
    for (let index = 0; index < wishes.names.length; index += 1) {
      if (!wishes.isChanged(index)) continue
      isChanged = true
      this.#table.markChange(entry, index)
      this.tally.countChange(index, 1)
    }
    if (!isChanged) return false
    const { scope, sink } = this.#options
    const ordinal = this.#takeOrdinal()
    this.#table.setOrdinal(entry, ordinal)
    this.note(entry, 'update')
    this.#table.fingerprints.copy(entry, this.#fingerprint)
    sink.spool?.update(ordinal, key, this.#fingerprint, scope.signature, id, wishes)
    return true
  }

  /** Plans what the key's first row wants, if that is anything. */
  plan(entry: number, key: string, wish: Wish, before: SnapshotEntry | undefined): void {
    const decision = this.#decide(wish, before)
    const { activation, mapping, scope } = this.#options
    if (
      before !== undefined &&
      isFormerlyConfirmed(activation, mapping, scope, wish, before, decision)
    ) {
      this.#table.mark(entry, mark.confirmed)
      this.#spool.renew({ key, fingerprint: wish.fingerprint })
      this.note(entry, 'unchanged')
      return
    }
    if (decision === null) {
      this.note(entry, 'unchanged')
      return
    }
    const { kind, changed } = decision
    const ordinal = this.#takeOrdinal()
    this.#table.setOrdinal(entry, ordinal)
    this.note(entry, kind)
    if (kind === 'update') this.#noteChanges(entry, changed)
    this.#spool.add(plannedOperation(ordinal, key, decision, wish.fingerprint, before))
  }

  /** Rejects the key, in the place where something was planned for it, if there was. */
  reject(entry: number, key: string, failure: Failure): void {
    let ordinal = this.#table.ordinal(entry)
    if (ordinal < 0) {
      ordinal = this.#takeOrdinal()
      this.#table.setOrdinal(entry, ordinal)
    }
    this.note(entry, 'rejected')
    this.#spool.reject({ ordinal, key, kind: this.#kindOf(entry), failure })
  }

  /** Takes back whatever became of the key's first row. */
  takeBack(entry: number): void {
    const table = this.#table
    for (const verdict of rowVerdicts) {
      if (!table.isMarked(entry, mark[verdict])) continue
      table.unmark(entry, mark[verdict])
      this.tally.takeBack(verdict)
    }
    for (let index = 0; index < this.#fieldIndex.size; index += 1) {
      if (table.changes(entry, index)) this.tally.countChange(index, -1)
    }
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

  #noteChanges(entry: number, changed: readonly string[]): void {
    for (const field of changed) {
      const index = this.#fieldIndex.get(field) as number
      this.#table.markChange(entry, index)
      this.tally.countChange(index, 1)
    }
  }

  #kindOf(entry: number): Exclude<OperationKind, 'untag'> {
    const { mode } = this.#options.activation
    if (mode === 'insert') return 'create'
    if (mode !== 'upsert') return mode
    return this.#table.isMarked(entry, mark.delivered) ? 'update' : 'create'
  }

  #takeOrdinal(): number {
    const ordinal = this.#nextOrdinal
    this.#nextOrdinal += 1
    return ordinal
  }
}
