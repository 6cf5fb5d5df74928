import type { Column, ColumnType, Value } from '../connector/index.ts'
import type { Cast, Refusal } from './refusal.ts'

const notANumber: Refusal = {
  reason: 'holds NaN or an infinity',
  hint: 'Turn it into NULL in the query.',
}
const notADate: Refusal = { reason: 'holds an infinity', hint: 'Turn it into NULL in the query.' }
const unsendable: Refusal = {
  reason: 'holds a NUL character or half of a surrogate pair',
  hint: 'Remove it in the query: such text cannot be stored as UTF-8 everywhere.',
}

// Cheap, and without the u flag also true of whole pairs: only then is a closer look needed.
const suspicious = /[\0\ud800-\udfff]/
const broken = /[\0\p{Surrogate}]/u

/** Text as it may be sent: without NUL and without halves of surrogate pairs. */
export function cleanText(text: string): string | Refusal {
  return suspicious.test(text) && broken.test(text) ? unsendable : text
}

/** The cast to text for a column's type; a message where there is none. */
export function castToText(column: Pick<Column, 'type' | 'element'>): Cast | string {
  switch (column.type) {
    case 'text':
    case 'json':
      return (value) => cleanText(value as string)
    case 'integer':
    case 'boolean':
      return String
    case 'decimal':
      return (value) => ((value as string).search(/\d/) < 0 ? notANumber : (value as string))
    case 'float':
      // The sum turns minus zero into zero.
      return (value) => (Number.isFinite(value) ? String((value as number) + 0) : notANumber)
    case 'date':
    case 'timestamp':
    case 'timestamptz':
      return (value) => ((value as string).endsWith('infinity') ? notADate : (value as string))
    case 'array': {
      const element = column.element ?? 'text'
      if (element === 'bytes') return 'an array of bytes has no text form; encode it in the query'
      return (value) => cleanText(jsonArray(value as readonly Value[], element))
    }
    case 'bytes':
      return 'bytes have no text form; encode them in the query, as base64 or hex'
  }
}

/** The cast to the text of a key or of a `company_id`; a message where there is none. */
export function castToName(column: Pick<Column, 'type' | 'element'>): Cast | string {
  const cast = castToText(column)
  return typeof cast === 'string' ? cast : asName(column, cast)
}

/**
 * A cast for what tells records apart: a whole number is `12` whatever numeric type the column has, so that a column
 * which becomes `numeric(10,2)` does not make every record a new one.
 */
export function asName({ type }: Pick<Column, 'type'>, cast: Cast): Cast {
  if (type !== 'decimal') return cast
  return (value) => {
    const text = cast(value)
    return typeof text === 'string' ? text.replace(/^(-?\d+)\.0+$/, '$1') : text
  }
}

/** An array as JSON text: numbers as the source prints them, arrays of arrays nested. */
function jsonArray(values: readonly Value[], element: ColumnType): string {
  const parts = values.map((value) => {
    if (value === null) return 'null'
    if (Array.isArray(value)) return jsonArray(value, element)
    if (element === 'json') return value as string
    const number =
      element === 'integer' ||
      (element === 'decimal' && /\d/.test(value as string)) ||
      (element === 'float' && Number.isFinite(value))
    return number || typeof value === 'boolean' ? String(value) : JSON.stringify(String(value))
  })
  return `[${parts.join(',')}]`
}
