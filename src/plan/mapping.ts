import type { Activation } from '../config/activation.ts'
import {
  type Column,
  ConfigurationError,
  type List,
  type Problem,
  type Scalar,
  type TargetRecord,
  type Value,
} from '../connector/index.ts'
import type { DigestWords } from './digest.ts'
import { DirectReading } from './direct-reading.ts'
import { canonicalNames, type FieldValue, fingerprint } from './fingerprint.ts'
import { compileKey, keyFields, nativeId, type ReadKey } from './key.ts'
import type { ListName } from './list-text.ts'
import { type CompiledList, compileLists, type RefusedColumn } from './lists.ts'
import { type CompiledField, compileFields, readField } from './mapped-field.ts'
import { isRefusal } from './refusal.ts'

/** A field or list whose value was refused. */
export interface RefusedField extends RefusedColumn {
  readonly field: string
}

/** How the rows of one query become records: compiled once, then used for every row. */
export interface Mapping {
  /** The mapped fields in the activation's order, then the lists; arrays of values are in this order too. */
  readonly names: readonly string[]
  readonly lists: readonly ListName[]
  /** The names of all columns that play a part. */
  readonly columns: ReadonlySet<string>
  readonly readKey: ReadKey
  readonly direct: DirectReading
  /** Casts a row into `values`, one per name; says which refused theirs, null where none did. */
  cast(row: readonly Value[], values: FieldValue[]): readonly RefusedField[] | null
  /** Writes the fingerprint of the record with these values to `into`; fields of `when: create` play no part in it. */
  fingerprint(values: readonly FieldValue[], into: DigestWords): void
  /** All that may be sent, the target's own id not being part of it. */
  record(values: readonly FieldValue[]): TargetRecord
  /** The target's own id where it is the identifier; null where the row has none. */
  id(values: readonly FieldValue[]): string | null
  /** A record without the fields of `when: create`. */
  withoutCreateOnly(record: TargetRecord): TargetRecord
}

/**
 * Compiles an activation's mapping for the columns that its query returns. Throws one `ConfigurationError` with every
 * problem: columns that are not there or not unique, and columns whose type can never become what is made of them.
 */
export function compileMapping(activation: Activation, columns: readonly Column[]): Mapping {
  const problems: Problem[] = []
  const fields = compileFields(activation, columns, problems)
  const lists = compileLists(activation, columns, problems)
  const readKey = compileKey(activation, columns, fields, problems)
  if (problems.length > 0) throw new ConfigurationError(problems)
  return mappingOf(activation, columns, fields, lists, readKey)
}

function mappingOf(
  activation: Activation,
  columns: readonly Column[],
  fields: readonly CompiledField[],
  lists: readonly CompiledList[],
  readKey: ReadKey,
): Mapping {
  const names = [...fields, ...lists.map(({ name }) => ({ field: name }))].map(({ field }) => field)
  const createOnly = activation.fields.flatMap(({ field, when }) =>
    when === 'create' ? [field] : [],
  )
  const compared = canonicalNames(names, createOnly)
  const ofLists = lists.flatMap((list) => list.columns)
  const ofKey = activation.key ?? []
  const readAsWhole = new Set([
    ...lists.flatMap((list) => (list.position < 0 ? list.columns : [])),
    ...ofKey,
  ])
  const idAt = activation.identifier === nativeId ? names.indexOf(nativeId) : -1
  return {
    names,
    lists: lists.map(({ name }) => name),
    columns: new Set([...fields.flatMap(({ column }) => column?.name ?? []), ...ofLists, ...ofKey]),
    readKey,
    direct: new DirectReading({
      fields,
      lists,
      names: compared,
      keyFields: keyFields(activation),
      positions: [...columns.keys()].filter((position) =>
        readAsWhole.has(columns[position]?.name ?? ''),
      ),
    }),
    cast: (row, values) => castRow(fields, lists, row, values),
    fingerprint: (values, into) => fingerprint(compared, values, into),
    record(values) {
      const record: Record<string, Scalar | List> = {}
      for (let index = 0; index < names.length; index += 1) {
        const value = values[index]
        if (value !== undefined && index !== idAt) record[names[index] as string] = value
      }
      return record
    },
    id(values) {
      const id = idAt < 0 ? null : values[idAt]
      return typeof id === 'string' ? id : null
    },
    withoutCreateOnly(record) {
      if (createOnly.length === 0) return record
      const kept = Object.entries(record).filter(([name]) => !createOnly.includes(name))
      return Object.fromEntries(kept)
    },
  }
}

function castRow(
  fields: readonly CompiledField[],
  lists: readonly CompiledList[],
  row: readonly Value[],
  values: FieldValue[],
): readonly RefusedField[] | null {
  let refused: RefusedField[] | null = null
  const refuse = (field: string, column: Column, refusal: RefusedField['refusal']) => {
    refused ??= []
    refused.push({ field, column, refusal })
  }
  for (let index = 0; index < fields.length; index += 1) {
    const field = fields[index] as CompiledField
    const result = readField(field, field.position < 0 ? null : (row[field.position] as Value))
    const isRefused = isRefusal(result)
    values[index] = isRefused ? undefined : result
    if (isRefused) refuse(field.field, field.column as Column, result)
  }
  for (let index = 0; index < lists.length; index += 1) {
    const list = lists[index] as CompiledList
    const result = list.read(row)
    const isRefused = 'refusal' in result
    values[fields.length + index] = isRefused ? undefined : result
    if (isRefused) refuse(list.name, result.column, result.refusal)
  }
  return refused
}
