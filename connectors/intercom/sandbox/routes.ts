import { get as admin, list as admins, me } from './admins.ts'
import * as companies from './companies.ts'
import * as companyLists from './company-lists.ts'
import * as contactCompanies from './contact-companies.ts'
import * as contactTags from './contact-tags.ts'
import * as contacts from './contacts.ts'
import * as conversations from './conversations.ts'
import * as attributes from './data-attributes.ts'
import type { Handler } from './request.ts'
import type { Scope } from './scopes.ts'
import * as tags from './tags.ts'

/** One endpoint: what it is called in counts and faults, and who answers it. */
export interface Route {
  readonly method: string
  /** The path with ids left out: `/contacts/{id}`. */
  readonly template: string
  readonly handler: Handler
  /** The first version of the API that has it, as a number. */
  readonly since: number
  /** What the token has to be allowed to do; null where any token will do. */
  readonly scope: Scope | null
}

const routes: readonly Route[] = [
  route('GET', '/me', me, null, 100),
  route('GET', '/admins', admins, 'read_admins'),
  route('GET', '/admins/{id}', admin, 'read_admins'),
  route('POST', '/contacts', contacts.create, 'write_users'),
  route('GET', '/contacts', contacts.list, 'read_users'),
  route('POST', '/contacts/search', contacts.search, 'read_users'),
  route('POST', '/contacts/merge', contacts.merge, 'write_users'),
  route(
    'GET',
    '/contacts/find_by_external_id/{external_id}',
    contacts.findByExternalId,
    'read_users',
    213,
  ),
  route('GET', '/contacts/{id}', contacts.get, 'read_users'),
  route('PUT', '/contacts/{id}', contacts.update, 'write_users'),
  route('DELETE', '/contacts/{id}', contacts.remove, 'write_users'),
  route('POST', '/contacts/{id}/archive', contacts.archive, 'write_users'),
  route('POST', '/contacts/{id}/unarchive', contacts.unarchive, 'write_users'),
  route('GET', '/contacts/{id}/companies', contactCompanies.list, 'read_users'),
  route('POST', '/contacts/{id}/companies', contactCompanies.attach, 'write_users'),
  route('DELETE', '/contacts/{id}/companies/{id}', contactCompanies.detach, 'write_users'),
  route('GET', '/contacts/{id}/tags', contactTags.list, 'read_tags'),
  route('POST', '/contacts/{id}/tags', contactTags.add, 'write_tags'),
  route('DELETE', '/contacts/{id}/tags/{id}', contactTags.remove, 'write_tags'),
  route('POST', '/companies', companies.createOrUpdate, 'write_users'),
  route('GET', '/companies', companies.find, 'read_users'),
  route('POST', '/companies/list', companyLists.all, 'read_users'),
  route('GET', '/companies/{id}', companies.get, 'read_users'),
  route('PUT', '/companies/{id}', companies.update, 'write_users'),
  route('DELETE', '/companies/{id}', companies.remove, 'write_users'),
  route('GET', '/companies/{id}/contacts', companyLists.contacts, 'read_users'),
  route('GET', '/conversations/{id}', conversations.get, 'read_conversations'),
  route('POST', '/conversations/{id}/tags', conversations.tag, 'write_tags'),
  route('DELETE', '/conversations/{id}/tags/{id}', conversations.untag, 'write_tags'),
  route('GET', '/tags', tags.list, 'read_tags'),
  route('POST', '/tags', tags.post, 'write_tags'),
  route('GET', '/tags/{id}', tags.get, 'read_tags'),
  route('DELETE', '/tags/{id}', tags.remove, 'write_tags'),
  route('GET', '/data_attributes', attributes.list, 'read_users'),
  route('POST', '/data_attributes', attributes.create, 'write_data_attributes'),
  route('PUT', '/data_attributes/{id}', attributes.update, 'write_data_attributes'),
]

function route(
  method: string,
  template: string,
  handler: Handler,
  scope: Scope | null,
  since = 200,
): Route {
  return { method, template, handler, since, scope }
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
