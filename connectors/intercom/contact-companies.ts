import { type Reply, text } from './answer.ts'
import type { CompanyIds } from './company-ids.ts'
import { judge } from './failures.ts'
import type { ListChange, Refused } from './list-change.ts'
import type { ListWriter } from './list-delivery.ts'
import { gone, isMissing, isRecordMissing, settleRemovalOfGone } from './missing.ts'
import type { Session } from './session.ts'
import { allEnded, sideBySide } from './side-by-side.ts'
import { priorities } from './waiting-line.ts'

/** Attaches contacts to companies and detaches them, which takes Intercom's ids of both (FACTS 3.3). */
export class ContactCompanies implements ListWriter {
  readonly #session: Session
  readonly #ids: CompanyIds

  constructor(session: Session, ids: CompanyIds) {
    this.#session = session
    this.#ids = ids
  }

  async deliver(changes: readonly ListChange[], signal: AbortSignal): Promise<void> {
    await this.#ids.recall(
      changes.flatMap(({ additions, removals }) => [...additions, ...removals]),
    )
    await sideBySide(changes, (change, either) => this.#deliverOne(change, either), signal)
  }

  /** Detached first, so that a contact with all the companies that it may have can exchange some. */
  async #deliverOne(change: ListChange, signal: AbortSignal): Promise<void> {
    await allEnded(change.removals.map((companyId) => this.#detach(change, companyId, signal)))
    await allEnded(change.additions.map((companyId) => this.#attach(change, companyId, signal)))
  }

  /** `POST /contacts/{id}/companies` (OAS:6916); attaching twice does no harm. */
  async #attach(change: ListChange, companyId: string, signal: AbortSignal): Promise<void> {
    for (let tries = 0; ; tries += 1) {
      const found = await this.#ids.require(companyId, signal)
      if (found === null) return
      if ('refused' in found) return change.failed(found.refused)
      const id = found.id as string
      const reply = await this.#attachCall(change.id, id, tries, signal)
      if (reply.kind === 'stopped') return
      if (confirms(reply)) return change.added(companyId)
      if (tries > 0 || !isMissing(reply) || isRecordMissing(reply)) {
        return change.failed(this.#refusal(change, companyId, reply))
      }
      this.#ids.forget(companyId, id)
    }
  }

  #attachCall(contact: string, id: string, tries: number, signal: AbortSignal): Promise<Reply> {
    return this.#session.client.call(
      {
        method: 'POST',
        endpoint: '/contacts/{id}/companies',
        path: `/contacts/${encodeURIComponent(contact)}/companies`,
        body: { id },
        priority: tries === 0 ? priorities.write : priorities.repair,
      },
      signal,
    )
  }

  /** `DELETE /contacts/{id}/companies/{company_id}` (OAS:7124). What is not there is detached. */
  async #detach(change: ListChange, companyId: string, signal: AbortSignal): Promise<void> {
    const found = await this.#ids.find(companyId, signal)
    if (found === null) return
    if ('refused' in found) return change.failed(found.refused)
    if (found.id === undefined) return change.removed(companyId)
    const reply = await this.#session.client.call(
      {
        method: 'DELETE',
        endpoint: '/contacts/{id}/companies/{id}',
        path: `/contacts/${encodeURIComponent(change.id)}/companies/${encodeURIComponent(found.id)}`,
      },
      signal,
    )
    if (reply.kind === 'stopped') return
    if (isRecordMissing(reply)) return settleRemovalOfGone(this.#session, change, companyId, reply)
    if (confirms(reply) || isMissing(reply)) return change.removed(companyId)
    change.failed(this.#refusal(change, companyId, reply))
  }

  #refusal(
    change: ListChange,
    companyId: string,
    reply: Exclude<Reply, { kind: 'stopped' }>,
  ): Refused {
    if (isRecordMissing(reply)) return gone(this.#session, change.id, reply)
    const refused = judge(reply, { companies: companyId }) as Refused
    return { ...refused, failure: { ...refused.failure, field: 'companies' } }
  }
}

function confirms(reply: Reply): boolean {
  return reply.kind === 'answered' && reply.status === 200 && text(reply.body, 'id') !== null
}
