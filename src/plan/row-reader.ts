import type { Activation } from '../config/activation.ts'
import type { Column, Failure, Value } from '../connector/index.ts'
import { type DigestWords, digest, digestRoom, formatDigest } from './digest.ts'
import type { FieldValue } from './fingerprint.ts'
import { readsIds } from './index-basis.ts'
import type { KeyGap } from './key.ts'
import type { KeyLedger } from './key-ledger.ts'
import { KeyTable } from './key-table.ts'
import type { Mapping, RefusedField } from './mapping.ts'
import { invalidValue, missingIdentifier } from './rejection.ts'
import { rowContent } from './row-content.ts'

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
  read(row: readonly Value[], hash: DigestWords | null): void {
    const ledger = this.#ledger
    const mapping = this.#mapping
    const values = this.#values
    ledger.tally.rows += 1
    const refused = mapping.cast(row, values)
    if (this.#ids !== null) this.#remember(mapping.id(values))
    if (refused !== null) {
      this.#readInvalid(row, refused)
      return
    }
    const key = mapping.readKey(row, values)
    if (typeof key === 'object' && key !== null) {
      this.#readWithoutIdentifier(row, key)
      return
    }
    digest(mapping.canonical(values), this.#fingerprint)
    if (!ledger.place(key ?? this.#contentKey(), this.#fingerprint, hash)) return
    ledger.want(mapping.record(values), mapping.id(values))
  }

  #remember(id: string | null): void {
    if (id === null || this.isSeen(id)) return
    this.#ids?.add(this.#idDigest)
  }

  #readInvalid(row: readonly Value[], refused: readonly RefusedField[]): void {
    const { identifier } = this.#activation
    const key = this.#mapping.readKey(row, this.#values)
    const isGap = typeof key === 'object' && key !== null
    if (isGap && refused.every(({ field }) => field !== identifier)) {
      this.#readWithoutIdentifier(row, key)
      return
    }
    this.#digestRow(row)
    const known = isGap ? key.key : key
    this.#refuse(known, invalidValue(this.#ledger.tally.rows, refused))
  }

  #readWithoutIdentifier(row: readonly Value[], gap: KeyGap): void {
    this.#digestRow(row)
    const { rows } = this.#ledger.tally
    this.#refuse(gap.key, missingIdentifier(rows, this.#activation.identifier, gap))
  }

  #refuse(key: string | null, failure: Failure): void {
    const ledger = this.#ledger
    if (ledger.place(key ?? this.#standIn(), this.#fingerprint, null)) ledger.refuse(failure)
  }

  /** Fingerprints a row that becomes no record. No canonical text begins like this: it never equals a valid row. */
  #digestRow(row: readonly Value[]): void {
    digest(`row ${rowContent(row, this.#contentPositions)}`, this.#fingerprint)
  }

  /** The key of a row that has none, and becomes no record. */
  #standIn(): string {
    return `row:${formatDigest(this.#fingerprint)}`
  }

  /** The key of a record that has none: all that would be sent. */
  #contentKey(): string {
    const words = digestRoom()
    digest(this.#mapping.content(this.#values), words)
    return `row:${formatDigest(words)}`
  }
}
