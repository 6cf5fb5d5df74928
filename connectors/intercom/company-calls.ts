import type { TargetRecord } from '../../src/connector/index.ts'
import type { Reply } from './answer.ts'
import { bodyOf } from './body.ts'
import { postOnly } from './company-refusals.ts'
import type { Priority } from './limits.ts'
import { priorities } from './limits.ts'
import type { Session } from './session.ts'

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
