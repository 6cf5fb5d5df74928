import type { Delivery, Operation, TargetRecord } from '../../src/connector/index.ts'
import { property, type Reply, text } from './answer.ts'
import { bodyOf } from './body.ts'
import { lookUpCompany } from './company-lookup.ts'
import { postOnly } from './company-refusals.ts'
import type { Refused } from './list-change.ts'
import type { Session } from './session.ts'
import { type Priority, priorities } from './waiting-line.ts'

/** What a look-up by `company_id` found; null for what there is not. */
export interface FoundCompany {
  readonly id: string | null
  /** In milliseconds since the Unix epoch, by Intercom's clock. */
  readonly createdAt: number | null
}

/** The requests that write a company. */
export class CompanyCalls {
  readonly #session: Session

  constructor(session: Session) {
    this.#session = session
  }

  /** Creates the company, or updates the one that has its `company_id` (OAS:5979, 5994). */
  post(record: TargetRecord, signal: AbortSignal, begun = false): Promise<Reply> {
    const { client, body } = this.#session
    return client.call(
      {
        method: 'POST',
        endpoint: '/companies',
        body: bodyOf(record, body),
        priority: priorityOf(begun),
      },
      signal,
    )
  }

  /** The company that has a `company_id`, null in place of its id where there is none; null where nothing was sent. */
  async find(companyId: string, signal: AbortSignal): Promise<FoundCompany | Refused | null> {
    const found = await lookUpCompany(this.#session.client, companyId, signal)
    if (found === null) return null
    if ('refused' in found) return found.refused
    const createdAt = property(found.company, 'created_at')
    return {
      id: text(found.company, 'id'),
      createdAt: typeof createdAt === 'number' ? createdAt * 1000 : null,
    }
  }

  /** Updates the company with an Intercom id; what Intercom does not take here is left out (OAS:28623). */
  put(id: string, record: TargetRecord, signal: AbortSignal, begun = false): Promise<Reply> {
    const { client, body } = this.#session
    return client.call(
      {
        method: 'PUT',
        endpoint: '/companies/{id}',
        path: pathOf(id),
        body: bodyOf(withoutFields(record, postOnly), body),
        priority: priorityOf(begun),
      },
      signal,
    )
  }

  /** Answered at once; archives the company and detaches its contacts soon after (OAS:6374). */
  delete(id: string, signal: AbortSignal, begun = false): Promise<Reply> {
    return this.#session.client.call(
      {
        method: 'DELETE',
        endpoint: '/companies/{id}',
        path: pathOf(id),
        priority: priorityOf(begun),
      },
      signal,
    )
  }
}

export function withoutFields(record: TargetRecord, fields: readonly string[]): TargetRecord {
  return Object.fromEntries(Object.entries(record).filter(([field]) => !fields.includes(field)))
}

function pathOf(id: string): string {
  return `/companies/${encodeURIComponent(id)}`
}

/** What has begun is finished before anything else is begun. */
function priorityOf(begun: boolean): Priority {
  return begun ? priorities.repair : priorities.write
}

/** The company is as wanted; Intercom does not say whether it is new. */
export function applied(id: string | null): Delivery {
  return { result: 'applied', id, created: false }
}

/** The `company_id` of a row; null where it has none. */
export function companyIdOf({ record }: Operation): string | null {
  const companyId = record.company_id
  return typeof companyId === 'string' && companyId !== '' ? companyId : null
}

/** Operations that concern the same company have the same. */
export function turnOf(operation: Operation): string {
  const companyId = companyIdOf(operation)
  return companyId === null ? `id ${operation.id}` : `company_id ${companyId}`
}

/** The id in an answer that confirms a company; null for every other reply. */
export function confirmedId(reply: Reply): string | null {
  return reply.kind === 'answered' && reply.status === 200 ? text(reply.body, 'id') : null
}
