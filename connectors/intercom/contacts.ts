import type { Delivery, Failure, Operation } from '../../src/connector/index.ts'
import { survivorOf } from './conflicts.ts'
import { gone, idOf, merged } from './contact-answers.ts'
import { ContactCalls, NotSent } from './contact-calls.ts'
import { createContact, isAnothers, isOurs, mayBeAnothers, searchLag } from './contact-create.ts'
import {
  alreadyExists,
  leadByExternalId,
  noIdentifier,
  notFound,
  perhapsCreated,
  userIsNoLead,
} from './contact-refusals.ts'
import { removeContact } from './contact-removal.ts'
import { ContactSearch, choose } from './contact-search.ts'
import {
  type ContactTask,
  identifiedById,
  identityOf,
  isLead,
  nothingToWrite,
  textOf,
} from './contact-task.ts'
import { updateContact } from './contact-update.ts'
import { wrongValue } from './contact-values.ts'
import { interrupted, withId } from './deliver.ts'
import { judge } from './failures.ts'
import type { Hit } from './resolve.ts'
import type { DeliverOne, RecordWriter, Session } from './session.ts'

/**
 * Writes contacts. Intercom has no upsert for them (FACTS 0.1): a known id is updated; what has none is looked up
 * in one search per batch, and what the search does not know is created, where a 409 names the contact that
 * exists all the same.
 */
export class ContactWriter implements RecordWriter {
  readonly #session: Session
  readonly #search: ContactSearch
  readonly #unanswered = new Map<number, number>()
  readonly #waited = new Set<number>()

  constructor(session: Session) {
    this.#session = session
    this.#search = new ContactSearch(session)
  }

  /** Known ids are written at once; the others as soon as they have been looked up. */
  begin(operations: readonly Operation[]): DeliverOne {
    const lookUp = this.#search.batch(operations)
    return async (operation, signal) => {
      const calls = new ContactCalls(this.#session.client, signal)
      const task: ContactTask = {
        operation,
        session: this.#session,
        calls,
        search: this.#search,
        unanswered: this.#unanswered,
        waited: this.#waited,
        signal,
      }
      try {
        const hits = refusal(task) === null ? await lookUp(operation, signal) : []
        const delivery = 'result' in hits ? hits : await deliver(task, hits)
        if (delivery.result !== 'retry') this.#forget(operation.ordinal)
        return delivery
      } catch (error) {
        if (!(error instanceof NotSent)) throw error
        return calls.begun ? interrupted() : null
      }
    }
  }

  #forget(ordinal: number): void {
    this.#unanswered.delete(ordinal)
    this.#waited.delete(ordinal)
  }
}

async function deliver(task: ContactTask, hits: readonly Hit[]): Promise<Delivery> {
  const refused = refusal(task)
  if (refused !== null) return { result: 'rejected', failure: refused }
  const { kind } = task.operation
  if (kind === 'delete' || kind === 'archive') return removeContact(task, hits)
  if (kind === 'untag') return place(task, hits)
  if (task.session.plan.mode === 'insert') return insert(task, hits)
  const { id, held } = task.operation
  if (id === null) return resolve(task, hits)
  if (kind === 'create' && held === null && mayBeAnothers(task)) return verify(task, id)
  const ended = await updateContact(task, id)
  return ended === 'gone' ? replace(task) : ended
}

/** Why an operation fails before a request is spent; null where nothing speaks against it. */
function refusal(task: ContactTask): Failure | null {
  const { operation, session } = task
  const { kind, id, record, held, removal } = operation
  const { identifier, mode } = session.plan
  if (kind === 'untag') return null
  if (id === null && (identifier === 'external_id' || identifier === 'email')) {
    if (textOf(record, identifier) === null) {
      return noIdentifier(identifier, `${identifier}, which identifies the contact`)
    }
  }
  // What left the query with its id forgotten was not there any more.
  if (id === null && identifier === 'id' && mode !== 'upsert' && !removal) {
    return noIdentifier('id', 'id, which identifies the contact')
  }
  if (kind === 'delete' || kind === 'archive') return null
  if (isLead(task) && identifier === 'external_id') return leadByExternalId
  if (isLead(task) && held?.role === 'user' && id !== null) return userIsNoLead
  if (id === null && identityOf(task) === null) {
    return isLead(task)
      ? noIdentifier('email', 'email, and without one a contact of this role is not found again')
      : noIdentifier('external_id', 'external_id and no email, and a contact needs one of them')
  }
  return wrongValue(record)
}

