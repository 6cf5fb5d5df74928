import type { Activation } from '../config/activation.ts'
import type { Column, MappedField, Problem, Value } from '../connector/index.ts'
import { castToName } from './cast-text.ts'
import { findColumn } from './columns.ts'
import type { FieldValue } from './fingerprint.ts'
import { type Cast, isRefusal } from './refusal.ts'

/** What a row lacks: its identifier, or a part of its key. */
export interface KeyGap {
  readonly column: Column
  /** Continues "column NAME (TYPE) ...": `is NULL`. */
  readonly reason: string
  /** The key, where only the identifier is missing; else null. */
  readonly key: string | null
}

/** A row's key; null where the record's content has to stand in for it. */
export type ReadKey = (
  row: readonly Value[],
  values: readonly FieldValue[],
) => string | KeyGap | null

/** The field that holds the target's own id, where it is the identifier. */
export const nativeId = 'id'

/** Whether rows without an identifier are records to be created. */
export function mayLackIdentifier({ identifier, mode }: Activation): boolean {
  return identifier === null || (identifier === nativeId && mode === 'upsert')
}

/** The fields that make the keys where there is no `key:`; the first of them that has a value, where there are several. */
export function keyFields(activation: Activation): readonly string[] {
  const { identifier, object } = activation
  return identifier === null || mayLackIdentifier(activation)
    ? [...object.requiresOneOf, nativeId]
    : [identifier]
}

/**
 * How the keys of an activation's rows are read: the columns of `key:` where there are any; else the identifier; else,
 * where there is none or it may be NULL, the first field with a value of those that a record needs to be created, and
 * after them the target's own id.
 */
export function compileKey(
  activation: Activation,
  columns: readonly Column[],
  fields: readonly MappedField[],
  problems: Problem[],
): ReadKey {
  const identifierOf = readIdentifier(activation, fields, problems)
  const keyOf = activation.key && keyOfColumns(activation, activation.key, columns, problems)
  if (keyOf === null) return identifierOf ?? firstOf(keyFields(activation), fields)
  if (identifierOf === null) return keyOf
  return (row, values) => {
    const key = keyOf(row, values)
    if (typeof key !== 'string') return key
    const identifier = identifierOf(row, values)
    return typeof identifier === 'string' || identifier === null ? key : { ...identifier, key }
  }
}

/** The identifier's value as the key; null where there may be none. */
function readIdentifier(
  activation: Activation,
  fields: readonly MappedField[],
  problems: Problem[],
): ReadKey | null {
  const { identifier } = activation
  if (identifier === null) return null
  const position = fields.findIndex(({ field }) => field === identifier)
  const column = fields[position]?.column
  if (column === undefined || column === null) {
    // A mapping of the identifier that did not compile has a problem of its own.
    const mapping = activation.fields.find(({ field }) => field === identifier)
    if (mapping === undefined || 'value' in mapping.from) {
      const path = mapping === undefined ? ['fields'] : ['fields', identifier]
      const message = `The identifier "${identifier}" has to be mapped to a column: it tells the records apart.`
      problems.push(activation.problemAt(path, message))
    }
    return () => null
  }
  if (mayLackIdentifier(activation)) return null
  const isNull: KeyGap = { column, reason: 'is NULL', key: null }
  const isEmpty: KeyGap = { column, reason: 'is empty', key: null }
  return (_, values) => {
    const value = values[position]
    if (value === null || value === undefined) return isNull
    const key = String(value)
    return isBlank(key) ? isEmpty : key
  }
}

/** The first of some fields that has a value, as the key. */
function firstOf(names: readonly string[], fields: readonly MappedField[]): ReadKey {
  const positions = names
    .map((name) => fields.findIndex(({ field }) => field === name))
    .filter((position) => position >= 0)
  return (_, values) => {
    for (const position of positions) {
      const value = values[position]
      if (value === null || value === undefined) continue
      // Named, since the values of different fields must not meet.
      const key = String(value)
      if (!isBlank(key)) return positions.length === 1 ? key : `${fields[position]?.field}:${key}`
    }
    return null
  }
}

function keyOfColumns(
  activation: Activation,
  names: readonly string[],
  columns: readonly Column[],
  problems: Problem[],
): ReadKey {
  const parts: { position: number; column: Column; cast: Cast }[] = []
  for (const [index, name] of names.entries()) {
    const found = findColumn(columns, name)
    const problem = (message: string) =>
      problems.push(activation.problemAt(['key', index], message))
    if (typeof found === 'string') {
      problem(found)
      continue
    }
    const { column, position } = found
    const cast = castToName(column)
    if (typeof cast === 'string') {
      problem(`Column "${name}" (${column.sourceType}) cannot be part of a key: ${cast}.`)
      continue
    }
    parts.push({ position, column, cast })
  }
  return (row) => {
    const texts: string[] = []
    for (const { position, column, cast } of parts) {
      const value = row[position]
      if (value === null || value === undefined) return { column, reason: 'is NULL', key: null }
      const text = cast(value)
      if (isRefusal(text)) return { column, reason: text.reason, key: null }
      texts.push(String(text))
    }
    const [first] = texts
    if (texts.length > 1 || first === undefined) return JSON.stringify(texts)
    return isBlank(first)
      ? { column: (parts[0] as (typeof parts)[0]).column, reason: 'is empty', key: null }
      : first
  }
}

/** Whether a text is empty or only space. */
export function isBlank(text: string): boolean {
  return text === '' || text.trim() === ''
}
