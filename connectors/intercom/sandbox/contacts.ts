import { type Contact, renderContact } from './contact.ts'
import { createContact, refuseSecondHolder, updateContact } from './contact-writes.ts'
import { ApiError } from './errors.ts'
import { cursorPage } from './pages.ts'
import { pathContact, present, writable, writableContact } from './path-contact.ts'
import { type ApiRequest, field, integerQuery, parameter } from './request.ts'
import { findContacts } from './search.ts'
import { withTag } from './tag.ts'

function render(request: ApiRequest, contact: Contact) {
  return renderContact(contact, request.workspace.options.app_id, request.version)
}

export function create(request: ApiRequest) {
  return render(request, createContact(request.workspace, request.body, request.version))
}

export function update(request: ApiRequest) {
  const contact = writableContact(request)
  const updated = updateContact(request.workspace, contact, request.body, request.version)
  // An email that was cleared is answered as "" here, and as null by a later search.
  const cleared = updated.email === null && request.body.email !== undefined
  return { ...render(request, updated), ...(cleared && { email: '' }) }
}

export function get(request: ApiRequest) {
  return render(request, pathContact(request))
}

export function findByExternalId(request: ApiRequest) {
  const holders = request.workspace.contactsByExternalId(parameter(request, 0))
  const user = holders.find((contact) => contact.state === 'active' && contact.role === 'user')
  return render(
    request,
    present(request, user ?? holders.find((contact) => contact.state === 'merged')),
  )
}

export function list(request: ApiRequest) {
  const active: Contact[] = []
  for (const contact of request.workspace.contacts()) {
    if (contact.state === 'active') active.push(contact)
  }
  const perPage = integerQuery(request, 'per_page', 50, 150)
  const page = cursorPage(active, perPage, request.query.get('starting_after'))
  return { ...page, data: page.data.map((contact) => render(request, contact)) }
}

export function search(request: ApiRequest) {
  const page = findContacts(request.workspace, request.body)
  return { ...page, data: page.data.map((contact) => render(request, contact)) }
}

/** The short form of a contact, in which archiving, unarchiving and deleting are answered. */
function reference(contact: Contact) {
  return { type: 'contact', id: contact.id, external_id: contact.external_id }
}

export function archive(request: ApiRequest) {
  const { workspace } = request
  const contact = writableContact(request)
  workspace.putContact({ ...contact, state: 'archived', updated_at: workspace.seconds() })
  return { ...reference(contact), archived: true }
}

export function unarchive(request: ApiRequest) {
  const { workspace } = request
  const contact = workspace.contact(parameter(request, 0))
  if (contact?.state === 'deleted') {
    // While a deletion is under way Intercom was seen to fail.
    if (workspace.milliseconds() < contact.updated_at * 1000 + workspace.options.deleting_ms) {
      throw new ApiError(500, 'server_error', 'Server Error')
    }
    throw new ApiError(
      400,
      'bad_request',
      'User has been marked for permanent deletion and is not restorable.',
    )
  }
  if (contact?.state === 'archived') {
    refuseSecondHolder(workspace, contact)
    workspace.putContact({ ...contact, state: 'active', updated_at: workspace.seconds() })
  } else {
    writable(request, contact)
  }
  return { ...reference(contact as Contact), archived: false }
}

export function remove(request: ApiRequest) {
  const { workspace } = request
  const contact = workspace.contact(parameter(request, 0))
  if (contact?.state !== 'archived') writable(request, contact)
  const kept = contact as Contact
  workspace.putContact({ ...kept, state: 'deleted', updated_at: workspace.seconds() })
  return { ...reference(kept), deleted: true }
}

export function merge(request: ApiRequest) {
  const { workspace, body } = request
  const [from, into] = ['from', 'into'].map((name) => {
    const id = field(body, name, 'string')
    if (id == null) throw new ApiError(400, 'parameter_not_found', `${name} not specified`)
    return present(request, workspace.contact(id))
  }) as [Contact, Contact]
  if (from.role !== 'lead' || into.role !== 'user') {
    throw new ApiError(400, 'invalid_merge', 'A lead can be merged into a user, nothing else')
  }
  const skip = field(body, 'skip_duplicate_validation', 'boolean') === true
  const duplicates =
    (from.email !== null && from.email.toLowerCase() === into.email?.toLowerCase()) ||
    (from.phone !== null && from.phone === into.phone)
  if (request.version >= 216 && !skip && !duplicates) {
    throw new ApiError(
      400,
      'invalid_merge',
      'Contacts can only be merged when they are duplicates (matching email or phone). Pass skip_duplicate_validation=true to override this check.',
    )
  }
  const updated_at = workspace.seconds()
  workspace.putContact({ ...from, state: 'merged', mergedInto: into.id, updated_at })
  return render(
    request,
    workspace.putContact({
      ...into,
      updated_at,
      tags: from.tags.reduce(withTag, into.tags),
      companies: [...new Set([...into.companies, ...from.companies])],
    }),
  )
}
