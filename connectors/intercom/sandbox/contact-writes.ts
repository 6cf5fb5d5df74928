import type { Contact } from './contact.ts'
import { ApiError, parameterInvalid } from './errors.ts'
import { randomUuid } from './identifiers.ts'
import { field, type Json } from './request.ts'
import type { Workspace } from './workspace.ts'

/** Creates a contact. Throws 409 where a user with its external_id or email is there, archived and deleted ones too. */
export function createContact(workspace: Workspace, body: Json, version: number): Contact {
  const changes = acceptContact(workspace, body, version)
  const { role, external_id, email } = changes
  if (role === undefined && !external_id && !email) {
    throw new ApiError(400, 'parameter_missing', 'email, external_id or role has to be given')
  }
  if (role !== 'lead') {
    const refusal = createConflict(workspace, external_id ?? null, email ?? null)
    if (refusal !== null) throw refusal
  }
  const sequence = workspace.nextSequence()
  const now = workspace.seconds()
  return workspace.putContact({
    id: workspace.newId(sequence),
    sequence,
    state: 'active',
    mergedInto: null,
    role: 'user',
    email: null,
    phone: null,
    name: null,
    avatar: null,
    owner_id: null,
    unsubscribed_from_emails: false,
    signed_up_at: null,
    last_seen_at: null,
    created_at: now,
    updated_at: now,
    ...changes,
    // A lead's own external_id is ignored, and it gets a UUID.
    external_id: role === 'lead' ? randomUuid(workspace.random) : (external_id ?? null),
    custom_attributes: changes.custom_attributes ?? {},
    tags: [],
    companies: [],
  })
}

/** Changes the fields that were sent. Throws 409 where an active user holds the external_id. */
export function updateContact(
  workspace: Workspace,
  contact: Contact,
  body: Json,
  version: number,
): Contact {
  const changes = acceptContact(workspace, body, version)
  if (changes.role === 'lead' && contact.role === 'user') {
    throw new ApiError(400, 'client_error', "Contact with user role can't be converted to a lead")
  }
  const updated: Contact = {
    ...contact,
    ...changes,
    updated_at: workspace.seconds(),
    custom_attributes:
      changes.custom_attributes === undefined
        ? contact.custom_attributes
        : { ...contact.custom_attributes, ...changes.custom_attributes },
  }
  const holder = updated.role === 'user' ? updateHolder(workspace, contact, updated) : undefined
  if (holder !== undefined) throw conflict(holder)
  return workspace.putContact(updated)
}

/** Users with one external_id are one user; users with one email are two where their external_ids differ. */
function createConflict(
  workspace: Workspace,
  externalId: string | null,
  email: string | null,
): ApiError | null {
  if (externalId !== null) {
    const holder = first(blocking(workspace, workspace.contactsByExternalId(externalId)))
    if (holder !== undefined) return conflict(holder)
    if (email === null || workspace.options.email_adoption === 'duplicate') return null
    const unnamed = blocking(workspace, workspace.contactsByEmail(email)).filter(
      (user) => !user.external_id,
    )
    return refuse(unnamed)
  }
  return email === null ? null : refuse(blocking(workspace, workspace.contactsByEmail(email)))
}

function refuse(holders: readonly Contact[]): ApiError | null {
  const active = holders.filter((holder) => holder.state === 'active')
  if (active.length > 1) {
    return new ApiError(
      409,
      'conflict',
      'Multiple existing users match this email address - must be more specific using user_id',
    )
  }
  const holder = first(holders)
  return holder === undefined ? null : conflict(holder)
}

/** Throws 409 where another active user took the external_id of an archived one meanwhile. */
export function refuseSecondHolder(workspace: Workspace, archived: Contact): void {
  if (archived.role !== 'user' || archived.external_id === null) return
  const holders = users(workspace.contactsByExternalId(archived.external_id))
  const active = holders.find((holder) => holder.state === 'active')
  if (active !== undefined) throw conflict(active)
}

