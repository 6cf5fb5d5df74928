import type { Operation } from '../../src/connector/index.ts'
import { type Answered, list, property, type Reply, text } from './answer.ts'
import type { Client } from './client.ts'
import { priorities } from './limits.ts'

/** Identifiers per search. How many `IN` takes is not documented; this is one page by default (FACTS 7). */
export const searchSize = 50

/** Contacts per page, the most there may be (FACTS 7). */
const pageSize = 150

/** Pages read at most: an address that is shared by more people than that is a conflict after two. */
const mostPages = 5

export type ContactIdentifier = 'external_id' | 'email'

/** The identifier's value as it is compared: email addresses without regard to case (FACTS 4.1). */
export function comparable(identifier: ContactIdentifier, value: string): string {
  return identifier === 'email' ? value.trim().toLowerCase() : value
}

/** Ids by comparable identifier. Missing ones may exist all the same: the search index lags by minutes (FACTS 7). */
export type Hits = ReadonlyMap<string, readonly string[]>

/**
 * Looks up to fifty contacts up in one search. Only users: a lead's external id is not ours (FACTS 4.2).
 * Resolves to the hits, or to the reply that was no page of results.
 */
export async function searchContacts(
  client: Client,
  identifier: ContactIdentifier,
  values: readonly string[],
  signal: AbortSignal,
): Promise<{ hits: Hits } | { failed: Reply }> {
  const wanted = new Set(values.map((value) => comparable(identifier, value)))
  const hits = new Map<string, string[]>()
  let cursor: string | null = null
  for (let page = 0; page < mostPages; page += 1) {
    const reply = await client.call(searchCall(identifier, [...wanted], cursor), signal)
    if (reply.kind !== 'answered' || !isPage(reply)) return { failed: reply }
    for (const contact of list(reply.body, 'data')) {
      const id = text(contact, 'id')
      const found = comparable(identifier, text(contact, identifier) ?? '')
      if (id !== null && wanted.has(found)) hits.set(found, [...(hits.get(found) ?? []), id])
    }
    cursor = text(property(property(reply.body, 'pages'), 'next'), 'starting_after')
    if (cursor === null) break
  }
  return { hits }
}

/** The values of the identifier that a batch has to have looked up: of operations whose id is not known. */
export function unresolved(
  operations: readonly Operation[],
  identifier: ContactIdentifier,
): string[] {
  return operations
    .filter((operation) => operation.id === null)
    .map((operation) => operation.record[identifier])
    .filter((value) => typeof value === 'string' && value !== '')
    .map(String)
}

function searchCall(
  identifier: ContactIdentifier,
  values: readonly string[],
  cursor: string | null,
) {
  return {
    method: 'POST',
    endpoint: '/contacts/search',
    priority: priorities.search,
    body: {
      query: {
        operator: 'AND',
        value: [
          { field: identifier, operator: 'IN', value: values },
          { field: 'role', operator: '=', value: 'user' },
        ],
      },
      pagination: { per_page: pageSize, ...(cursor === null ? {} : { starting_after: cursor }) },
    },
  } as const
}

function isPage(reply: Answered): boolean {
  return reply.status === 200 && Array.isArray(property(reply.body, 'data'))
}
