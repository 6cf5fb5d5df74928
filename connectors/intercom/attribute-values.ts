import type {
  Delivery,
  Failure,
  Operation,
  Scalar,
  TargetRecord,
} from '../../src/connector/index.ts'
import type { Attribute } from './attribute-list.ts'
import { onlyListsDiffer } from './lists.ts'

/** The custom attributes that an activation maps, by field: `custom_attributes.seats`. */
export type AttributeRules = ReadonlyMap<string, Attribute>

/** Why an attribute does not take a value. */
interface Refusal {
  readonly reason: string
  readonly hint: string
}

/** Longest text of an attribute, in characters. Source: FACTS 9, "CDA string value". */
const longest = 255

/** Seconds from here on lie beyond the year 5138; in milliseconds they are the years since 1973. */
const implausible = 1e11

// What is understood is the same as for the standard fields, which are cast before they come here.
const numeral = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i
const wholeNumeral = /^[+-]?\d+(?:\.0*)?$/
const truths = new Map<string, boolean>([
  ...['true', 't', 'yes', 'y', 'on', '1'].map((word): [string, boolean] => [word, true]),
  ...['false', 'f', 'no', 'n', 'off', '0'].map((word): [string, boolean] => [word, false]),
])

/** Options named in a hint, at most. */
const optionsShown = 10

/**
 * The operations that Intercom can take, with the values of custom attributes as it takes them; the others are
 * reported as `invalid_value` without a call.
 */
export function fitAttributes(
  operations: readonly Operation[],
  rules: AttributeRules,
  report: (ordinal: number, delivery: Delivery) => void,
): readonly Operation[] {
  if (rules.size === 0) return operations
  return operations.flatMap((operation) => {
    if (onlyListsDiffer(operation)) return [operation]
    const record = fitRecord(operation.record, rules)
    if (!('failure' in record)) return [{ ...operation, record: record.fitted }]
    report(operation.ordinal, { result: 'rejected', failure: record.failure })
    return []
  })
}

/** A record with the values of custom attributes as Intercom takes them, or why one of them cannot be sent. */
export function fitRecord(
  record: TargetRecord,
  rules: AttributeRules,
): { readonly fitted: TargetRecord } | { readonly failure: Failure } {
  const changes: Record<string, Scalar> = {}
  for (const [field, attribute] of rules) {
    const value = record[field]
    if (value === undefined || value === null || typeof value === 'object') continue
    const fitted = fitValue(attribute, value)
    if (typeof fitted === 'object') return { failure: failureOf(field, fitted) }
    if (fitted !== value) changes[field] = fitted
  }
  return { fitted: Object.keys(changes).length === 0 ? record : { ...record, ...changes } }
}

/** A value as the attribute takes it: converted where nothing is lost, else refused. */
function fitValue(
  attribute: Attribute,
  value: Exclude<Scalar, null>,
): Exclude<Scalar, null> | Refusal {
  switch (attribute.type) {
    case 'string':
      return fitText(String(value))
    case 'options':
      return fitOption(attribute.options ?? [], String(value))
    case 'integer':
      return fitInteger(value)
    case 'float':
      return fitNumber(value)
    case 'boolean':
      return fitBoolean(value)
    case 'date':
      return fitDate(value)
    default:
      return value
  }
}

function fitText(text: string): string | Refusal {
  if (text.length <= longest || [...text].length <= longest) return text
  return {
    reason: `takes ${longest} characters at most, and the row has more`,
    hint: `Shorten it in the query: left(..., ${longest}).`,
  }
}

function fitOption(options: readonly string[], text: string): string | Refusal {
  if (options.includes(text)) return text
  const shown = options.slice(0, optionsShown).join(', ')
  const more = options.length - optionsShown
  return {
    reason: 'does not offer what the row has as an option',
    hint: `It offers ${shown}${more > 0 ? ` and ${more} more` : ''}; letter case counts. Correct the row, or add the option in Intercom (Settings, Data).`,
  }
}

function fitInteger(value: Exclude<Scalar, null>): number | Refusal {
  const number = typeof value === 'string' ? numberOf(value, wholeNumeral) : value
  if (typeof number !== 'number' || !Number.isFinite(number)) {
    return {
      reason: 'holds whole numbers, and the row has something else',
      hint: 'Cast the column to a whole number in the query, and turn what is none into NULL.',
    }
  }
  if (Number.isSafeInteger(number)) return number
  return {
    reason: 'holds whole numbers up to 9007199254740991, and the row has a fraction or more',
    hint: 'Round it in the query, or map it to an attribute of type float.',
  }
}

function fitNumber(value: Exclude<Scalar, null>): number | Refusal {
  const number = typeof value === 'string' ? numberOf(value, numeral) : value
  if (typeof number === 'number' && Number.isFinite(number)) return number
  return {
    reason: 'holds numbers, and the row has something else',
    hint: 'Cast the column to a number in the query, and turn what is none into NULL.',
  }
}

function numberOf(text: string, pattern: RegExp): number | null {
  const trimmed = text.trim()
  return pattern.test(trimmed) ? Number(trimmed) : null
}

function fitBoolean(value: Exclude<Scalar, null>): boolean | Refusal {
  if (typeof value === 'boolean') return value
  const truth = truths.get(String(value).trim().toLowerCase())
  if (truth !== undefined) return truth
  return {
    reason: 'holds true or false, and the row has something else',
    hint: 'Understood are true, t, yes, y, on, 1 and false, f, no, n, off, 0, in any letter case.',
  }
}

function fitDate(value: Exclude<Scalar, null>): number | Refusal {
  const seconds = typeof value === 'string' ? secondsOf(value.trim()) : value
  if (typeof seconds !== 'number' || !Number.isFinite(seconds)) {
    return {
      reason: 'holds dates, and the row has something else',
      hint: 'Understood are dates, timestamps, unix seconds and text such as 2026-02-28 or 2026-02-28T13:45:00Z.',
    }
  }
  if (Math.abs(seconds) < implausible) return Math.floor(seconds)
  return {
    reason: 'holds dates, and the row has a number that is too large for unix seconds',
    hint: 'It looks like milliseconds or microseconds: divide it in the query.',
  }
}

const isoTime =
  /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2})(:\d{2})?(?:\.\d+)?(Z|[+-]\d{2}(?::?\d{2})?)?)?$/i

/** Unix seconds of a time in ISO 8601, in UTC where it names no zone; null where it is none. */
function secondsOf(text: string): number | null {
  const [, day, time = '00:00', seconds = ':00', zone = 'Z'] = isoTime.exec(text) ?? []
  if (day === undefined) return null
  const midnight = Date.parse(`${day}T00:00:00Z`)
  // Days that no month has are moved to the next month by the parser.
  if (Number.isNaN(midnight) || !new Date(midnight).toISOString().startsWith(day)) return null
  const offset = zone.length === 3 ? `${zone}:00` : zone.replace(/^(...)(\d\d)$/, '$1:$2')
  const parsed = Date.parse(`${day}T${time}${seconds}${offset.toUpperCase()}`)
  return Number.isNaN(parsed) ? null : parsed / 1000
}

function failureOf(field: string, { reason, hint }: Refusal): Failure {
  return { code: 'invalid_value', message: `${field}: the attribute ${reason}.`, field, hint }
}
