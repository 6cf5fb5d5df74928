import type { Activation, FieldMapping } from '../config/activation.ts'
import { didYouMean } from '../config/suggest.ts'
import {
  type Column,
  ConfigurationError,
  type MappedField,
  type Problem,
  type Scalar,
  type TargetRecord,
  type Value,
} from '../connector/index.ts'
import { compileCast, type FieldRules } from './cast.ts'
import { canonicalNames, canonicalText, type FieldValue } from './fingerprint.ts'
import { compileKey, type ReadKey } from './key.ts'
import { type Cast, isRefusal, type Refusal } from './refusal.ts'

/** A field whose value was refused. */
export interface RefusedField extends MappedField {
  readonly column: Column
  readonly refusal: Refusal
}

/** How the rows of one query become records: compiled once, then used for every row. */
export interface Mapping {
  /** The mapped fields in the activation's order; arrays of values are in this order too. */
  readonly fields: readonly MappedField[]
  readonly readKey: ReadKey
  /** Casts a row into `values`, one per field; says which fields refused theirs, null where none did. */
  cast(row: readonly Value[], values: FieldValue[]): readonly RefusedField[] | null
  /** The text that stands for the record with these values, see `canonicalText`. */
  canonical(values: readonly FieldValue[]): string
  record(values: readonly FieldValue[]): TargetRecord
}

interface CompiledField extends MappedField {
  /** Where the column stands in a row; -1 for a constant. */
  readonly position: number
  readonly cast: Cast
  /** What NULL becomes; for a constant, its value. */
  readonly otherwise: FieldValue
}

/**
 * Compiles an activation's mapping for the columns that its query returns. Throws one `ConfigurationError` with every
 * problem: columns that are not there or not unique, and columns whose type can never become what the field takes.
 */
export function compileMapping(activation: Activation, columns: readonly Column[]): Mapping {
  const problems: Problem[] = []
  const fields: CompiledField[] = []
  for (const mapping of activation.fields) {
    const field = compileField(activation, mapping, columns)
    if (typeof field !== 'string') fields.push(field)
    else problems.push(activation.problemAt(['fields', mapping.field], field))
  }
  const readKey = compileKey(activation, columns, fields, problems)
  if (problems.length > 0) throw new ConfigurationError(problems)
  return mappingOf(fields, readKey)
}

function mappingOf(fields: readonly CompiledField[], readKey: ReadKey): Mapping {
  const names = canonicalNames(fields.map(({ field }) => field))
  return {
    fields,
    readKey,
    cast(row, values) {
      let refused: RefusedField[] | null = null
      for (let index = 0; index < fields.length; index += 1) {
        const field = fields[index] as CompiledField
        const value = field.position < 0 ? null : (row[field.position] as Value)
        if (value === null) {
          values[index] = field.otherwise
          continue
        }
        const result = field.cast(value)
        if (isRefusal(result)) {
          values[index] = undefined
          refused ??= []
          refused.push({ field: field.field, column: field.column as Column, refusal: result })
        } else {
          values[index] = result
        }
      }
      return refused
    },
    canonical: (values) => canonicalText(names, values),
    record(values) {
      const record: Record<string, Scalar> = {}
      for (let index = 0; index < fields.length; index += 1) {
        const value = values[index]
        if (value !== undefined) record[(fields[index] as CompiledField).field] = value
      }
      return record
    },
  }
}

/** One field compiled, or what is wrong with it. */
function compileField(
  activation: Activation,
  mapping: FieldMapping,
  columns: readonly Column[],
): CompiledField | string {
  const { field, from, onNull } = mapping
  const rules = rulesOf(activation, field)
  if (rules === null) return `${activation.object.name} has no field "${field}".`
  const cleared = onNull === 'clear' && rules.nullable !== false ? null : undefined

  if ('value' in from) {
    const value = from.value === null ? cleared : castConstant(from.value, rules)
    if (isRefusal(value)) {
      return `The constant for "${field}" (${rules.type}) ${value.reason}.${hintOf(value)}`
    }
    return { field, column: null, position: -1, cast: String, otherwise: value }
  }

  const position = columns.findIndex(({ name }) => name === from.column)
  const column = columns[position]
  if (column === undefined) {
    const all = columns.map(({ name }) => name)
    return `The query returns no column "${from.column}"${didYouMean(from.column, all) || '.'}`
  }
  if (columns.findLastIndex(({ name }) => name === from.column) !== position) {
    return `The query returns several columns "${from.column}"; give each a name of its own with "as".`
  }
  const cast = compileCast(column, rules)
  if (typeof cast === 'string') {
    return `Column "${column.name}" (${column.sourceType}) cannot become the ${typeName(rules)} that "${field}" takes: ${cast}.`
  }
  return { field, column, position, cast, otherwise: cleared }
}

function rulesOf(activation: Activation, field: string): FieldRules | null {
  const { fields, custom } = activation.object
  const known = fields.find(({ name }) => name === field)
  if (known !== undefined) return known
  return custom !== undefined && field.startsWith(custom.prefix) ? custom.field : null
}

/** Constants go through the same casts as a column of their kind. */
function castConstant(
  value: Exclude<Scalar, null>,
  rules: FieldRules,
): Exclude<Scalar, null> | Refusal {
  const type = typeof value === 'string' ? 'text' : typeof value === 'boolean' ? 'boolean' : 'float'
  const cast = compileCast({ type }, rules)
  return typeof cast === 'string' ? { reason: `has the wrong type: ${cast}` } : cast(value)
}

function hintOf({ hint }: Refusal): string {
  return hint === undefined ? '' : ` ${hint}`
}

const typeNames = {
  string: 'text',
  integer: 'whole number',
  float: 'number',
  boolean: 'true or false',
  date: 'date',
  any: 'single value',
} as const

function typeName({ type }: FieldRules): string {
  return typeNames[type]
}
