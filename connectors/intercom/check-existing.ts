import { list, property, text } from './answer.ts'
import { type Ask, isForbidden } from './check-ask.ts'
import { comparable, searchSize } from './resolve.ts'

/** A contact that a search found. */
export interface FoundContact {
  readonly id: string
  readonly external_id: string | null
  readonly email: string | null
}

/** Records that are asked for one by one, at most: companies and conversations have no search. */
export const mostSingle = 20

/** Contacts per page, the most there may be (FACTS 7). */
const pageSize = 150

/**
 * Finds contacts by one of their identifiers, fifty a search, and of each search the first page: leads, archived
 * contacts and those of the last minutes are not seen (FACTS 7). Null where the token may not search.
 */
export async function findContacts(
  ask: Ask,
  identifier: keyof FoundContact,
  values: readonly string[],
): Promise<readonly FoundContact[] | null> {
  const found: FoundContact[] = []
  for (let start = 0; start < values.length; start += searchSize) {
    const chunk = values.slice(start, start + searchSize)
    const filters = [{ field: identifier, operator: 'IN', value: chunk }]
    const users = { field: 'role', operator: '=', value: 'user' }
    const value = identifier === 'id' ? filters : [...filters, users]
    const query = { operator: 'AND', value }
    const body = { query, pagination: { per_page: pageSize } }
    const reply = await ask({ method: 'POST', endpoint: '/contacts/search', body })
    if (reply.status !== 200) return null
    found.push(...list(reply.body, 'data').flatMap(readContact))
  }
  return found
}

function readContact(contact: unknown): readonly FoundContact[] {
  const id = text(contact, 'id')
  if (id === null) return []
  return [{ id, external_id: text(contact, 'external_id'), email: text(contact, 'email') }]
}

/** What an identifier is compared by. */
export function compared(identifier: string, value: string): string {
  return identifier === 'email' ? comparable('email', value) : value
}

/** Which of some companies exist, one request each. Null where the token may not look. */
export async function findCompanies(
  ask: Ask,
  identifier: 'id' | 'company_id',
  values: readonly string[],
): Promise<ReadonlySet<string> | null> {
  return findOneByOne(ask, values, (value) =>
    identifier === 'id'
      ? { endpoint: '/companies/{id}', path: `/companies/${encodeURIComponent(value)}` }
      : { endpoint: '/companies', path: `/companies?company_id=${encodeURIComponent(value)}` },
  )
}

/** Which of some conversations exist, one request each. Null where the token may not look. */
export async function findConversations(
  ask: Ask,
  values: readonly string[],
): Promise<ReadonlySet<string> | null> {
  return findOneByOne(ask, values, (value) => ({
    endpoint: '/conversations/{id}',
    path: `/conversations/${encodeURIComponent(value)}`,
  }))
}

async function findOneByOne(
  ask: Ask,
  values: readonly string[],
  address: (value: string) => { readonly endpoint: string; readonly path: string },
): Promise<ReadonlySet<string> | null> {
  const replies = await Promise.all(
    values.map(async (value) => ({
      value,
      reply: await ask({ method: 'GET', ...address(value) }),
    })),
  )
  if (replies.some(({ reply }) => isForbidden(reply))) return null
  const there = replies.filter(({ reply }) => {
    // The answer to a look-up is one company, or a list of one (FACTS 3.6).
    const data = property(reply.body, 'data')
    return reply.status === 200 && !(Array.isArray(data) && data.length === 0)
  })
  return new Set(there.map(({ value }) => value))
}
