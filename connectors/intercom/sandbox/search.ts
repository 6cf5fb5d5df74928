import type { Contact } from './contact.ts'
import { ApiError, parameterInvalid } from './errors.ts'
import { cursorPage } from './pages.ts'
import { type Condition, compileQuery } from './query.ts'
import { field, isObject, type Json } from './request.ts'
import { fieldValue } from './search-fields.ts'
import type { SearchIndex } from './search-index.ts'
import type { Workspace } from './workspace.ts'

const defaultPage = 50
const largestPage = 150

/** `POST /contacts/search`: a page of the contacts that the index knows and the query matches. Throws 400. */
export function findContacts(workspace: Workspace, body: Json) {
  if (!isObject(body.query)) throw parameterInvalid('query has to be an object', 'query')
  const condition = compileQuery(body.query, workspace)
  const pagination = field(body, 'pagination', 'object') ?? {}
  const perPage = field(pagination, 'per_page', 'integer') ?? defaultPage
  if (perPage < 1 || perPage > largestPage) {
    throw parameterInvalid(`per_page has to be between 1 and ${largestPage}`, 'per_page')
  }
  const found = matches(workspace.catchUp(), condition)
  const startingAfter = field(pagination, 'starting_after', 'string') ?? null
  const sort = field(body, 'sort', 'object')
  if (sort == null) return cursorPage(found, perPage, startingAfter)
  order(found, sort, workspace)
  const after = (sequence: number) =>
    found.findIndex((contact) => contact.sequence === sequence) + 1
  return cursorPage(found, perPage, startingAfter, after)
}

/** In order of creation. */
function matches(index: SearchIndex, condition: Condition): Contact[] {
  const found: Contact[] = []
  const candidates = condition.candidates(index)
  for (const contact of candidates ?? index.all()) {
    if (contact.state === 'active' && condition.matches(contact)) found.push(contact)
  }
  return candidates === null ? found : found.sort((a, b) => a.sequence - b.sequence)
}

function order(contacts: Contact[], sort: Json, workspace: Workspace): void {
  const direction = sort.order ?? 'descending'
  if (direction !== 'ascending' && direction !== 'descending') {
    throw new ApiError(
      400,
      'invalid_sort_order',
      `Invalid sort order '${String(direction)}'. Must be one of: ascending, descending`,
    )
  }
  const name = field(sort, 'field', 'string') ?? 'created_at'
  const sign = direction === 'ascending' ? 1 : -1
  contacts.sort((a, b) => {
    const [left, right] = [fieldValue(a, name, workspace), fieldValue(b, name, workspace)]
    if (left === right) return a.sequence - b.sequence
    if (left === null) return 1
    if (right === null) return -1
    return left < right ? -sign : sign
  })
}
