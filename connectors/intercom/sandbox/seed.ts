import { z } from 'zod'
import { attributeTypes } from './attributes.ts'
import { attributeLine } from './options.ts'

const seconds = z.int()
const customAttributes = z.record(
  z.string(),
  z.union([z.string(), z.number(), z.boolean(), z.null()]),
)
const id = z.string().min(1)
const tagNames = z.array(z.string().min(1)).default([])

const seedContact = z.strictObject({
  id: id.optional(),
  state: z.enum(['active', 'archived', 'deleted', 'merged']).default('active'),
  merged_into: id.nullable().default(null),
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
  tags: tagNames,
  companies: z.array(z.string().min(1)).default([]),
})

const seedConversation = z.strictObject({
  id: id.optional(),
  title: z.string().nullable().default(null),
  state: z.enum(['open', 'closed', 'snoozed']).default('open'),
  contacts: z.array(id).default([]),
  tags: tagNames,
  created_at: seconds.optional(),
})

/** What a workspace starts with. No rule of uniqueness is applied to contacts: what Intercom may hold may be seeded. */
export const seed = z.strictObject({
  admins: z
    .array(
      z.strictObject({
        id,
        name: z.string().default('Admin'),
        email: z.string().default('admin@sandbox.example'),
      }),
    )
    .default([]),
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
          dependent: z.boolean().default(false),
        }),
      ]),
    )
    .default([]),
  tags: z
    .array(
      z.union([
        z.string().min(1),
        z.strictObject({
          id: id.optional(),
          name: z.string().min(1),
          segments: z.array(z.string()).default([]),
        }),
      ]),
    )
    .default([]),
  companies: z.array(z.looseObject({ company_id: z.string().min(1), tags: tagNames })).default([]),
  contacts: z.array(seedContact).default([]),
  conversations: z.array(seedConversation).default([]),
})

export type Seed = z.input<typeof seed>

/** A seed with everything that was left out filled in. */
export type FullSeed = z.output<typeof seed>

/** The Intercom ids of what was put there, in the order given. */
export interface Seeded {
  readonly contacts: readonly string[]
  readonly companies: readonly string[]
  readonly conversations: readonly string[]
  readonly tags: readonly string[]
}
