import * as z from 'zod/mini'
import { described } from '../../../src/connector/index.ts'
import { scopes } from './scopes.ts'
import { versionNames } from './versions.ts'

// What is wrong with a setting or a seed is told in zod's own words, which it says in no language by itself.
z.config(z.locales.en())

const text = z.string().check(z.minLength(1))
const amount = z.int().check(z.minimum(0))

/** A custom attribute in one line: `contact.seats:integer`, `company.tier:options(a|b)`. */
export const attributeLine = z
  .string()
  .check(
    z.regex(
      /^(contact|company)\.[^:]+:(string|integer|float|boolean|date|options\(.+\|.+\))$/,
      'must read contact.NAME:TYPE or company.NAME:TYPE, TYPE being string, integer, float, boolean, date or options(a|b)',
    ),
  )

/** What can be changed while the sandbox runs. */
export const settings = z.strictObject({
  token: described(z._default(text, 'sandbox-token'), 'The access token it accepts'),
  app_version: described(
    z._default(z.enum(versionNames as [string, ...string[]]), '1.0'),
    'The API version of a request without Intercom-Version: what the app is set to, and 1.0 where it is set to none',
  ),
  rate_limit: described(z._default(amount, 1666), 'Requests per 10-second window; 0 for no limit'),
  other_app_calls: described(
    z._default(amount, 0),
    'Requests per window that another app of the workspace takes, spread over the window',
  ),
  search_lag_ms: described(
    z._default(amount, 60_000),
    'How far contact search trails behind writes, in milliseconds; what is seeded is found at once',
  ),
  search_in_limit: described(
    z._default(amount, 0),
    'Values that IN and NIN take in a search; 0 for any number',
  ),
  latency_ms: described(z._default(amount, 0), 'How long every answer takes, in milliseconds'),
  email_adoption: described(
    z._default(z.enum(['duplicate', 'conflict']), 'duplicate'),
    'Creating a user with a new external_id and the email of a user who has none: makes a second user, or is refused with 409',
  ),
  long_strings: described(
    z._default(z.enum(['truncate', 'reject']), 'truncate'),
    'What becomes of a custom attribute with more than 255 characters',
  ),
  unknown_choices: described(
    z._default(z.enum(['reject', 'accept']), 'reject'),
    'What becomes of a value that is not one of the options of its attribute',
  ),
  attribute_limit: described(
    z._default(amount, 250),
    'Active custom attributes that the workspace may have',
  ),
  companies_per_contact: described(
    z._default(amount, 1_000),
    'Companies that a contact may be attached to',
  ),
  tag_batch: described(
    z._default(amount, 50),
    'Contacts or companies that POST /tags takes at a time; 0 for any number',
  ),
  user_untag: described(
    z._default(z.enum(['ignored', 'refused', 'works']), 'ignored'),
    'What "untag": true does to a contact in POST /tags; where it is ignored it is tagged',
  ),
  removing_absent: described(
    z._default(z.enum(['not_found', 'accepted']), 'not_found'),
    'The answer to taking away a tag or a company that is not there: 404 or 200',
  ),
  merged_writes: described(
    z._default(z.enum(['gone', 'not_found']), 'gone'),
    'The answer to writing to a merged contact, from 2.16 on: 410 or 404',
  ),
  deleted_blocks_ms: described(
    z._default(amount, 0),
    'How long a deleted contact blocks its external_id and its email; 0 for good',
  ),
  deleting_ms: described(
    z._default(amount, 0),
    'How long unarchiving a contact that was just deleted answers 500 in place of 400',
  ),
  company_deletion_ms: described(
    z._default(amount, 0),
    'How long after the answer a deleted company is really archived and its contacts are detached',
  ),
  without_scopes: described(
    z._default(z.array(z.enum(scopes)), []),
    `A scope that the token lacks, of ${scopes.join(', ')}; may be given several times`,
  ),
  missing_scope: described(
    z._default(z.enum(['unauthorized', 'forbidden']), 'unauthorized'),
    'What a token that lacks a scope gets: 401 token_unauthorized or 403 forbidden',
  ),
})

/** What `startSandbox` takes and `millrace sandbox` has flags for. */
export const sandboxOptions = z.strictObject({
  port: described(
    z._default(z.int().check(z.minimum(0), z.maximum(65_535)), 0),
    'The port on 127.0.0.1; 0 for a free one',
  ),
  ...settings.shape,
  app_id: described(z._default(text, 'sandbox'), 'The id of the workspace, as GET /me answers it'),
  region: described(
    z._default(z.enum(['US', 'EU', 'AU']), 'US'),
    'The region, as GET /me answers it',
  ),
  timezone: described(
    z._default(
      z
        .string()
        .check(z.refine(isTimezone, 'must be the name of a time zone, such as Europe/Dublin')),
      'UTC',
    ),
    'The time zone of the workspace: search matches dates by its calendar days',
  ),
  attributes: described(
    z._default(z.array(attributeLine), []),
    'A custom attribute that exists from the start, such as contact.seats:integer or company.tier:options(a|b); may be given several times',
  ),
  seed: described(
    z.optional(text),
    'A JSON file with the attributes, contacts, companies, conversations, tags and admins to start with',
  ),
  keep_requests: described(
    z._default(amount, 10_000),
    'How many of the latest requests are kept for looking at; counts go on',
  ),
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
