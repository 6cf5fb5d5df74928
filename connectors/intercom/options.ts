import * as z from 'zod/mini'
import { described, secretOption } from '../../src/connector/index.ts'
import type { Share } from './window-budget.ts'

/** Where each region answers. Source: OAS:35604-35610. */
const regions = {
  us: 'https://api.intercom.io',
  eu: 'https://api.eu.intercom.io',
  au: 'https://api.au.intercom.io',
} as const

/** What `rate_limit` says; a number may come as text, out of a variable. */
function toShare(written: number | string, payload: z.core.ParsePayload): Share {
  const [, digits = '', percent] = /^(\d+(?:\.\d+)?)( ?%)?$/.exec(String(written)) ?? []
  const amount = Number(digits)
  const isShare = percent !== undefined
  if (digits !== '' && amount > 0 && (isShare ? amount <= 100 : Number.isSafeInteger(amount))) {
    return isShare ? { share: amount / 100 } : { count: amount }
  }
  const message = isShare
    ? 'must be a share from above 0% to 100%'
    : 'must be a share of the limit, such as 80%, or requests per 10 seconds, such as 500'
  payload.issues.push({ code: 'custom', message, input: written })
  return z.NEVER
}

/** The options of a target of type `intercom`. */
export const options = z
  .strictObject({
    token: secretOption('Access token of a private app, from the Developer Hub.').check(
      z.refine(
        (token) => /^[\x21-\x7e]+$/.test(token.reveal()),
        'holds a character that no token has: a space, a line break at its end (as files of secrets have), or the like',
      ),
    ),
    region: described(
      z.optional(z.enum(['us', 'eu', 'au'])),
      'Where the workspace is hosted: us, eu or au. Default us.',
    ),
    base_url: described(
      z.optional(z.url({ protocol: /^https?$/, error: 'must be an http or https URL' })),
      'Where requests go instead of a region, for a proxy or the sandbox: http://localhost:4010.',
    ),
    api_version: described(
      z._default(
        z
          .string()
          .check(z.regex(/^2\.\d+$/, 'must be a stable version of the API, in quotes: "2.16"')),
        '2.16',
      ),
      'Version of the API, sent with every request; in quotes, or YAML reads 2.10 as 2.1.',
    ),
    timeout: described(
      z._default(z.number().check(z.positive(), z.maximum(600)), 30),
      'Seconds that one request may take before it counts as lost.',
    ),
    concurrency: described(
      z._default(z.int().check(z.minimum(1), z.maximum(1_000)), 100),
      'Requests under way at once, and connections, at most. How many it takes is found out.',
    ),
    rate_limit: described(
      z.prefault(
        z.pipe(
          z.union(
            [z.int(), z.string().check(z.meta({ pattern: '^(\\d+|\\d+(\\.\\d+)? ?%)$' }))],
            'must be a share of the limit, such as 80%, or requests per 10 seconds, such as 500',
          ),
          z.transform(toShare),
        ),
        '100%',
      ),
      "How much of Intercom's rate limit to use: a share of it (80%), or requests per 10 seconds.",
    ),
  })
  .check(
    z.refine((given) => given.region === undefined || given.base_url === undefined, {
      path: ['base_url'],
      error: 'give either region or base_url, not both',
    }),
  )

export type IntercomOptions = z.output<typeof options>

/** The address that requests go to, without a slash at the end. */
export function baseUrl(chosen: Pick<IntercomOptions, 'region' | 'base_url'>): string {
  return (chosen.base_url ?? regions[chosen.region ?? 'us']).replace(/\/+$/, '')
}

/** Whether a version such as `2.13` is at least another. */
export function versionAtLeast(version: string, least: string): boolean {
  const minor = (text: string) => Number(text.split('.')[1])
  return minor(version) >= minor(least)
}
