import { list, property, type Reply, text } from './answer.ts'
import type { Client } from './client.ts'
import { judge } from './failures.ts'
import type { Refused } from './list-change.ts'
import { isMissing } from './missing.ts'
import { priorities } from './waiting-line.ts'

/** A company as Intercom answers it, or null where it has none; a refusal; null where the run is being stopped. */
export type LookedUp = { readonly company: unknown } | { readonly refused: Refused } | null

/**
 * Looks a company up by `company_id`: one request, which sees what was written just before (FACTS 3.6). The
 * description shows a list, live clients see a single company (OAS:6073): both are read.
 */
export async function lookUpCompany(
  client: Client,
  companyId: string,
  signal: AbortSignal,
): Promise<LookedUp> {
  const reply = await client.call(
    {
      method: 'GET',
      endpoint: '/companies',
      path: `/companies?company_id=${encodeURIComponent(companyId)}`,
      priority: priorities.search,
    },
    signal,
  )
  if (reply.kind === 'stopped') return null
  if (isMissing(reply)) return { company: null }
  const found = companiesIn(reply)
  if (found === null) {
    const refused = judge(reply, { company_id: companyId })
    if (refused.result === 'applied') throw new Error('a refusal was judged to be a success')
    return { refused }
  }
  return { company: found.find((each) => text(each, 'company_id') === companyId) ?? null }
}

function companiesIn(reply: Reply): readonly unknown[] | null {
  if (reply.kind !== 'answered' || reply.status !== 200) return null
  if (Array.isArray(property(reply.body, 'data'))) return list(reply.body, 'data')
  return text(reply.body, 'id') === null ? null : [reply.body]
}
