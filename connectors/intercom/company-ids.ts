import type { Failure } from '../../src/connector/index.ts'
import { text } from './answer.ts'
import { lookUpCompany } from './company-lookup.ts'
import { judge } from './failures.ts'
import type { Refused } from './list-change.ts'
import type { Session } from './session.ts'
import { Turns } from './turns.ts'
import { priorities } from './waiting-line.ts'

/** Companies that are remembered at once; beyond, those that were learnt first are asked for anew. */
const mostRemembered = 50_000

/** Intercom's id of a company, undefined where it has none; a refusal; null where the run is being stopped. */
export type Found = { readonly id: string | undefined } | { readonly refused: Refused } | null

/**
 * Intercom's ids of companies by `company_id`: those that company activations have learnt, else looked up, once per
 * run each, else created where the activation says so.
 */
export class CompanyIds {
  readonly #session: Session
  /** Null for a company that Intercom does not have. */
  readonly #ids = new Map<string, string | null>()
  readonly #turns = new Turns()

  constructor(session: Session) {
    this.#session = session
  }

  /** Asks for what other activations know, all at once and without a request. */
  async recall(companyIds: Iterable<string>): Promise<void> {
    const unknown = [...new Set(companyIds)].filter((companyId) => !this.#ids.has(companyId))
    if (unknown.length === 0) return
    const { knownIds } = this.#session.context
    for (const [companyId, id] of await knownIds.find('company', 'company_id', unknown)) {
      if (!this.#ids.has(companyId)) this.#remember(companyId, id)
    }
  }

  /** The id of a company that may not be there. */
  find(companyId: string, signal: AbortSignal): Promise<Found> {
    return this.#known(companyId) ?? this.#ask(companyId, () => this.#lookUp(companyId, signal))
  }

  /** The id of a company, created where the activation says so; else a failure. */
  async require(companyId: string, signal: AbortSignal): Promise<Found> {
    const found = await this.find(companyId, signal)
    if (found === null || 'refused' in found || found.id !== undefined) return found
    if (!this.#session.plan.createMissingCompanies) return { refused: missing }
    return this.#turns.take(companyId, async () => {
      const known = this.#ids.get(companyId) ?? null
      return known === null ? this.#create(companyId, signal) : { id: known }
    })
  }

  /** An id led nowhere: it is forgotten, unless another one has taken its place. */
  forget(companyId: string, id: string): void {
    if (this.#ids.get(companyId) === id) this.#ids.delete(companyId)
  }

  #known(companyId: string): Promise<Found> | null {
    const id = this.#ids.get(companyId)
    return id === undefined ? null : Promise.resolve({ id: id ?? undefined })
  }

  #ask(companyId: string, ask: () => Promise<Found>): Promise<Found> {
    return this.#turns.take(companyId, () => this.#known(companyId) ?? ask())
  }

  async #lookUp(companyId: string, signal: AbortSignal): Promise<Found> {
    const found = await lookUpCompany(this.#session.client, companyId, signal)
    if (found === null || 'refused' in found) return about(found)
    const id = text(found.company, 'id')
    this.#remember(companyId, id)
    return { id: id ?? undefined }
  }

  /** Its `company_id` is its name until somebody names it: without one nobody finds it in Intercom. */
  async #create(companyId: string, signal: AbortSignal): Promise<Found> {
    const reply = await this.#session.client.call(
      {
        method: 'POST',
        endpoint: '/companies',
        body: { company_id: companyId, name: companyId },
        priority: priorities.repair,
      },
      signal,
    )
    if (reply.kind === 'stopped') return null
    const id = reply.kind === 'answered' && reply.status === 200 ? text(reply.body, 'id') : null
    if (id === null) return about({ refused: judge(reply, { company_id: companyId }) as Refused })
    this.#remember(companyId, id)
    return { id }
  }

  #remember(companyId: string, id: string | null): void {
    this.#ids.delete(companyId)
    this.#ids.set(companyId, id)
    if (this.#ids.size <= mostRemembered) return
    const [oldest] = this.#ids.keys()
    if (oldest !== undefined) this.#ids.delete(oldest)
  }
}

/** A refusal as it concerns the companies of a contact's row. */
function about(found: { readonly refused: Refused } | null): Found {
  if (found === null) return null
  const { refused } = found
  return { refused: { ...refused, failure: { ...refused.failure, field: 'companies' } } }
}

const missing: Refused = {
  result: 'rejected',
  failure: {
    code: 'not_found',
    field: 'companies',
    message: 'Intercom has no company with a company_id that this row names.',
    hint: 'Run the activation that writes the companies first, or set create_missing: true.',
  } satisfies Failure,
}
