import { z } from 'zod'
import { secretOption } from '../../src/connector/index.ts'
import type { Share } from './window-budget.ts'

/** Where each region answers. Source: OAS:35604-35610. */
const regions = {
  us: 'https://api.intercom.io',
  eu: 'https://api.eu.intercom.io',
  au: 'https://api.au.intercom.io',
} as const

/** What `rate_limit` says; a number may come as text, out of a variable. */
function toShare(written: number | string, context: z.RefinementCtx): Share {
  const [, digits = '', percent] = /^(\d+(?:\.\d+)?)( ?%)?$/.exec(String(written)) ?? []
  const amount = Number(digits)
  const isShare = percent !== undefined
  if (digits !== '' && amount > 0 && (isShare ? amount <= 100 : Number.isSafeInteger(amount))) {
    return isShare ? { share: amount / 100 } : { count: amount }
  }
  const message = isShare
    ? 'must be a share from above 0% to 100%'
    : 'must be a share of the limit, such as 80%, or requests per 10 seconds, such as 500'
  context.addIssue({ code: 'custom', message })
  return z.NEVER
}

/** The options of a target of type `intercom`. */
export const options = z
  .strictObject({
    token: secretOption('Access token of a private app, from the Developer Hub.').refine(
      (token) => /^[\x21-\x7e]+$/.test(token.reveal()),
      'holds a character that no token has: a space, a line break at its end (as files of secrets have), or the like',
    ),
    region: z
      .enum(['us', 'eu', 'au'])
      .optional()
      .describe('Where the workspace is hosted: us, eu or au. Default us.'),
    base_url: z
      .url({ protocol: /^https?$/, error: 'must be an http or https URL' })
      .optional()
      .describe(
        'Where requests go instead of a region, for a proxy or the sandbox: http://localhost:4010.',
      ),
    api_version: z
      .string()
      .regex(/^2\.\d+$/, 'must be a stable version of the API, in quotes: "2.16"')
      .default('2.16')
      .describe(
        'Version of the API, sent with every request; in quotes, or YAML reads 2.10 as 2.1.',
      ),
    timeout: z
      .number()
      .positive()
      .max(600)
      .default(30)
      .describe('Seconds that one request may take before it counts as lost.'),
    concurrency: z
      .int()
      .min(1)
      .max(1_000)
      .default(100)
      .describe(
        'Requests under way at once, and connections, at most. How many it takes is found out.',
      ),
    rate_limit: z
      .union(
        [z.int(), z.string().meta({ pattern: '^(\\d+|\\d+(\\.\\d+)? ?%)$' })],
        'must be a share of the limit, such as 80%, or requests per 10 seconds, such as 500',
      )
      .transform(toShare)
      .prefault('100%')
      .describe(
        "How much of Intercom's rate limit to use: a share of it (80%), or requests per 10 seconds.",
      ),
  })
  .refine((given) => given.region === undefined || given.base_url === undefined, {
    path: ['base_url'],
    error: 'give either region or base_url, not both',
  })

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
