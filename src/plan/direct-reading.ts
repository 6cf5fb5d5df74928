import { type List, plainNumber, type RowTexts, type Value } from '../connector/index.ts'
import { CanonicalBytes } from './canonical-bytes.ts'
import type { DigestWords } from './digest.ts'
import type { CanonicalNames, FieldValue } from './fingerprint.ts'
import type { PackableRecord } from './interfaces.ts'
import { ListMemory } from './list-memory.ts'
import type { CompiledList, RefusedColumn } from './lists.ts'
import { type CompiledField, type PlainValue, readField } from './mapped-field.ts'
import type { PackedBytes } from './packed-bytes.ts'
import type { Refusal } from './refusal.ts'

/** How one field or list of a record is read. */
interface Step {
  /** Where its value stands among the values. */
  readonly index: number
  /** Null where it plays no part in the fingerprint. */
  readonly name: Uint8Array | null
  readonly isTags: boolean
  readonly field: CompiledField | null
  readonly list: CompiledList | null
  /** Where the list is read from a single column. */
  readonly memory: ListMemory | null
  /** Which texts of the field need not be cast; null where all have to be. */
  readonly plain: PlainValue | null
  /** Whether the key may be made of it. */
  readonly isKey: boolean
  /** Whether the bytes of the fingerprint say all of its value. */
  readonly isWhole: boolean
}

export interface DirectOptions {
  readonly fields: readonly CompiledField[]
  readonly lists: readonly CompiledList[]
  readonly names: CanonicalNames
  /** The fields that keys may be made of. */
  readonly keyFields: readonly string[]
  /** Where the columns stand that keys are read from, and lists that are made of several. */
  readonly positions: readonly number[]
}

/**
 * Reads fingerprint and key of a row from its texts. Most rows turn out to be what they were, or new, and need not become
 * a record: then most texts are copied as they are. It comes to the same as casting the row and fingerprinting the values.
 */
export class DirectReading implements PackableRecord {
  /** In the order of the values. */
  readonly names: readonly string[]
  /** The values that the key may be made of, and those that the fingerprint does not say; none of another one. */
  readonly values: FieldValue[]
  /** The same of columns. */
  readonly row: Value[] = []
  readonly #steps: readonly Step[]
  /** The places of the steps, in the order of the values. */
  readonly #stepOf: readonly number[]
  /** Where among the bytes each step wrote, and behind the last one where they end. */
  readonly #starts: Int32Array
  readonly #positions: readonly number[]
  readonly #bytes = new CanonicalBytes()

  constructor({ fields, lists, names, keyFields, positions }: DirectOptions) {
    this.names = [...fields.map(({ field }) => field), ...lists.map(({ name }) => name)]
    this.values = this.names.map(() => undefined)
    const step = (index: number, name: Uint8Array | null, isTags: boolean): Step => {
      const field = fields[index] ?? null
      const list = lists[index - fields.length] ?? null
      const isKey = field !== null && keyFields.includes(field.field)
      // Keys are made of values: only of a text is that what is copied.
      const isCopied = name !== null && (!isKey || field.plain?.type === 'text')
      const plain = isCopied ? (field?.plain ?? null) : null
      const isWhole = name !== null && list === null
      const memory = list !== null && list.position >= 0 ? new ListMemory() : null
      return { index, name, isTags, field, list, memory, plain, isKey, isWhole }
    }
    const omitted = [...this.values.keys()].filter((index) => !names.positions.includes(index))
    this.#steps = [
      ...names.positions.map((index, at) =>
        step(index, names.names[at] as Uint8Array, at === names.tags),
      ),
      ...omitted.map((index) => step(index, null, false)),
    ]
    this.#stepOf = this.names.map((_, index) => this.#steps.findIndex((one) => one.index === index))
    this.#starts = new Int32Array(this.#steps.length + 1)
    this.#positions = positions
  }

  /** Writes the fingerprint of the row's record to `into`; false where a value is refused. */
  read(texts: RowTexts, into: DigestWords): boolean {
    for (const position of this.#positions) this.row[position] = texts.value(position)
    this.#bytes.clear()
    for (let at = 0; at < this.#steps.length; at += 1) {
      if (!this.#take(this.#steps[at] as Step, texts)) return false
      this.#starts[at + 1] = this.#bytes.length
    }
    this.#bytes.digest(into)
    return true
  }

  /** The place of the value that is the key of the row that was read last; -1 where none is. */
  find(key: string): number {
    return this.values.indexOf(key)
  }

  /** Writes the values of the row that was read last: they are those of its record. */
  pack(into: PackedBytes): void {
    for (let index = 0; index < this.#stepOf.length; index += 1) {
      const at = this.#stepOf[index] as number
      const start = this.#starts[at] as number
      const end = this.#starts[at + 1] as number
      if (!(this.#steps[at] as Step).isWhole) into.value(this.values[index])
      else if (start === end) into.value(undefined)
      else this.#bytes.pack(start, end, into)
    }
  }

  #take(step: Step, texts: RowTexts): boolean {
    const { index, name, isTags, field, plain, isKey, isWhole } = step
    let value: FieldValue | Refusal | RefusedColumn
    if (field === null) value = this.#readList(step, texts)
    else if (name !== null && plain !== null && this.#copy(plain, field.position, name, texts)) {
      if (isKey) this.values[index] = texts.value(field.position) as string
      return true
    } else value = readField(field, field.position < 0 ? null : texts.value(field.position))
    if (isRefused(value)) return false
    if (isKey || !isWhole) this.values[index] = value
    if (name !== null && value !== undefined) this.#bytes.field(name, value, isTags)
    return true
  }

  #readList({ list, memory }: Step, texts: RowTexts): List | RefusedColumn | undefined {
    if (list === null || memory === null) return list?.read(this.row)
    const { bytes, starts, ends } = texts
    const start = starts[list.position] as number
    const end = ends[list.position] as number
    const known = end < start ? undefined : memory.find(bytes, start, end)
    if (known !== undefined) return known
    this.row[list.position] = texts.value(list.position)
    const read = list.read(this.row)
    if (end >= start && !isRefused(read)) memory.keep(bytes, start, end, read)
    return read
  }

  /** Writes a field whose value is just what its text says; false where it has to be cast. */
  #copy(plain: PlainValue, position: number, name: Uint8Array, texts: RowTexts): boolean {
    const { bytes, starts, ends } = texts
    const start = starts[position] as number
    const end = ends[position] as number
    if (end < start) return false
    if (plain.type === 'text') {
      return (
        end - start <= plain.maxLength && this.#bytes.copy(name, bytes, start, end, plain.isLower)
      )
    }
    const number =
      plain.type === 'number' ? plainNumber(bytes, start, end) : texts.seconds(position)
    if (Number.isNaN(number)) return false
    this.#bytes.field(name, number)
    return true
  }
}

function isRefused(value: FieldValue | Refusal | RefusedColumn): value is Refusal | RefusedColumn {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
