import type { Delivery, Operation } from '../../src/connector/index.ts'
import { text } from './answer.ts'
import { bodyOf } from './body.ts'
import { judge } from './failures.ts'
import type { DeliverOne, RecordWriter, Session } from './session.ts'

/**
 * Creates or updates companies by `company_id`: one call, whether it exists or not (OAS:5979, 5994).
 * Intercom does not say which of the two it did, so `created` is always false.
 * Two first writes of one company at once end in `unique_company_constraint`, which goes away when sent again
 * (FACTS 3.6).
 */
export class CompanyWriter implements RecordWriter {
  readonly #session: Session

  constructor(session: Session) {
    this.#session = session
  }

  begin(): DeliverOne {
    return (operation, signal) => this.#deliver(operation, signal)
  }

  async #deliver(operation: Operation, signal: AbortSignal): Promise<Delivery | null> {
    const { client, body: options } = this.#session
    const body = bodyOf(operation.record, options)
    const reply = await client.call({ method: 'POST', endpoint: '/companies', body }, signal)
    if (reply.kind === 'stopped') return null
    const id = reply.kind === 'answered' && reply.status === 200 ? text(reply.body, 'id') : null
    if (id !== null) return { result: 'applied', id, created: false }
    return judge(reply, operation.record)
  }
}
