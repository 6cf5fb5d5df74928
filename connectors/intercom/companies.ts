import type { Delivery, Operation } from '../../src/connector/index.ts'
import { text } from './answer.ts'
import { type BodyOptions, bodyOf } from './body.ts'
import type { Client } from './client.ts'
import { judge } from './failures.ts'

/**
 * Creates or updates a company by `company_id`: one call, whether it exists or not (OAS:5979, 5994).
 * Intercom does not say which of the two it did, so `created` is always false.
 * Two first writes of one company at once end in `unique_company_constraint`, which goes away when sent again
 * (FACTS 3.6).
 */
export async function deliverCompany(
  client: Client,
  options: BodyOptions,
  operation: Operation,
  signal: AbortSignal,
): Promise<Delivery | null> {
  const body = bodyOf(operation.record, options)
  const reply = await client.call({ method: 'POST', endpoint: '/companies', body }, signal)
  if (reply.kind === 'stopped') return null
  const id = reply.kind === 'answered' && reply.status === 200 ? text(reply.body, 'id') : null
  if (id !== null) return { result: 'applied', id, created: false }
  return judge(reply, operation.record)
}
