import { z } from 'zod'
import { attributeTypes, parseAttribute } from './attributes.ts'
import { upsertCompany } from './companies.ts'
import type { Contact } from './contact.ts'
import { attributeLine } from './options.ts'
import type { Workspace } from './workspace.ts'

const seconds = z.int()
const customAttributes = z.record(
  z.string(),
  z.union([z.string(), z.number(), z.boolean(), z.null()]),
)

const seedContact = z.strictObject({
  id: z.string().min(1).optional(),
  state: z.enum(['active', 'archived', 'deleted']).default('active'),
  role: z.enum(['user', 'lead']).default('user'),
  external_id: z.string().min(1).nullable().default(null),
  email: z.string().min(1).nullable().default(null),
  phone: z.string().nullable().default(null),
  name: z.string().nullable().default(null),
  avatar: z.string().nullable().default(null),
  owner_id: z.string().nullable().default(null),
  unsubscribed_from_emails: z.boolean().default(false),
  signed_up_at: seconds.nullable().default(null),
  last_seen_at: seconds.nullable().default(null),
  created_at: seconds.optional(),
  updated_at: seconds.optional(),
  custom_attributes: customAttributes.default({}),
})

/** What a workspace starts with. No rule of uniqueness is applied to contacts: what Intercom may hold may be seeded. */
export const seed = z.strictObject({
  attributes: z
    .array(
      z.union([
        attributeLine,
        z.strictObject({
          model: z.enum(['contact', 'company']),
          name: z.string().min(1),
          type: z.enum([...attributeTypes, 'options']),
          options: z.array(z.string()).min(2).optional(),
          archived: z.boolean().default(false),
        }),
      ]),
    )
    .default([]),
  contacts: z.array(seedContact).default([]),
  companies: z.array(z.looseObject({ company_id: z.string().min(1) })).default([]),
})

export type Seed = z.input<typeof seed>

/** What was put there, in the order given. */
export interface Seeded {
  readonly contacts: readonly string[]
  readonly companies: readonly string[]
}

/** Puts attributes, contacts and companies in place. Throws `ZodError` or `ApiError` for what cannot be. */
export function plantSeed(workspace: Workspace, input: unknown): Seeded {
  const { attributes, contacts, companies } = seed.parse(input)
  for (const attribute of attributes) plantAttribute(workspace, attribute)
  return {
    contacts: contacts.map((contact) => plantContact(workspace, contact)),
    companies: companies.map((company) => upsertCompany(workspace, company).id),
  }
}

function plantAttribute(
  { attributes }: Workspace,
  input: z.infer<typeof seed>['attributes'][number],
): void {
  if (typeof input === 'string') {
    attributes.create(parseAttribute(input))
    return
  }
  const { model, name, type, options = null, archived } = input
  const planted = attributes.create({
    model,
    name,
    type: type === 'options' ? 'string' : type,
    options,
  })
  if (archived) attributes.change(planted, { archived })
}

function plantContact(workspace: Workspace, input: z.infer<typeof seedContact>): string {
  const sequence = workspace.nextSequence()
  const { id, created_at, updated_at, custom_attributes, ...fields } = input
  const now = workspace.seconds()
  const contact: Contact = {
    ...fields,
    id: id ?? workspace.newId(sequence),
    sequence,
    mergedInto: null,
    created_at: created_at ?? now,
    updated_at: updated_at ?? now,
    custom_attributes: workspace.attributes.accept('contact', custom_attributes),
  }
  workspace.seedContact(contact)
  return contact.id
}