/** No id is known: what was found is updated, what was not is created where the mode creates. */
async function resolve(task: ContactTask, hits: readonly Hit[]): Promise<Delivery> {
  const { session } = task
  const identity = identityOf(task)
  const choice = identity === null ? null : choose(task, identity, hits)
  if (choice !== null && 'failure' in choice) return { result: 'rejected', failure: choice.failure }
  if (choice === null) return session.plan.mode === 'update' ? findOrFail(task) : create(task)
  if (nothingToWrite(task)) return { result: 'applied', id: choice.id, created: false }
  const ended = await updateContact(task, choice.id)
  if (ended !== 'gone') return ended
  return session.plan.mode === 'update' ? findOrFail(task) : create(task)
}

/**
 * A lead whose creation was not confirmed is not simply created again: Intercom would not refuse a second one. What an
 * earlier run left open is created once the search has had its time to show it and does not.
 */
async function create(task: ContactTask): Promise<Delivery> {
  const { ordinal, unansweredSince } = task.operation
  if (!isLead(task)) return createContact(task)
  if (task.unanswered.has(ordinal)) {
    const failure = perhapsCreated('its search does not show it, which proves nothing yet.')
    return { result: 'in_doubt', failure }
  }
  if (unansweredSince === null || task.waited.has(ordinal)) return createContact(task)
  task.waited.add(ordinal)
  const failure = perhapsCreated('an earlier run was cut off before the answer.')
  return { result: 'retry', failure, waitMilliseconds: searchLag }
}

/** Mode update, and the search does not show the contact: asks where the answer is certain, and creates nothing. */
async function findOrFail(task: ContactTask): Promise<Delivery> {
  const { operation, session, calls, search } = task
  const identifier = session.plan.identifier === 'email' ? 'email' : 'external_id'
  const failure: Delivery = { result: 'rejected', failure: notFound(identifier) }
  const value = textOf(operation.record, identifier)
  if (identifier === 'email' || value === null || !search.findsByExternalId) return failure
  const reply = await calls.findByExternalId(value)
  if (gone(reply)) return failure
  const id = idOf(reply) ?? (merged(reply) ? survivorOf(reply) : null)
  if (id === null) return judge(reply, operation.record)
  if (nothingToWrite(task)) return { result: 'applied', id, created: false }
  const ended = await updateContact(task, id)
  return ended === 'gone' ? failure : ended
}

/**
 * The id led nowhere: it is forgotten, and the row goes on as if none had been known. Where rows name the id, nothing
 * else says whom they mean.
 */
async function replace(task: ContactTask): Promise<Delivery> {
  const { operation, session, search, signal } = task
  if (identifiedById(task)) return { result: 'rejected', failure: notFound('id'), id: null }
  const delivery = await anew()
  const saysId = delivery.result === 'applied' || delivery.id !== undefined
  return saysId ? delivery : withId(delivery, null)

  async function anew(): Promise<Delivery> {
    const updates = session.plan.mode === 'update'
    if (!updates && !isLead(task)) return createContact(task)
    if (updates && session.plan.identifier === 'external_id' && search.findsByExternalId) {
      return findOrFail(task)
    }
    const hits = await search.again(operation, signal)
    return 'result' in hits ? hits : resolve(task, hits)
  }
}

/**
 * An id that was learnt from a refusal, and never written to, may be that of another person with the same email
 * (an archived contact cannot be looked at). It is used only if its contact is the one that is meant.
 */
async function verify(task: ContactTask, id: string): Promise<Delivery> {
  const reply = await task.calls.get(id)
  if (gone(reply) || isAnothers(task, reply)) return replace(task)
  if (idOf(reply) === null && !merged(reply)) return judge(reply, task.operation.record)
  const ended = await updateContact(task, id)
  return ended === 'gone' ? replace(task) : ended
}

/**
 * Something was confirmed of an operation with an id: then it was created before, and only its lists are missing, or it
 * was archived since its row had left the query.
 */
async function insert(task: ContactTask, hits: readonly Hit[]): Promise<Delivery> {
  const { id, held, archivedByUs } = task.operation
  if (id !== null && held !== null) {
    if (!archivedByUs) return { result: 'applied', id, created: false }
    const ended = await updateContact(task, id)
    return ended === 'gone' ? create(task) : ended
  }
  const [lead] = hits
  if (lead === undefined) return create(task)
  if (await isOurs(task, lead.id)) return { result: 'applied', id: lead.id, created: true }
  return { result: 'rejected', failure: alreadyExists('existing', null), id: lead.id }
}

/** The contact whose lists are to be emptied; where there is none, nothing is left to do. */
async function place(task: ContactTask, hits: readonly Hit[]): Promise<Delivery> {
  const { operation, session } = task
  const identifier = session.plan.identifier === 'email' ? 'email' : 'external_id'
  const choice = choose(task, identifier, hits)
  if (choice !== null && 'failure' in choice) return { result: 'rejected', failure: choice.failure }
  return { result: 'applied', id: operation.id ?? choice?.id ?? null, created: false }
}
