import { type Answered, list, property, type Reply, text } from './answer.ts'
import type { Client } from './client.ts'
import { priorities } from './waiting-line.ts'

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

export type Role = 'user' | 'lead'

/** A contact that a search has shown, as it was when the index was last brought up to date. */
export interface Hit {
  readonly id: string
  readonly role: Role
}

/** Contacts by comparable identifier. Missing ones may exist all the same: the search index lags by minutes (FACTS 7). */
export type Hits = ReadonlyMap<string, readonly Hit[]>

/**
 * Looks up to fifty contacts up in one search. `roles` says whether leads are of interest: by external id
 * they never are, since theirs are not ours (FACTS 4.2).
 * Resolves to the hits, or to the reply that was no page of results.
 */
export async function searchContacts(
  client: Client,
  identifier: ContactIdentifier,
  values: readonly string[],
  roles: 'users' | 'all',
  signal: AbortSignal,
): Promise<{ hits: Hits } | { failed: Reply }> {
  const wanted = new Set(values.map((value) => comparable(identifier, value)))
  const hits = new Map<string, Hit[]>()
  let cursor: string | null = null
  for (let page = 0; page < mostPages; page += 1) {
    const reply = await client.call(searchCall(identifier, [...wanted], roles, cursor), signal)
    if (reply.kind !== 'answered' || !isPage(reply)) return { failed: reply }
    for (const contact of list(reply.body, 'data')) {
      const id = text(contact, 'id')
      const found = comparable(identifier, text(contact, identifier) ?? '')
      if (id === null || !wanted.has(found)) continue
      const role = text(contact, 'role') === 'lead' ? 'lead' : 'user'
      hits.set(found, [...(hits.get(found) ?? []), { id, role }])
    }
    cursor = text(property(property(reply.body, 'pages'), 'next'), 'starting_after')
    if (cursor === null) break
  }
  return { hits }
}

function searchCall(
  identifier: ContactIdentifier,
  values: readonly string[],
  roles: 'users' | 'all',
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
          ...(roles === 'users' ? [{ field: 'role', operator: '=', value: 'user' }] : []),
        ],
      },
      pagination: { per_page: pageSize, ...(cursor === null ? {} : { starting_after: cursor }) },
    },
  } as const
}

function isPage(reply: Answered): boolean {
  return reply.status === 200 && Array.isArray(property(reply.body, 'data'))
}