/** Archived users do not stop an update, and an email may be shared by users who differ in their external_id. */
function updateHolder(workspace: Workspace, before: Contact, after: Contact): Contact | undefined {
  const others = (contacts: readonly Contact[]) =>
    users(contacts).find((user) => user.id !== after.id && user.state === 'active')
  if (after.external_id !== null) {
    if (after.external_id === before.external_id && after.role === before.role) return undefined
    return others(workspace.contactsByExternalId(after.external_id))
  }
  if (after.email === null || after.email === before.email) return undefined
  return others(workspace.contactsByEmail(after.email))
}

/** Users that stop a create: a deleted one may do so for some time only. */
function blocking(workspace: Workspace, contacts: readonly Contact[]): Contact[] {
  const { deleted_blocks_ms: time } = workspace.options
  return users(contacts).filter(
    ({ state, updated_at }) =>
      state !== 'deleted' || time === 0 || workspace.milliseconds() < updated_at * 1000 + time,
  )
}

function users(contacts: readonly Contact[]): Contact[] {
  return contacts.filter((contact) => contact.role === 'user' && contact.state !== 'merged')
}

/** The one that a conflict names: an active one before an archived one. */
function first(holders: readonly Contact[]): Contact | undefined {
  return holders.find((holder) => holder.state === 'active') ?? holders[0]
}

function conflict(holder: Contact): ApiError {
  const what = holder.state === 'active' ? 'A contact' : 'An archived contact'
  return new ApiError(
    409,
    'conflict',
    `${what} matching those details already exists with id=${holder.id}`,
  )
}

type ContactChanges = Partial<
  Pick<
    Contact,
    | 'role'
    | 'external_id'
    | 'email'
    | 'phone'
    | 'name'
    | 'avatar'
    | 'owner_id'
    | 'signed_up_at'
    | 'last_seen_at'
    | 'unsubscribed_from_emails'
    | 'custom_attributes'
  >
>

/** What the body asks for, checked. Fields that Intercom does not let be written are ignored, as it does. */
function acceptContact(workspace: Workspace, body: Json, version: number): ContactChanges {
  const changes: { -readonly [Name in keyof ContactChanges]: ContactChanges[Name] } = {}
  const role = field(body, 'role', 'string')
  if (role === 'user' || role === 'lead') changes.role = role
  else if (role != null) throw parameterInvalid('role has to be user or lead', 'role')

  // Null and "" leave an external_id as it is.
  const externalId = field(body, 'external_id', 'string')
  if (externalId) changes.external_id = externalId
  const email = field(body, 'email', 'string')
  if (email !== undefined) changes.email = email || null
  for (const name of ['phone', 'name', 'avatar'] as const) {
    const value = field(body, name, 'string')
    if (value !== undefined) changes[name] = value
  }
  for (const name of ['signed_up_at', 'last_seen_at'] as const) {
    const value = field(body, name, 'seconds')
    if (value !== undefined) changes[name] = value
  }
  const unsubscribed = field(body, 'unsubscribed_from_emails', 'boolean')
  if (unsubscribed !== undefined) changes.unsubscribed_from_emails = unsubscribed ?? false
  if (version >= 216 && field(body, 'email_verified', 'boolean') != null && !email) {
    throw parameterInvalid('email_verified has to be sent with email', 'email_verified')
  }
  const owner =
    version < 216 && typeof body.owner_id === 'number'
      ? String(body.owner_id)
      : field(body, 'owner_id', 'string')
  if (owner != null && !workspace.admins.has(owner)) {
    throw parameterInvalid('The owner specified is not a member of the workspace')
  }
  if (owner !== undefined) changes.owner_id = owner
  if (body.custom_attributes != null) {
    changes.custom_attributes = workspace.attributes.accept('contact', body.custom_attributes)
  }
  return changes
}
