import type { Delivery, Failure, Operation } from '../../src/connector/index.ts'
import { type Answered, errorsOf, type Reply, text } from './answer.ts'
import { type Body, type BodyOptions, bodyOf } from './body.ts'
import type { Client } from './client.ts'
import { heldByAnother, readConflict, severalMatch, survivorOf } from './conflicts.ts'
import { interrupted, withId } from './deliver.ts'
import { judge } from './failures.ts'
import { priorities } from './limits.ts'
import {
  type ContactIdentifier,
  comparable,
  type Hits,
  searchContacts,
  unresolved,
} from './resolve.ts'
import type { DeliverOne, RecordWriter, Session } from './session.ts'

/** How many merges in a row are followed (OAS:8294-8480: "may need up to 3 hops"). */
const mostHops = 3

/** How one operation came to its present request. */
interface Path {
  /** Forgotten ids may lead to one create, and no further. */
  readonly mayCreate: boolean
  /** Something was sent for the operation before. */
  readonly begun: boolean
}

/**
 * Writes contacts. Intercom has no upsert for them (FACTS 0.1): a known id is updated; what has none is looked up
 * in one search per batch, and what the search does not know is created, where a 409 names the contact that
 * exists all the same.
 */
export class ContactWriter implements RecordWriter {
  readonly #client: Client
  readonly #identifier: ContactIdentifier
  readonly #options: BodyOptions

  readonly #session: Session
  #searchRefused = false

  constructor(session: Session) {
    this.#session = session
    this.#client = session.client
    this.#identifier = session.plan.identifier === 'email' ? 'email' : 'external_id'
    this.#options = session.body
  }

  /** Known ids are written at once; the others as soon as they have been looked up. */
  begin(operations: readonly Operation[]): DeliverOne {
    let lookup: Promise<Hits | Delivery | null> | null = null
    return async (operation, signal) => {
      if (operation.id !== null) return this.deliver(operation, new Map(), signal)
      lookup ??= this.#lookUp(operations, signal)
      const hits = await lookup
      if (hits === null || 'result' in hits) return hits
      return this.deliver(operation, hits, signal)
    }
  }

