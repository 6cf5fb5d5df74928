import * as z from 'zod/mini'
import { attributeTypes } from './attributes.ts'
import { attributeLine } from './options.ts'

const seconds = z.int()
const customAttributes = z.record(
  z.string(),
  z.union([z.string(), z.number(), z.boolean(), z.null()]),
)
const text = z.string().check(z.minLength(1))
const id = text
const tagNames = z._default(z.array(text), [])

const seedContact = z.strictObject({
  id: z.optional(id),
  state: z._default(z.enum(['active', 'archived', 'deleted', 'merged']), 'active'),
  merged_into: z._default(z.nullable(id), null),
  role: z._default(z.enum(['user', 'lead']), 'user'),
  external_id: z._default(z.nullable(text), null),
  email: z._default(z.nullable(text), null),
  phone: z._default(z.nullable(z.string()), null),
  name: z._default(z.nullable(z.string()), null),
  avatar: z._default(z.nullable(z.string()), null),
  owner_id: z._default(z.nullable(z.string()), null),
  unsubscribed_from_emails: z._default(z.boolean(), false),
  signed_up_at: z._default(z.nullable(seconds), null),
  last_seen_at: z._default(z.nullable(seconds), null),
  created_at: z.optional(seconds),
  updated_at: z.optional(seconds),
  custom_attributes: z._default(customAttributes, {}),
  tags: tagNames,
  companies: z._default(z.array(text), []),
})

const seedConversation = z.strictObject({
  id: z.optional(id),
  title: z._default(z.nullable(z.string()), null),
  state: z._default(z.enum(['open', 'closed', 'snoozed']), 'open'),
  contacts: z._default(z.array(id), []),
  tags: tagNames,
  created_at: z.optional(seconds),
})

/** What a workspace starts with. No rule of uniqueness is applied to contacts: what Intercom may hold may be seeded. */
export const seed = z.strictObject({
  admins: z._default(
    z.array(
      z.strictObject({
        id,
        name: z._default(z.string(), 'Admin'),
        email: z._default(z.string(), 'admin@sandbox.example'),
      }),
    ),
    [],
  ),
  attributes: z._default(
    z.array(
      z.union([
        attributeLine,
        z.strictObject({
          model: z.enum(['contact', 'company']),
          name: text,
          type: z.enum([...attributeTypes, 'options']),
          options: z.optional(z.array(z.string()).check(z.minLength(2))),
          archived: z._default(z.boolean(), false),
          dependent: z._default(z.boolean(), false),
        }),
      ]),
    ),
    [],
  ),
  tags: z._default(
    z.array(
      z.union([
        text,
        z.strictObject({
          id: z.optional(id),
          name: text,
          segments: z._default(z.array(z.string()), []),
        }),
      ]),
    ),
    [],
  ),
  companies: z._default(z.array(z.looseObject({ company_id: text, tags: tagNames })), []),
  contacts: z._default(z.array(seedContact), []),
  conversations: z._default(z.array(seedConversation), []),
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
