import { tokenOwner } from './admin.ts'
import { parseAttribute } from './attributes.ts'
import { upsertCompany } from './companies.ts'
import type { Contact } from './contact.ts'
import { parameterInvalid } from './errors.ts'
import { type FullSeed, type Seeded, seed } from './seed.ts'
import type { AppliedTag } from './tag.ts'
import type { Workspace } from './workspace.ts'

/** Puts what a seed says in place. Throws `$ZodError` or `ApiError` for what cannot be. */
export function plantSeed(workspace: Workspace, input: unknown): Seeded {
  const parsed = seed.parse(input)
  for (const admin of parsed.admins) workspace.admins.set(admin.id, admin)
  for (const attribute of parsed.attributes) plantAttribute(workspace, attribute)
  const planted = {
    tags: parsed.tags.map((tag) => plantTag(workspace, tag)),
    companies: parsed.companies.map((company) => plantCompany(workspace, company)),
    contacts: parsed.contacts.map((contact) => plantContact(workspace, contact)),
    conversations: parsed.conversations.map((one) => plantConversation(workspace, one)),
  }
  for (const { merged_into: into } of parsed.contacts) {
    if (into !== null && workspace.contact(into) === undefined) {
      throw parameterInvalid(`There is no contact with the id '${into}' to be merged into`)
    }
  }
  return planted
}

function plantAttribute({ attributes }: Workspace, input: FullSeed['attributes'][number]): void {
  if (typeof input === 'string') {
    attributes.create(parseAttribute(input))
    return
  }
  const { model, name, type, options = null, archived, dependent } = input
  const planted = attributes.create({
    model,
    name,
    type: type === 'options' ? 'string' : type,
    options,
    dependent,
  })
  if (archived) attributes.change(planted, { archived })
}

function plantTag({ tags }: Workspace, input: FullSeed['tags'][number]): string {
  if (typeof input === 'string') return tags.named(input).id
  const { id, name, segments } = input
  const held = tags.byName(name)
  if (id !== undefined && held !== undefined) {
    throw parameterInvalid(`There is a tag '${held.name}' already`)
  }
  return tags.put({ ...(id === undefined ? tags.named(name) : { id, name }), segments }).id
}

function plantCompany(
  workspace: Workspace,
  { tags, ...company }: FullSeed['companies'][number],
): string {
  const planted = upsertCompany(workspace, company)
  workspace.putCompany({ ...planted, tags: applied(workspace, tags) })
  return planted.id
}

function plantContact(workspace: Workspace, input: FullSeed['contacts'][number]): string {
  const { id, created_at, updated_at, custom_attributes, merged_into, ...fields } = input
  if ((fields.state === 'merged') !== (merged_into !== null)) {
    throw parameterInvalid('A merged contact has to say which contact it was merged_into')
  }
  const sequence = workspace.nextSequence()
  const now = workspace.seconds()
  const contact: Contact = {
    ...fields,
    id: id ?? workspace.newId(sequence),
    sequence,
    mergedInto: merged_into,
    created_at: created_at ?? now,
    updated_at: updated_at ?? now,
    custom_attributes: workspace.attributes.accept('contact', custom_attributes),
    tags: applied(workspace, fields.tags),
    companies: fields.companies.map((companyId) => {
      const company = workspace.companyByCompanyId(companyId)
      if (company !== undefined) return company.id
      throw parameterInvalid(`There is no company with the company_id '${companyId}'`)
    }),
  }
  workspace.seedContact(contact)
  return contact.id
}

function plantConversation(workspace: Workspace, input: FullSeed['conversations'][number]): string {
  const { id = String(workspace.nextSequence()), tags, created_at, ...fields } = input
  const now = workspace.seconds()
  workspace.conversations.set(id, {
    ...fields,
    id,
    tags: applied(workspace, tags),
    created_at: created_at ?? now,
    updated_at: now,
  })
  return id
}

/** Tags by name, made where there are none. */
function applied(workspace: Workspace, names: readonly string[]): AppliedTag[] {
  const ids = new Set(names.map((name) => workspace.tags.named(name).id))
  return [...ids].map((id) => ({ id, at: workspace.seconds(), by: tokenOwner.id }))
}
