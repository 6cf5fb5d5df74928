import type { Column, Field, Scalar } from '../connector/index.ts'
import { castToDate } from './cast-date.ts'
import { castToBoolean, castToFloat, castToInteger } from './cast-number.ts'
import { castToText } from './cast-text.ts'
import { type Cast, isRefusal, type Refusal } from './refusal.ts'

/** What a field takes: its type and its limits. */
export type FieldRules = Omit<Field, 'name' | 'description'>

/**
 * The cast from a column to a field, limits and normalising included; where no value of the column can ever become a
 * value of the field, a message that continues "cannot become TYPE: ...".
 */
export function compileCast(
  column: Pick<Column, 'type' | 'element'>,
  rules: FieldRules,
): Cast | string {
  const cast = castByType(column, rules)
  return typeof cast === 'string' ? cast : withLimits(cast, rules)
}

function castByType(column: Pick<Column, 'type' | 'element'>, rules: FieldRules): Cast | string {
  switch (rules.type) {
    case 'string':
      return castToText(column)
    case 'integer':
      return castToInteger(column.type)
    case 'float':
      return castToFloat(column.type)
    case 'boolean':
      return castToBoolean(column.type)
    case 'date':
      return castToDate(column.type)
    case 'any':
      return castToOwnType(column)
  }
}

/** The cast to the type that a column has by itself; JSON is text, since no field takes structures. */
function castToOwnType(column: Pick<Column, 'type' | 'element'>): Cast | string {
  switch (column.type) {
    case 'boolean':
      return castToBoolean('boolean')
    case 'integer':
    case 'decimal':
    case 'float':
      return castToFloat(column.type)
    case 'date':
    case 'timestamp':
    case 'timestamptz':
      return castToDate(column.type)
    case 'text':
    case 'json':
      return castToText(column)
    case 'array':
      return 'the field takes single values; join the elements to text in the query'
    case 'bytes':
      return 'the field takes text, numbers, dates and booleans; encode the bytes in the query'
  }
}

function withLimits(cast: Cast, rules: FieldRules): Cast {
  const { caseInsensitive, maxLength, minimum, maximum, choices } = rules
  const steps: ((value: Exclude<Scalar, null>) => Exclude<Scalar, null> | Refusal)[] = []
  if (caseInsensitive === true) {
    steps.push((value) => (typeof value === 'string' ? value.trim().toLowerCase() : value))
  }
  if (choices !== undefined) {
    const known = new Set(choices)
    const refusal = {
      reason: 'holds a value that the field does not offer',
      hint: `The field takes ${choices.join(', ')}.`,
    }
    steps.push((value) => (known.has(String(value)) ? value : refusal))
  }
  if (maxLength !== undefined) {
    const refusal = {
      reason: `holds text of more than ${maxLength} characters, the most that the field takes`,
      hint: `Shorten it in the query: left(..., ${maxLength}).`,
    }
    steps.push((value) =>
      typeof value === 'string' && isLonger(value, maxLength) ? refusal : value,
    )
  }
  if (minimum !== undefined) {
    const refusal = { reason: `holds a number below ${minimum}, the least that the field takes` }
    steps.push((value) => (typeof value === 'number' && value < minimum ? refusal : value))
  }
  if (maximum !== undefined) {
    const refusal = { reason: `holds a number above ${maximum}, the most that the field takes` }
    steps.push((value) => (typeof value === 'number' && value > maximum ? refusal : value))
  }
  if (steps.length === 0) return cast
  return (value) => {
    let result = cast(value)
    for (let step = 0; step < steps.length && !isRefusal(result); step += 1) {
      result = (steps[step] as (typeof steps)[number])(result)
    }
    return result
  }
}

/** Whether a text has more than `limit` characters, a surrogate pair being one. */
function isLonger(text: string, limit: number): boolean {
  if (text.length <= limit) return false
  let characters = 0
  for (const _ of text) {
    characters += 1
    if (characters > limit) return true
  }
  return false
}
