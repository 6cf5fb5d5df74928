import { type AttributeValue, type Contact, normalEmail } from './contact.ts'
import { dayOf } from './days.ts'
import { ApiError, parameterInvalid, typeMismatch } from './errors.ts'
import { isObject, type Json } from './request.ts'
import { reader, type SearchType, typeOf } from './search-fields.ts'
import type { SearchIndex } from './search-index.ts'
import type { Workspace } from './workspace.ts'

/** A search query, ready to be asked of contacts. */
export interface Condition {
  matches(contact: Contact): boolean
  /** Every contact that may match, found through an index; null where all have to be looked at. */
  candidates(index: SearchIndex): readonly Contact[] | null
}

const mostFilters = 15
const mostLevels = 2

/** Checks a query and makes it askable. Throws a 400, and a 422 for operators that dates do not take. */
export function compileQuery(query: Json, workspace: Workspace, level = 1): Condition {
  if (query.operator !== 'AND' && query.operator !== 'OR') return compileFilter(query, workspace)
  if (level > mostLevels) throw parameterInvalid(`Queries can be nested ${mostLevels} levels deep`)
  if (!Array.isArray(query.value) || query.value.length === 0) {
    throw parameterInvalid(`The value of ${query.operator} has to be an array of filters`, 'value')
  }
  if (query.value.length > mostFilters) {
    throw parameterInvalid(`${query.operator} takes ${mostFilters} filters at most`, 'value')
  }
  const parts = query.value.map((part: unknown) => {
    if (!isObject(part)) throw parameterInvalid('A filter has to be an object', 'value')
    return compileQuery(part, workspace, level + 1)
  })
  return query.operator === 'AND' ? all(parts) : any(parts)
}

function all(parts: readonly Condition[]): Condition {
  return {
    matches: (contact) => parts.every((part) => part.matches(contact)),
    candidates: (index) => {
      for (const part of parts) {
        const candidates = part.candidates(index)
        if (candidates !== null) return candidates
      }
      return null
    },
  }
}

function any(parts: readonly Condition[]): Condition {
  return {
    matches: (contact) => parts.some((part) => part.matches(contact)),
    candidates: (index) => {
      const found = new Set<Contact>()
      for (const part of parts) {
        const candidates = part.candidates(index)
        if (candidates === null) return null
        for (const contact of candidates) found.add(contact)
      }
      return [...found]
    },
  }
}

type Comparison = (have: AttributeValue, wanted: AttributeValue) => boolean

const equal: Comparison = (have, wanted) => have === wanted
const text = (compare: (have: string, wanted: string) => boolean): Comparison => {
  return (have, wanted) =>
    compare(String(have ?? '').toLowerCase(), String(wanted ?? '').toLowerCase())
}
const ordered = (compare: (have: number, wanted: number) => boolean): Comparison => {
  return (have, wanted) => typeof have === 'number' && compare(have, Number(wanted))
}

const numbers: readonly SearchType[] = ['integer', 'float']
const everything: readonly SearchType[] = ['string', 'boolean', 'date', ...numbers]
const notDates: readonly SearchType[] = ['string', 'boolean', ...numbers]

/** Every operator, the types that take it, and how one value is compared. */
const operators: Readonly<Record<string, readonly [readonly SearchType[], Comparison]>> = {
  '=': [everything, equal],
  '!=': [notDates, (have, wanted) => have !== wanted],
  IN: [notDates, equal],
  NIN: [notDates, (have, wanted) => have !== wanted],
  '>': [['date', ...numbers], ordered((have, wanted) => have > wanted)],
  '<': [['date', ...numbers], ordered((have, wanted) => have < wanted)],
  '>=': [numbers, ordered((have, wanted) => have >= wanted)],
  '<=': [numbers, ordered((have, wanted) => have <= wanted)],
  '~': [['string'], text((have, wanted) => have.includes(wanted))],
  '!~': [['string'], text((have, wanted) => !have.includes(wanted))],
  '^': [['string'], text((have, wanted) => have.startsWith(wanted))],
  $: [['string'], text((have, wanted) => have.endsWith(wanted))],
}

