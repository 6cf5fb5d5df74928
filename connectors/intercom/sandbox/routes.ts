import * as companies from './companies.ts'
import * as contacts from './contacts.ts'
import * as attributes from './data-attributes.ts'
import { me } from './me.ts'
import type { Handler } from './request.ts'

/** One endpoint: what it is called in counts and faults, and who answers it. */
export interface Route {
  readonly method: string
  /** The path with ids left out: `/contacts/{id}`. */
  readonly template: string
  readonly handler: Handler
  /** The first version of the API that has it, as a number. */
  readonly since: number
}

const routes: readonly Route[] = [
  route('GET', '/me', me, 100),
  route('POST', '/contacts', contacts.create),
  route('GET', '/contacts', contacts.list),
  route('POST', '/contacts/search', contacts.search),
  route('POST', '/contacts/merge', contacts.merge),
  route('GET', '/contacts/find_by_external_id/{external_id}', contacts.findByExternalId, 213),
  route('GET', '/contacts/{id}', contacts.get),
  route('PUT', '/contacts/{id}', contacts.update),
  route('DELETE', '/contacts/{id}', contacts.remove),
  route('POST', '/contacts/{id}/archive', contacts.archive),
  route('POST', '/contacts/{id}/unarchive', contacts.unarchive),
  route('POST', '/companies', companies.createOrUpdate),
  route('GET', '/companies', companies.find),
  route('GET', '/companies/{id}', companies.get),
  route('PUT', '/companies/{id}', companies.update),
  route('DELETE', '/companies/{id}', companies.remove),
  route('GET', '/data_attributes', attributes.list),
  route('POST', '/data_attributes', attributes.create),
  route('PUT', '/data_attributes/{id}', attributes.update),
]

function route(method: string, template: string, handler: Handler, since = 200): Route {
  return { method, template, handler, since }
}

interface Step {
  readonly literal: Map<string, Step>
  any: Step | null
  readonly routes: Map<string, Route>
}

function step(): Step {
  return { literal: new Map(), any: null, routes: new Map() }
}

const root = step()
for (const entry of routes) {
  let at = root
  for (const segment of entry.template.slice(1).split('/')) {
    if (segment.startsWith('{')) {
      at.any ??= step()
      at = at.any
    } else {
      const next = at.literal.get(segment) ?? step()
      at.literal.set(segment, next)
      at = next
    }
  }
  at.routes.set(entry.method, entry)
}

/**
 * The endpoint of a request, with the values in its path, still encoded; null where there is none. A fixed word in a
 * path goes before an id.
 */
export function findRoute(
  method: string,
  path: string,
): { readonly route: Route; readonly parameters: readonly string[] } | null {
  const parameters: string[] = []
  let at: Step = root
  for (const segment of path.slice(1).split('/')) {
    const literal = at.literal.get(segment)
    if (literal !== undefined) at = literal
    else if (at.any !== null && segment !== '') {
      at = at.any
      parameters.push(segment)
    } else return null
  }
  const found = at.routes.get(method)
  return found === undefined ? null : { route: found, parameters }
}
