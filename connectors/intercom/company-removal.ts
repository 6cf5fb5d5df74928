import type { Delivery, Operation } from '../../src/connector/index.ts'
import { applied, type CompanyCalls, companyIdOf, confirmedId, turnOf } from './company-calls.ts'
import { noCompany, noCompanyIdentifier, rejected } from './company-refusals.ts'
import { unanswered } from './contact-answers.ts'
import { interrupted } from './deliver.ts'
import { judge } from './failures.ts'
import { isMissing } from './missing.ts'
import type { Session } from './session.ts'

/**
 * Deletes companies. One that Intercom does not have is as wanted where millrace once put it there, and else a row
 * that does not say which company it means.
 */
export class CompanyRemoval {
  readonly #session: Session
  readonly #calls: CompanyCalls
  /** Companies whose deletion was sent and not confirmed: that they are gone now is what was wanted. */
  readonly #perhapsGone = new Set<string>()

  constructor(session: Session, calls: CompanyCalls) {
    this.#session = session
    this.#calls = calls
  }

  /** Null where nothing was sent. */
  async deliver(operation: Operation, signal: AbortSignal): Promise<Delivery | null> {
    const { id, removal } = operation
    const companyId = companyIdOf(operation)
    const byId = this.#session.plan.identifier === 'id'
    if (id !== null) {
      const ended = await this.#delete(operation, id, false, signal)
      if (ended !== 'missing') return ended
      const settled = removal || byId || this.#perhapsGone.has(turnOf(operation))
      if (settled || companyId === null) return this.#absent(operation)
    }
    // What left the query with its id forgotten was not there any more.
    if (companyId === null && removal) return applied(null)
    if (companyId === null) return rejected(noCompanyIdentifier(byId ? 'id' : 'company_id'))
    const found = await this.#calls.find(companyId, signal)
    if (found === null) return id === null ? null : interrupted()
    if ('result' in found) return found
    if (found.id === null) return this.#absent(operation)
    const ended = await this.#delete(operation, found.id, true, signal)
    return ended === 'missing' ? this.#absent(operation) : ended
  }

  async #delete(
    operation: Operation,
    id: string,
    begun: boolean,
    signal: AbortSignal,
  ): Promise<Delivery | 'missing' | null> {
    const reply = await this.#calls.delete(id, signal, begun)
    if (reply.kind === 'stopped') return begun ? interrupted() : null
    if (isMissing(reply)) return 'missing'
    const done = confirmedId(reply) !== null
    if (!done && unanswered(reply)) this.#perhapsGone.add(turnOf(operation))
    else this.#perhapsGone.delete(turnOf(operation))
    return done ? applied(null) : judge(reply, operation.record)
  }

  #absent(operation: Operation): Delivery {
    const perhapsOurs =
      this.#perhapsGone.delete(turnOf(operation)) || operation.unansweredSince !== null
    if (operation.removal || perhapsOurs) return applied(null)
    return rejected(noCompany(this.#session.plan.identifier), null)
  }
}
