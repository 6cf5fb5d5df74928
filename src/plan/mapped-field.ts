import type { Activation, FieldMapping } from '../config/activation.ts'
import type { Column, MappedField, Problem, Scalar } from '../connector/index.ts'
import { compileCast, type FieldRules } from './cast.ts'
import { asName } from './cast-text.ts'
import { findColumn } from './columns.ts'
import type { FieldValue } from './fingerprint.ts'
import { isBlank, nativeId } from './key.ts'
import { type Cast, isRefusal, type Refusal } from './refusal.ts'

/** One field of a mapping, ready to be read from rows. */
export interface CompiledField extends MappedField {
  /** Where the column stands in a row; -1 for a constant. */
  readonly position: number
  readonly cast: Cast
  /** What NULL becomes; for a constant, its value. */
  readonly otherwise: FieldValue
  /** Whether empty text is as good as NULL. */
  readonly blankIsNull: boolean
  readonly plain: PlainValue | null
}

/** Which values of a field are just what their texts say, so that they need not be cast; null where that is not simple. */
export interface PlainValue {
  readonly type: 'text' | 'number' | 'moment'
  /** The most bytes that a text may have; beyond, its characters have to be counted. */
  readonly maxLength: number
  /** Whether the field has lower case, without space around it. */
  readonly isLower: boolean
}

/** The fields of an activation, compiled for the columns of its query. Adds what is wrong to `problems`. */
export function compileFields(
  activation: Activation,
  columns: readonly Column[],
  problems: Problem[],
): readonly CompiledField[] {
  const fields: CompiledField[] = []
  for (const mapping of activation.fields) {
    const field = compileField(activation, mapping, columns)
    if (typeof field !== 'string') fields.push(field)
    else problems.push(activation.problemAt(['fields', mapping.field], field))
  }
  return fields
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
  const isNativeId = field === nativeId && activation.identifier === nativeId
  const cleared = onNull === 'clear' && rules.nullable !== false ? null : undefined

  if ('value' in from) {
    const value = from.value === null ? cleared : castConstant(from.value, rules)
    if (isRefusal(value)) {
      return `The constant for "${field}" (${rules.type}) ${value.reason}.${hintOf(value)}`
    }
    return {
      field,
      column: null,
      position: -1,
      cast: String,
      otherwise: value,
      blankIsNull: false,
      plain: null,
    }
  }

  const found = findColumn(columns, from.column)
  if (typeof found === 'string') return found
  const { column, position } = found
  const cast = compileCast(column, rules)
  if (typeof cast === 'string') {
    return `Column "${column.name}" (${column.sourceType}) cannot become the ${typeNames[rules.type]} that "${field}" takes: ${cast}.`
  }
  return {
    field,
    column,
    position,
    cast: isIdentifier(activation, field) ? asName(column, cast) : cast,
    otherwise: isNativeId ? null : cleared,
    blankIsNull: isNativeId,
    plain: isNativeId ? null : plainValue(column, rules),
  }
}

function plainValue(column: Column, rules: FieldRules): PlainValue | null {
  const { type, caseInsensitive = false, maxLength, minimum, maximum, choices } = rules
  if (minimum !== undefined || maximum !== undefined || choices !== undefined) return null
  const limits = { maxLength: maxLength ?? Number.MAX_SAFE_INTEGER, isLower: caseInsensitive }
  if ((type === 'string' || type === 'any') && (column.type === 'text' || column.type === 'json')) {
    return { type: 'text', ...limits }
  }
  const isNumber = (type === 'float' || type === 'any') && column.type === 'decimal'
  if (isNumber) return { type: 'number', ...limits }
  const isMoment = (type === 'date' || type === 'any') && column.type === 'timestamptz'
  return isMoment ? { type: 'moment', ...limits } : null
}

/** Whether records of this kind are told apart by a field, be it in another activation. */
function isIdentifier({ object }: Activation, field: string): boolean {
  return Object.values(object.modes).some((identifiers) => identifiers.includes(field))
}

/** The value of a field for a value of its column. */
export function readField(
  { cast, otherwise, blankIsNull }: CompiledField,
  value: Parameters<Cast>[0] | null,
): FieldValue | Refusal {
  if (value === null) return otherwise
  const result = cast(value)
  return blankIsNull && typeof result === 'string' && isBlank(result) ? null : result
}

function rulesOf({ object, identifier }: Activation, field: string): FieldRules | null {
  const { fields, custom } = object
  const known = fields.find(({ name }) => name === field)
  if (known !== undefined) return known
  if (field === nativeId && identifier === nativeId) return { type: 'string' }
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
