import type { Activation } from '../config/activation.ts'
import type { Column, Failure, RowBatch, Value } from '../connector/index.ts'
import { contentKey, keyOfDigest } from './content-key.ts'
import { type DigestWords, digest, digestRoom } from './digest.ts'
import type { FieldValue } from './fingerprint.ts'
import { readsIds } from './index-basis.ts'
import type { KeyGap } from './key.ts'
import type { KeyLedger } from './key-ledger.ts'
import { KeyTable } from './key-table.ts'
import type { Mapping, RefusedField } from './mapping.ts'
import { invalidValue, missingIdentifier } from './rejection.ts'
import { digestRow } from './row-content.ts'

/** Turns rows into keys and records, and hands them to the ledger. Most rows have not changed, and end there. */
export class RowReader {
  readonly #activation: Activation
  readonly #mapping: Mapping
  readonly #ledger: KeyLedger
  /** The columns that the activation uses: what else a row holds does not matter. */
  readonly #contentPositions: readonly number[]
  /** The target's ids in the rows, where a record may have got another key while it kept its id. */
  readonly #ids: KeyTable | null

  // Used again for every row.
  readonly #values: FieldValue[]
  readonly #fingerprint = digestRoom()
  readonly #idDigest = digestRoom()

  // Of the row that was taken last.
  #key = ''
  /** Null where it becomes a record. */
  #failure: Failure | null = null
  /** Where its values come from, as long as they were not cast; else null. */
  #uncast: RowBatch | null = null
  #index = 0

  constructor(
    activation: Activation,
    columns: readonly Column[],
    mapping: Mapping,
    ledger: KeyLedger,
  ) {
    this.#activation = activation
    this.#mapping = mapping
    this.#ledger = ledger
    const nameAt = (position: number) => columns[position]?.name ?? ''
    // In an order that does not depend on which other columns were read.
    this.#contentPositions = [...columns.keys()]
      .filter((position) => mapping.columns.has(nameAt(position)))
      .sort((a, b) => (nameAt(a) < nameAt(b) ? -1 : 1))
    this.#values = mapping.names.map(() => undefined)
    const { identifier, onRemoved } = activation
    this.#ids = readsIds(identifier, onRemoved) ? new KeyTable(0) : null
  }

  /** Whether a row had this id of the target's own; known only where that is the identifier. */
  readonly isSeen = (id: string): boolean => {
    digest(id, this.#idDigest)
    return this.#ids !== null && this.#ids.find(this.#idDigest) >= 0
  }

  /** Takes the next row. `hash`: that of its bytes, where there is one worth remembering. */
  read(batch: RowBatch, index: number, hash: DigestWords | null): void {
    this.take(batch, index)
    this.enter(hash)
  }

  /**
   * Reads the next row, which `enter` hands to the ledger while the batch is good. Returns its key; null where it has none.
   */
  take(batch: RowBatch, index: number): string | null {
    this.#ledger.tally.rows += 1
    this.#failure = null
    this.#uncast = batch
    this.#index = index
    const key = this.#takeDirectly(batch, index)
    if (key === null) return this.#takeValues(batch.values(index))
    this.#key = key
    return key
  }

  /** Reads a row without casting it; null where that has to be done. */
  #takeDirectly(batch: RowBatch, index: number): string | null {
    const isWorthIt = this.#ledger.isDirect && this.#ids === null
    if (batch.texts === undefined || !isWorthIt) return null
    const { direct, readKey } = this.#mapping
    if (!direct.read(batch.texts(index), this.#fingerprint)) return null
    const key = readKey(direct.row, direct.values)
    return typeof key === 'string' ? key : null
  }

  #takeValues(row: readonly Value[]): string | null {
    const mapping = this.#mapping
    const values = this.#values
    this.#uncast = null
    const refused = mapping.cast(row, values)
    if (this.#ids !== null) this.#remember(mapping.id(values))
    if (refused !== null) return this.#takeInvalid(row, refused)
    const key = mapping.readKey(row, values)
    if (typeof key === 'object' && key !== null) return this.#takeWithoutIdentifier(row, key)
    mapping.fingerprint(values, this.#fingerprint)
    this.#key = key ?? contentKey(mapping.names, values)
    return this.#key
  }

  /** Enters the row that was taken last. */
  enter(hash: DigestWords | null): void {
    const ledger = this.#ledger
    const isValid = this.#failure === null
    if (!ledger.place(this.#key, this.#fingerprint, isValid ? hash : null)) return
    if (this.#failure !== null) ledger.refuse(this.#failure)
    else if (!ledger.settleAtOnce(this.#uncast === null ? null : this.#mapping.direct)) {
      const { cast, record, id } = this.#mapping
      const values = this.#values
      if (this.#uncast !== null) cast(this.#uncast.values(this.#index), values)
      ledger.want(record(values), id(values))
    }
  }

  /** Stands for the row that was taken last, where that has no key. */
  get content(): DigestWords {
    return this.#fingerprint
  }

  #remember(id: string | null): void {
    if (id === null || this.isSeen(id)) return
    this.#ids?.add(this.#idDigest)
  }

  #takeInvalid(row: readonly Value[], refused: readonly RefusedField[]): string | null {
    const { identifier } = this.#activation
    const key = this.#mapping.readKey(row, this.#values)
    const isGap = typeof key === 'object' && key !== null
    if (isGap && refused.every(({ field }) => field !== identifier)) {
      return this.#takeWithoutIdentifier(row, key)
    }
    const known = isGap ? key.key : key
    return this.#takeRefused(row, known, invalidValue(this.#ledger.tally.rows, refused))
  }

  #takeWithoutIdentifier(row: readonly Value[], gap: KeyGap): string | null {
    const { rows } = this.#ledger.tally
    const failure = missingIdentifier(rows, this.#activation.identifier, gap)
    return this.#takeRefused(row, gap.key, failure)
  }

  #takeRefused(row: readonly Value[], key: string | null, failure: Failure): string | null {
    // Never that of a record: those are digests of another kind.
    digestRow(row, this.#contentPositions, this.#fingerprint)
    this.#key = key ?? keyOfDigest(this.#fingerprint)
    this.#failure = failure
    return key
  }
}
