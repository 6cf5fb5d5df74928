import type { ColumnType } from '../connector/index.ts'
import type { Cast, Refusal } from './refusal.ts'

const notFinite: Refusal = {
  reason: 'holds NaN, an infinity, or a number beyond 1.8e308',
  hint: 'Turn it into NULL in the query.',
}
const fraction: Refusal = {
  reason: 'holds a number with a fraction',
  hint: 'Round it in the query, or map the column to a field that takes fractions.',
}
const tooLarge: Refusal = {
  reason: 'holds a whole number beyond 9007199254740991 (2^53 - 1)',
  hint: 'JSON numbers of this size lose digits; cast the column to text in the query and map it to a text field.',
}
const notANumber: Refusal = { reason: 'holds text that is not a number' }
const notWhole: Refusal = { reason: 'holds text that is not a whole number' }
const notBoolean: Refusal = {
  reason: 'holds text that is neither true nor false',
  hint: 'Understood are true, t, yes, y, on, 1 and false, f, no, n, off, 0, in any letter case.',
}
const notZeroOrOne: Refusal = { reason: 'holds a number other than 0 and 1' }

const numeral = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i
const wholeNumeral = /^[+-]?\d+(?:\.0*)?$/
const truths = new Map<string, boolean>([
  ...['true', 't', 'yes', 'y', 'on', '1'].map((word): [string, boolean] => [word, true]),
  ...['false', 'f', 'no', 'n', 'off', '0'].map((word): [string, boolean] => [word, false]),
])

const sayTheNumber = 'say in the query which number it stands for'

/** The cast to a whole number for a column's type; a message where there is none. */
export function castToInteger(type: ColumnType): Cast | string {
  switch (type) {
    case 'integer':
      return (value) => (typeof value === 'number' ? safe(value) : tooLarge)
    case 'decimal':
      return (value) => whole(Number(value))
    case 'float':
      return (value) => whole(value as number)
    case 'text':
      return (value) => {
        const text = (value as string).trim()
        return wholeNumeral.test(text) ? whole(Number(text)) : notWhole
      }
    default:
      return `it is not a number; ${sayTheNumber}`
  }
}

/** The cast to a number for a column's type; a message where there is none. */
export function castToFloat(type: ColumnType): Cast | string {
  switch (type) {
    case 'integer':
      return (value) => (typeof value === 'number' ? safe(value) : tooLarge)
    case 'decimal':
      return (value) => finite(Number(value))
    case 'float':
      return (value) => finite(value as number)
    case 'text':
      return (value) => {
        const text = (value as string).trim()
        return numeral.test(text) ? finite(Number(text)) : notANumber
      }
    default:
      return `it is not a number; ${sayTheNumber}`
  }
}

/** The cast to true or false for a column's type; a message where there is none. */
export function castToBoolean(type: ColumnType): Cast | string {
  switch (type) {
    case 'boolean':
      return (value) => value as boolean
    case 'integer':
    case 'decimal':
    case 'float':
      return (value) => {
        const number = Number(value)
        return number === 1 ? true : number === 0 ? false : notZeroOrOne
      }
    case 'text':
      return (value) => truths.get((value as string).trim().toLowerCase()) ?? notBoolean
    default:
      return 'it is neither true nor false; say in the query what counts as true'
  }
}

/** The number itself, minus zero as zero; refused where it is not finite. */
function finite(value: number): number | Refusal {
  return Number.isFinite(value) ? value + 0 : notFinite
}

function safe(value: number): number | Refusal {
  return Number.isSafeInteger(value) ? value + 0 : tooLarge
}

function whole(value: number): number | Refusal {
  if (Number.isInteger(value)) return safe(value)
  return Number.isFinite(value) ? fraction : notFinite
}
