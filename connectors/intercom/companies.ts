import type { Delivery, Operation, TargetRecord } from '../../src/connector/index.ts'
import type { Reply } from './answer.ts'
import {
  applied,
  CompanyCalls,
  companyIdOf,
  confirmedId,
  type FoundCompany,
  turnOf,
  withoutFields,
} from './company-calls.ts'
import {
  companyExists,
  noCompany,
  noCompanyIdentifier,
  postOnly,
  rejected,
  unchangeable,
  unchanged,
} from './company-refusals.ts'
import { CompanyRemoval } from './company-removal.ts'
import { unanswered } from './contact-answers.ts'
import { interrupted } from './deliver.ts'
import { judge } from './failures.ts'
import { isMissing } from './missing.ts'
import type { DeliverOne, RecordWriter, Session } from './session.ts'
import { Turns } from './turns.ts'

/** How far the two clocks may be apart, in milliseconds. */
const clocksApart = 60_000

/**
 * Writes companies. `POST /companies` creates or updates by `company_id` in one call; where it must not create, the
 * company is looked up first or written by its Intercom id. Rows with one `company_id` take turns, since two first
 * writes at once are refused with `unique_company_constraint` (FACTS 3.6).
 */
export class CompanyWriter implements RecordWriter {
  readonly #session: Session
  readonly #calls: CompanyCalls
  readonly #removal: CompanyRemoval
  readonly #turns = new Turns()
  /** Companies whose creation was sent and not confirmed: that they exist now is no reason not to insert them. */
  readonly #perhapsMade = new Set<string>()

  constructor(session: Session) {
    this.#session = session
    this.#calls = new CompanyCalls(session)
    this.#removal = new CompanyRemoval(session, this.#calls)
  }

  begin(): DeliverOne {
    return (operation, signal) =>
      this.#turns.take(turnOf(operation), () => this.#deliver(operation, signal))
  }

  #deliver(operation: Operation, signal: AbortSignal): Promise<Delivery | null> {
    const { mode, identifier } = this.#session.plan
    // Nothing was ever put on a company whose id is not known.
    if (operation.kind === 'untag') return Promise.resolve(applied(operation.id))
    if (operation.kind === 'delete') return this.#removal.deliver(operation, signal)
    if (mode === 'insert') return this.#insert(operation, signal)
    if (identifier === 'id' && (mode === 'update' || operation.id !== null)) {
      return this.#updateById(operation, signal)
    }
    return mode === 'update'
      ? this.#updateByCompanyId(operation, signal)
      : this.#upsert(operation, signal)
  }

  /** One call; one more where some fields are only for a company that is new, and it may be. */
  async #upsert(operation: Operation, signal: AbortSignal): Promise<Delivery | null> {
    const companyId = companyIdOf(operation)
    if (companyId === null) return rejected(noCompanyIdentifier('company_id'))
    const { createOnly } = this.#session.plan
    const looks = operation.kind === 'create' && createOnly.length > 0
    if (!looks) return this.#post(operation, operation.record, signal)
    const found = await this.#calls.find(companyId, signal)
    if (found === null || 'result' in found) return found
    if (found.id !== null) return this.#post(operation, this.#update(operation), signal, true)
    const made = await this.#post(operation, operation.record, signal, true)
    return made?.result === 'applied' ? { ...made, created: true } : made
  }

  /** The company must not exist; `POST /companies` would update it, so it is looked for. */
  async #insert(operation: Operation, signal: AbortSignal): Promise<Delivery | null> {
    const companyId = companyIdOf(operation)
    if (companyId === null) return rejected(noCompanyIdentifier('company_id'))
    const turn = turnOf(operation)
    const begun = this.#perhapsMade.has(turn)
    if (!begun) {
      const found = await this.#calls.find(companyId, signal)
      if (found === null || 'result' in found) return found
      if (found.id !== null && !mayBeOurs(found, operation)) return rejected(companyExists)
    }
    const reply = await this.#calls.post(operation.record, signal, true)
    if (reply.kind === 'stopped') return interrupted()
    const id = confirmedId(reply)
    if (id === null && unanswered(reply)) this.#perhapsMade.add(turn)
    else this.#perhapsMade.delete(turn)
    return id === null ? judge(reply, operation.record) : { result: 'applied', id, created: true }
  }

  async #updateByCompanyId(operation: Operation, signal: AbortSignal): Promise<Delivery | null> {
    const { id } = operation
    const posts = operation.record.remote_created_at !== undefined && !isHeld(operation)
    if (id !== null && !posts) {
      const reply = await this.#calls.put(id, this.#update(operation), signal)
      if (reply.kind === 'stopped') return null
      if (!isMissing(reply)) return this.#written(operation, reply)
    }
    const found = await this.#calls.find(companyIdOf(operation) ?? '', signal)
    if (found === null) return id === null || posts ? null : interrupted()
    if ('result' in found) return found
    if (found.id === null) return rejected(noCompany('company_id'), null)
    const record = this.#update(operation)
    if (hasNothingToPut(record) && !posts) return applied(found.id)
    if (posts) return this.#post(operation, record, signal, true)
    const reply = await this.#calls.put(found.id, record, signal, true)
    if (reply.kind === 'stopped') return interrupted(found.id)
    if (isMissing(reply)) return rejected(noCompany('company_id'), null)
    return this.#written(operation, reply)
  }

  /** Never creates. What Intercom does not change here fails, by what is known before or by what it answers. */
  async #updateById(operation: Operation, signal: AbortSignal): Promise<Delivery | null> {
    const { id } = operation
    if (id === null) return rejected(noCompanyIdentifier('id'))
    const record = this.#update(operation)
    const refusal = unchangeable({ ...operation, record })
    if (refusal !== null) return rejected(refusal)
    if (hasNothingToPut(record)) return applied(id)
    const reply = await this.#calls.put(id, record, signal)
    if (reply.kind === 'stopped') return null
    if (isMissing(reply)) return rejected(noCompany('id'), null)
    const kept = confirmedId(reply) === null ? null : unchanged(record, bodyOfReply(reply))
    return kept === null ? this.#written(operation, reply) : rejected(kept)
  }

  async #post(
    operation: Operation,
    record: TargetRecord,
    signal: AbortSignal,
    begun = false,
  ): Promise<Delivery | null> {
    const reply = await this.#calls.post(record, signal, begun)
    if (reply.kind === 'stopped') return begun ? interrupted() : null
    return this.#written(operation, reply)
  }

  #written(operation: Operation, reply: Exclude<Reply, { kind: 'stopped' }>): Delivery {
    const id = confirmedId(reply)
    return id === null ? judge(reply, operation.record) : applied(id)
  }

  /** What is sent to a company that exists. */
  #update({ record }: Operation): TargetRecord {
    return withoutFields(record, this.#session.plan.createOnly)
  }
}

/** An earlier run sent this row and never learnt how that ended, and the company was made no earlier. */
function mayBeOurs({ createdAt }: FoundCompany, { unansweredSince }: Operation): boolean {
  if (unansweredSince === null || createdAt === null) return false
  return createdAt >= unansweredSince - clocksApart
}

/** Only tags are wanted: the company itself needs no request. */
function hasNothingToPut(record: TargetRecord): boolean {
  return Object.keys(withoutFields(record, [...postOnly, 'tags'])).length === 0
}

/** Intercom has the row's `remote_created_at` already. */
function isHeld({ record, held }: Operation): boolean {
  return held !== null && held.remote_created_at === record.remote_created_at
}

function bodyOfReply(reply: Reply): unknown {
  return reply.kind === 'answered' ? reply.body : undefined
}