  /** The ids that one search finds; a delivery that holds for all where it failed; null where nothing was sent. */
  async #lookUp(
    operations: readonly Operation[],
    signal: AbortSignal,
  ): Promise<Hits | Delivery | null> {
    const values = unresolved(operations, this.#identifier)
    if (values.length === 0 || this.#searchRefused) return new Map()
    const found = await searchContacts(this.#client, this.#identifier, values, signal)
    if ('hits' in found) return found.hits
    if (found.failed.kind === 'stopped') return null
    const delivery = judge(found.failed, {})
    if (delivery.result !== 'rejected') return delivery
    if (this.#searchRefused) return new Map()
    this.#searchRefused = true
    this.#session.context.notice(
      `Intercom refused to search for contacts by ${this.#identifier}: those that exist are found one by one, which takes more calls.`,
    )
    return new Map()
  }

  /** Delivers one operation; `hits` are the ids that a search has found. Null where nothing was sent. */
  deliver(operation: Operation, hits: Hits, signal: AbortSignal): Promise<Delivery | null> {
    const fresh: Path = { mayCreate: true, begun: false }
    if (operation.id !== null) {
      return operation.kind === 'create' && this.#mayBeAnothers(operation)
        ? this.#verify(operation, operation.id, signal)
        : this.#update(operation, operation.id, fresh, signal)
    }
    const value = operation.record[this.#identifier]
    if (typeof value !== 'string' || value === '') {
      return Promise.resolve({ result: 'rejected', failure: noIdentifier(this.#identifier) })
    }
    const found = hits.get(comparable(this.#identifier, value)) ?? []
    const [only] = found
    if (only === undefined) return this.#create(operation, fresh, signal)
    if (found.length === 1) return this.#update(operation, only, fresh, signal)
    return Promise.resolve({ result: 'rejected', failure: severalMatch(found.length) })
  }

  /** Updates by id, following merges; a contact that is gone is created anew, once. */
  async #update(
    operation: Operation,
    firstId: string,
    path: Path,
    signal: AbortSignal,
  ): Promise<Delivery | null> {
    let id = firstId
    for (let hops = 0; ; hops += 1) {
      const begun = path.begun || hops > 0
      const reply = await this.#put(id, bodyOf(operation.record, this.#options), begun, signal)
      if (reply.kind === 'stopped') return begun ? interrupted(id) : null
      const done = idOf(reply)
      if (done !== null) return { result: 'applied', id: done, created: false }
      if (gone(reply)) return this.#replace(operation, path, signal)
      const survivor = merged(reply) ? survivorOf(reply) : null
      if (survivor === null || hops === mostHops) return withId(judge(reply, operation.record), id)
      id = survivor
    }
  }

  /** The id led nowhere: it is forgotten, and the contact created unless this has been tried. */
  async #replace(operation: Operation, path: Path, signal: AbortSignal): Promise<Delivery> {
    if (!path.mayCreate) return withId(changedMeanwhile(), null)
    const begun = { mayCreate: false, begun: true }
    const delivery = (await this.#create(operation, begun, signal)) ?? interrupted()
    const saysId = delivery.result === 'applied' || delivery.id !== undefined
    return saysId ? delivery : withId(delivery, null)
  }

  async #create(operation: Operation, path: Path, signal: AbortSignal): Promise<Delivery | null> {
    const body = this.#creation(operation)
    const reply = await this.#client.call(
      {
        method: 'POST',
        endpoint: '/contacts',
        body,
        priority: path.begun ? priorities.repair : priorities.write,
      },
      signal,
    )
    if (reply.kind === 'stopped') return path.begun ? interrupted() : null
    const id = idOf(reply)
    if (id !== null) return this.#complete(operation, id, signal)
    if (reply.kind === 'answered' && reply.status === 409) {
      return this.#settle(operation, reply, signal)
    }
    return judge(reply, operation.record)
  }

  /**
   * What is sent to create. Identified by email, a contact is created without its external id: together with a new
   * one Intercom may accept an email that exists already, and there would be two (FACTS 4.1). The role is sent,
   * since what Intercom makes of a missing one is not documented (FACTS 4.2).
   */
  #creation(operation: Operation): Body {
    const { external_id, ...rest } = bodyOf(operation.record, this.#options)
    const withExternalId = this.#identifier === 'external_id' && external_id !== undefined
    return { ...rest, role: 'user', ...(withExternalId ? { external_id } : {}) }
  }

  /** A contact was created; identified by email, its external id is still missing. */
  async #complete(operation: Operation, id: string, signal: AbortSignal): Promise<Delivery> {
    const externalId = operation.record.external_id ?? null
    if (this.#identifier === 'external_id' || externalId === null) {
      return { result: 'applied', id, created: true }
    }
    const reply = await this.#put(id, { external_id: externalId }, true, signal)
    if (reply.kind === 'stopped') return interrupted(id)
    if (idOf(reply) !== null) return { result: 'applied', id, created: true }
    return withId(judge(reply, operation.record), id)
  }

  /** A create was refused because of a contact that exists: updates that one, if it is the one that is meant. */
  async #settle(operation: Operation, refusal: Answered, signal: AbortSignal): Promise<Delivery> {
    const conflict = readConflict(refusal)
    if (conflict.kind === 'unclear') return judge(refusal, operation.record)
    if (conflict.kind === 'archived') return withId(judge(refusal, operation.record), conflict.id)
    if (!this.#mayBeAnothers(operation)) return this.#adopt(operation, conflict.id, signal)
    const reply = await this.#look(conflict.id, signal)
    if (reply.kind === 'stopped') return interrupted()
    if (gone(reply)) return changedMeanwhile()
    if (idOf(reply) === null) return judge(reply, operation.record)
    if (isAnothers(reply, operation)) return { result: 'rejected', failure: heldByAnother(refusal) }
    return this.#adopt(operation, conflict.id, signal)
  }

  /**
   * An id that was learnt from a refusal, and never written to, may be that of another person with the same email
   * (an archived contact cannot be looked at). It is used only if its contact is the one that is meant.
   */
  async #verify(operation: Operation, id: string, signal: AbortSignal): Promise<Delivery | null> {
    const reply = await this.#look(id, signal)
    if (reply.kind === 'stopped') return null
    if (gone(reply) || isAnothers(reply, operation)) {
      return this.#replace(operation, { mayCreate: true, begun: true }, signal)
    }
    if (idOf(reply) === null && !merged(reply)) return judge(reply, operation.record)
    return this.#update(operation, id, { mayCreate: true, begun: true }, signal)
  }

  #look(id: string, signal: AbortSignal): Promise<Reply> {
    return this.#client.call(
      {
        method: 'GET',
        endpoint: '/contacts/{id}',
        path: `/contacts/${encodeURIComponent(id)}`,
        priority: priorities.repair,
      },
      signal,
    )
  }

  /** With an email in the record the conflict may have come from that, and the contact be another person. */
  #mayBeAnothers(operation: Operation): boolean {
    return this.#identifier === 'external_id' && typeof operation.record.email === 'string'
  }

  async #adopt(operation: Operation, id: string, signal: AbortSignal): Promise<Delivery> {
    const begun = { mayCreate: false, begun: true }
    return (await this.#update(operation, id, begun, signal)) ?? interrupted()
  }

  #put(id: string, body: Body, begun: boolean, signal: AbortSignal): Promise<Reply> {
    return this.#client.call(
      {
        method: 'PUT',
        endpoint: '/contacts/{id}',
        path: `/contacts/${encodeURIComponent(id)}`,
        body,
        priority: begun ? priorities.repair : priorities.write,
      },
      signal,
    )
  }
}

/** The id in an answer that confirms a contact; null for every other reply. */
function idOf(reply: Reply): string | null {
  return reply.kind === 'answered' && reply.status === 200 ? text(reply.body, 'id') : null
}

/** The contact has an external id, and it is not that of the row. */
function isAnothers(reply: Reply, operation: Operation): boolean {
  const holder = idOf(reply) === null ? null : text((reply as Answered).body, 'external_id')
  return holder !== null && holder !== operation.record.external_id
}

/** Intercom does not have this id: a 404 of its own, not one of a gateway on the way. */
function gone(reply: Reply): boolean {
  return reply.kind === 'answered' && reply.status === 404 && errorsOf(reply.body).length > 0
}

function merged(reply: Reply): reply is Answered {
  return reply.kind === 'answered' && reply.status === 410
}

function changedMeanwhile(): Delivery {
  return {
    result: 'retry',
    failure: {
      code: 'not_found',
      message: 'The contact disappeared from Intercom while the row was being delivered.',
    },
  }
}

function noIdentifier(identifier: string): Failure {
  return {
    code: 'missing_identifier',
    field: identifier,
    message: `The row has no ${identifier}, which identifies the contact.`,
    hint: 'Fill the column or leave such rows out of the query.',
  }
}