function compileFilter(filter: Json, workspace: Workspace): Condition {
  const { field, operator, value } = filter
  if (typeof field !== 'string') throw parameterInvalid('A filter has to name a field', 'field')
  const type = typeOf(field, workspace)
  const known = typeof operator === 'string' ? operators[operator] : undefined
  if (known === undefined)
    throw parameterInvalid(`There is no operator '${String(operator)}'`, field)
  const [types, compare] = known
  if (!types.includes(type) || (field === 'tag_id' && operator !== '=' && operator !== '!=')) {
    const status = type === 'date' ? 422 : 400
    throw new ApiError(status, 'parameter_invalid', `${field} does not take ${String(operator)}`, {
      field,
    })
  }
  const many = operator === 'IN' || operator === 'NIN'
  if (many && !Array.isArray(value)) throw typeMismatch(field, `an array with ${operator}`)
  const most = workspace.options.search_in_limit
  if (many && most > 0 && (value as unknown[]).length > most) {
    throw parameterInvalid(`${String(operator)} takes ${most} values at most`, field)
  }
  const wanted = (many ? (value as unknown[]) : [value]).map((one) =>
    normal(field, type, checked(field, type, one), workspace),
  )
  if (field === 'tag_id') return tagged(wanted[0] ?? null, operator === '=')
  const read = reader(field)
  const have = (contact: Contact) => normal(field, type, read(contact), workspace)
  if (operator === 'NIN') {
    const excluded = new Set(wanted)
    return { matches: (contact) => !excluded.has(have(contact)), candidates: () => null }
  }
  if (many) {
    const included = new Set(wanted)
    return {
      matches: (contact) => included.has(have(contact)),
      candidates: (index) => lookUp(index, field, wanted),
    }
  }
  const single = wanted[0] ?? null
  return {
    matches: (contact) => compare(have(contact), single),
    candidates: (index) => (operator === '=' ? lookUp(index, field, wanted) : null),
  }
}

function tagged(id: AttributeValue, wanted: boolean): Condition {
  return {
    matches: (contact) => contact.tags.some((tag) => tag.id === id) === wanted,
    candidates: () => null,
  }
}

function lookUp(
  index: SearchIndex,
  field: string,
  wanted: readonly AttributeValue[],
): readonly Contact[] | null {
  const values = wanted.filter((value): value is string => typeof value === 'string')
  if (values.length < wanted.length) return null
  const unique = [...new Set(values)]
  if (field === 'id') return unique.flatMap((id) => index.byId(id))
  if (field === 'external_id') return unique.flatMap((value) => index.byExternalId(value))
  if (field === 'email') return unique.flatMap((value) => index.byEmail(value))
  return null
}

/** The value as it is compared: an email without case, a date as the day in the workspace's time zone. */
function normal(
  field: string,
  type: SearchType,
  value: AttributeValue,
  workspace: Workspace,
): AttributeValue {
  if (value === null) return null
  if (field === 'email') return normalEmail(String(value))
  if (type === 'date') return dayOf(Number(value), workspace.options.timezone)
  return value
}

/** Dates come as numbers or, as in Intercom's own examples, as digits; everything else as its own type. */
function checked(field: string, type: SearchType, value: unknown): AttributeValue {
  if (value === null) return null
  switch (type) {
    case 'string':
      if (typeof value === 'string') return value
      throw typeMismatch(field, 'a string')
    case 'boolean':
      if (typeof value === 'boolean') return value
      throw typeMismatch(field, 'true or false')
    case 'date':
      if (typeof value === 'number' || (typeof value === 'string' && /^\d+$/.test(value))) {
        return Number(value)
      }
      throw typeMismatch(field, 'unix seconds')
    default:
      if (typeof value === 'number') return value
      throw typeMismatch(field, 'a number')
  }
}
