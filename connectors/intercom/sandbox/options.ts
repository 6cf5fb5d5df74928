import { z } from 'zod'
import { scopes } from './scopes.ts'
import { versionNames } from './versions.ts'

/** A custom attribute in one line: `contact.seats:integer`, `company.tier:options(a|b)`. */
export const attributeLine = z
  .string()
  .regex(
    /^(contact|company)\.[^:]+:(string|integer|float|boolean|date|options\(.+\|.+\))$/,
    'must read contact.NAME:TYPE or company.NAME:TYPE, TYPE being string, integer, float, boolean, date or options(a|b)',
  )

/** What can be changed while the sandbox runs. */
export const settings = z.strictObject({
  token: z.string().min(1).default('sandbox-token').describe('The access token it accepts'),
  app_version: z
    .enum(versionNames as [string, ...string[]])
    .default('1.0')
    .describe(
      'The API version of a request without Intercom-Version: what the app is set to, and 1.0 where it is set to none',
    ),
  rate_limit: z
    .int()
    .min(0)
    .default(1666)
    .describe('Requests per 10-second window; 0 for no limit'),
  other_app_calls: z
    .int()
    .min(0)
    .default(0)
    .describe(
      'Requests per window that another app of the workspace takes, spread over the window',
    ),
  search_lag_ms: z
    .int()
    .min(0)
    .default(60_000)
    .describe(
      'How far contact search trails behind writes, in milliseconds; what is seeded is found at once',
    ),
  search_in_limit: z
    .int()
    .min(0)
    .default(0)
    .describe('Values that IN and NIN take in a search; 0 for any number'),
  latency_ms: z.int().min(0).default(0).describe('How long every answer takes, in milliseconds'),
  email_adoption: z
    .enum(['duplicate', 'conflict'])
    .default('duplicate')
    .describe(
      'Creating a user with a new external_id and the email of a user who has none: makes a second user, or is refused with 409',
    ),
  long_strings: z
    .enum(['truncate', 'reject'])
    .default('truncate')
    .describe('What becomes of a custom attribute with more than 255 characters'),
  unknown_choices: z
    .enum(['reject', 'accept'])
    .default('reject')
    .describe('What becomes of a value that is not one of the options of its attribute'),
  attribute_limit: z
    .int()
    .min(0)
    .default(250)
    .describe('Active custom attributes that the workspace may have'),
  companies_per_contact: z
    .int()
    .min(0)
    .default(1_000)
    .describe('Companies that a contact may be attached to'),
  tag_batch: z
    .int()
    .min(0)
    .default(50)
    .describe('Contacts or companies that POST /tags takes at a time; 0 for any number'),
  user_untag: z
    .enum(['ignored', 'refused', 'works'])
    .default('ignored')
    .describe(
      'What "untag": true does to a contact in POST /tags; where it is ignored it is tagged',
    ),
  removing_absent: z
    .enum(['not_found', 'accepted'])
    .default('not_found')
    .describe('The answer to taking away a tag or a company that is not there: 404 or 200'),
  merged_writes: z
    .enum(['gone', 'not_found'])
    .default('gone')
    .describe('The answer to writing to a merged contact, from 2.16 on: 410 or 404'),
  deleted_blocks_ms: z
    .int()
    .min(0)
    .default(0)
    .describe('How long a deleted contact blocks its external_id and its email; 0 for good'),
  deleting_ms: z
    .int()
    .min(0)
    .default(0)
    .describe('How long unarchiving a contact that was just deleted answers 500 in place of 400'),
  company_deletion_ms: z
    .int()
    .min(0)
    .default(0)
    .describe(
      'How long after the answer a deleted company is really archived and its contacts are detached',
    ),
  without_scopes: z
    .array(z.enum(scopes))
    .default([])
    .describe(`A scope that the token lacks, of ${scopes.join(', ')}; may be given several times`),
  missing_scope: z
    .enum(['unauthorized', 'forbidden'])
    .default('unauthorized')
    .describe('What a token that lacks a scope gets: 401 token_unauthorized or 403 forbidden'),
})

/** What `startSandbox` takes and `millrace sandbox` has flags for. */
export const sandboxOptions = z.strictObject({
  port: z.int().min(0).max(65_535).default(0).describe('The port on 127.0.0.1; 0 for a free one'),
  ...settings.shape,
  app_id: z
    .string()
    .min(1)
    .default('sandbox')
    .describe('The id of the workspace, as GET /me answers it'),
  region: z.enum(['US', 'EU', 'AU']).default('US').describe('The region, as GET /me answers it'),
  timezone: z
    .string()
    .refine(isTimezone, 'must be the name of a time zone, such as Europe/Dublin')
    .default('UTC')
    .describe('The time zone of the workspace: search matches dates by its calendar days'),
  attributes: z
    .array(attributeLine)
    .default([])
    .describe(
      'A custom attribute that exists from the start, such as contact.seats:integer or company.tier:options(a|b); may be given several times',
    ),
  seed: z
    .string()
    .min(1)
    .optional()
    .describe(
      'A JSON file with the attributes, contacts, companies, conversations, tags and admins to start with',
    ),
  keep_requests: z
    .int()
    .min(0)
    .default(10_000)
    .describe('How many of the latest requests are kept for looking at; counts go on'),
})

export type Settings = z.infer<typeof settings>
export type SandboxOptions = z.infer<typeof sandboxOptions>

function isTimezone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false
  }
}
