import type { Delivery, Operation, TargetRecord } from '../../src/connector/index.ts'
import { type Reply, text } from './answer.ts'
import { CompanyCalls, withoutFields } from './company-calls.ts'
import { lookUpCompany } from './company-lookup.ts'
import {
  companyExists,
  noCompany,
  noCompanyIdentifier,
  postOnly,
  rejected,
  unchangeable,
  unchanged,
} from './company-refusals.ts'
import { unanswered } from './contact-answers.ts'
import { interrupted } from './deliver.ts'
import { judge } from './failures.ts'
import { isMissing } from './missing.ts'
import type { DeliverOne, RecordWriter, Session } from './session.ts'
import { Turns } from './turns.ts'

/** An Intercom id that was found or is known, or how the operation ended without one. */
type Target = { readonly id: string } | { readonly ended: Delivery | null }

/**
 * Writes companies. `POST /companies` creates or updates by `company_id` in one call; where it must not create, the
 * company is looked up first or written by its Intercom id. Rows with one `company_id` take turns, since two first
 * writes at once are refused with `unique_company_constraint` (FACTS 3.6).
 */
export class CompanyWriter implements RecordWriter {
  readonly #session: Session
  readonly #calls: CompanyCalls
  readonly #turns = new Turns()
  /** Creations and deletions that may have been carried out: sent again, they do what the first one did. */
  readonly #perhapsDone = new Set<string>()

  constructor(session: Session) {
    this.#session = session
    this.#calls = new CompanyCalls(session)
  }

  begin(): DeliverOne {
    return (operation, signal) =>
      this.#turns.take(turnOf(operation), () => this.#deliver(operation, signal))
  }

  #deliver(operation: Operation, signal: AbortSignal): Promise<Delivery | null> {
    const { mode, identifier } = this.#session.plan
    // Nothing was ever put on a company whose id is not known.
    if (operation.kind === 'untag') return Promise.resolve(applied(operation.id))
    if (operation.kind === 'delete') return this.#delete(operation, signal)
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
    const found = await this.#find(companyId, signal)
    if (found === null || 'result' in found) return found
    const record =
      found.id === null ? operation.record : withoutFields(operation.record, createOnly)
    return this.#post(operation, record, signal, true)
  }

  /** The company must not exist; `POST /companies` would update it, so it is looked for. */
  async #insert(operation: Operation, signal: AbortSignal): Promise<Delivery | null> {
    const companyId = companyIdOf(operation)
    if (companyId === null) return rejected(noCompanyIdentifier('company_id'))
    const turn = turnOf(operation)
    const begun = this.#perhapsDone.has(turn)
    if (!begun) {
      const found = await this.#find(companyId, signal)
      if (found === null || 'result' in found) return found
      if (found.id !== null) return rejected(companyExists)
    }
    const reply = await this.#calls.post(operation.record, signal, true)
    if (reply.kind === 'stopped') return interrupted()
    const id = confirmedId(reply)
    this.#note(turn, unanswered(reply))
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
    const found = await this.#find(companyIdOf(operation) ?? '', signal)
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

  async #delete(operation: Operation, signal: AbortSignal): Promise<Delivery | null> {
    const target = await this.#toDelete(operation, signal)
    if ('ended' in target) return target.ended
    const begun = operation.id === null
    const reply = await this.#calls.delete(target.id, signal, begun)
    if (reply.kind === 'stopped') return begun ? interrupted() : null
    const turn = turnOf(operation)
    if (isMissing(reply)) return this.#absent(operation)
    this.#note(turn, unanswered(reply))
    return confirmedId(reply) === null ? judge(reply, operation.record) : applied(null)
  }

  async #toDelete(operation: Operation, signal: AbortSignal): Promise<Target> {
    const { id } = operation
    if (id !== null) return { id }
    const companyId = companyIdOf(operation)
    if (companyId === null) {
      const field = this.#session.plan.identifier === 'id' ? 'id' : 'company_id'
      return { ended: rejected(noCompanyIdentifier(field)) }
    }
    const found = await this.#find(companyId, signal)
    if (found === null || 'result' in found) return { ended: found }
    return found.id === null ? { ended: this.#absent(operation) } : { id: found.id }
  }

  /** The company is not there: as wanted where millrace put it there, or may have deleted it a moment ago. */
  #absent(operation: Operation): Delivery {
    if (operation.removal || this.#perhapsDone.delete(turnOf(operation))) return applied(null)
    return rejected(noCompany(this.#session.plan.identifier), null)
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

  /** The id of the company, null where there is none; how the operation ended; null where nothing was sent. */
  async #find(
    companyId: string,
    signal: AbortSignal,
  ): Promise<{ readonly id: string | null } | Delivery | null> {
    const found = await lookUpCompany(this.#session.client, companyId, signal)
    if (found === null) return null
    return 'refused' in found ? found.refused : { id: text(found.company, 'id') }
  }

  #note(turn: string, perhapsDone: boolean): void {
    if (perhapsDone) this.#perhapsDone.add(turn)
    else this.#perhapsDone.delete(turn)
  }
}

function applied(id: string | null): Delivery {
  return { result: 'applied', id, created: false }
}

function companyIdOf({ record }: Operation): string | null {
  const companyId = record.company_id
  return typeof companyId === 'string' && companyId !== '' ? companyId : null
}

/** Operations that concern the same company have the same. */
function turnOf(operation: Operation): string {
  const companyId = companyIdOf(operation)
  return companyId === null ? `id ${operation.id}` : `company_id ${companyId}`
}

/** Only tags are wanted: the company itself needs no request. */
function hasNothingToPut(record: TargetRecord): boolean {
  return Object.keys(withoutFields(record, [...postOnly, 'tags'])).length === 0
}

/** Intercom has the row's `remote_created_at` already. */
function isHeld({ record, held }: Operation): boolean {
  return held !== null && held.remote_created_at === record.remote_created_at
}

function confirmedId(reply: Reply): string | null {
  return reply.kind === 'answered' && reply.status === 200 ? text(reply.body, 'id') : null
}

function bodyOfReply(reply: Reply): unknown {
  return reply.kind === 'answered' ? reply.body : undefined
}
