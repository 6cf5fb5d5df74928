import type { Delivery, Failure, Mode, Operation } from '../../src/connector/index.ts'
import { NotSent } from './contact-calls.ts'
import { severalMatch, userIsNoLead } from './contact-refusals.ts'
import type { ContactTask } from './contact-task.ts'
import { judge } from './failures.ts'
import { versionAtLeast } from './options.ts'
import {
  type ContactIdentifier,
  comparable,
  type Hit,
  type Hits,
  searchContacts,
} from './resolve.ts'
import type { Session } from './session.ts'

/** The field and value by which a contact is looked for. */
export interface Sought {
  readonly identifier: ContactIdentifier
  readonly value: string
}

/** Looks contacts up for one activation; once Intercom has refused to search, it does without. */
export class ContactSearch {
  readonly #session: Session
  #refused = false

  constructor(session: Session) {
    this.#session = session
  }

  /**
   * Begins a batch: the first operation that asks has all of the batch looked up, in one search for each field.
   * The function that is returned gives an operation's hits, or a delivery that holds for all where the search
   * failed. Throws `NotSent`.
   */
  batch(
    operations: readonly Operation[],
  ): (operation: Operation, signal: AbortSignal) => Promise<readonly Hit[] | Delivery> {
    const searches = new Map<ContactIdentifier, Promise<Hits | Delivery>>()
    return async (operation, signal) => {
      const sought = this.sought(operation)
      if (sought === null) return []
      const { identifier, value } = sought
      let search = searches.get(identifier)
      if (search === undefined) {
        const asked = operations.filter((each) => this.sought(each)?.identifier === identifier)
        search = this.#search(identifier, asked, signal)
        searches.set(identifier, search)
      }
      const hits = await search
      if ('result' in hits) return hits
      const found = hits.get(comparable(identifier, value)) ?? []
      return found.filter(({ id }) => !this.#session.goneIds.has(id))
    }
  }

  /** Looks up one operation by itself, although its id was known. */
  again(operation: Operation, signal: AbortSignal): Promise<readonly Hit[] | Delivery> {
    return this.batch([{ ...operation, id: null }])({ ...operation, id: null }, signal)
  }

  /** Whether users can be looked up by external id without the search's lag (FACTS 1.3). */
  get findsByExternalId(): boolean {
    return versionAtLeast(this.#session.apiVersion, '2.13')
  }

  /** By what an operation is to be searched for; null where it needs no search, or has nothing to be found by. */
  sought(operation: Operation): Sought | null {
    if (operation.id !== null) return null
    const { identifier, mode } = this.#session.plan
    const removes = operation.kind === 'delete' || operation.kind === 'archive'
    if (identifier === 'external_id') {
      return removes && this.findsByExternalId ? null : soughtBy(operation, 'external_id')
    }
    // A user who exists is found through the refusal to create a second one; of leads there may be several.
    const byEmail = identifier === 'email' ? mode !== 'insert' : false
    return byEmail || operation.record.role === 'lead' ? soughtBy(operation, 'email') : null
  }

  async #search(
    identifier: ContactIdentifier,
    operations: readonly Operation[],
    signal: AbortSignal,
  ): Promise<Hits | Delivery> {
    if (this.#refused) return new Map()
    const values = operations.flatMap((each) => this.sought(each)?.value ?? [])
    const { client, context, plan } = this.#session
    const onlyUsers = operations.every((each) => rolesOf(each, plan.mode) === 'users')
    const roles = identifier === 'external_id' || onlyUsers ? 'users' : 'all'
    const found = await searchContacts(client, identifier, values, roles, signal)
    if ('hits' in found) return found.hits
    if (found.failed.kind === 'stopped') throw new NotSent()
    const delivery = judge(found.failed, {})
    if (delivery.result !== 'rejected') return delivery
    if (!this.#refused) {
      this.#refused = true
      context.notice(
        `Intercom refused to search for contacts by ${identifier}: those that exist are found one by one, which takes more calls.`,
      )
    }
    return new Map()
  }
}

function soughtBy({ record }: Operation, identifier: ContactIdentifier): Sought | null {
  const value = record[identifier]
  return typeof value === 'string' && value !== '' ? { identifier, value } : null
}

/**
 * Which roles a row is about. Without a role it is about users where it may create one, and about either where only
 * what exists is updated or taken away.
 */
function rolesOf(
  { kind, record }: Operation,
  mode: Mode,
): 'users' | 'leads' | 'users first' | 'all' {
  if (kind !== 'create' && kind !== 'update') return 'all'
  if (record.role === 'lead') return 'leads'
  return record.role === 'user' || mode === 'update' ? 'users first' : 'users'
}

/**
 * Which of the contacts that were found is meant: a user before a lead for the role user (a single lead is
 * promoted), a lead for the role lead, either for what is taken away. Null where there is none.
 */
export function choose(
  { operation, session }: Pick<ContactTask, 'operation' | 'session'>,
  identifier: ContactIdentifier,
  hits: readonly Hit[],
): Hit | { readonly failure: Failure } | null {
  const users = hits.filter((hit) => hit.role === 'user')
  const leads = hits.filter((hit) => hit.role === 'lead')
  switch (rolesOf(operation, session.plan.mode)) {
    case 'all':
      return single(hits, identifier)
    case 'users':
      return single(users, identifier)
    case 'users first':
      return single(users.length > 0 ? users : leads, identifier)
    case 'leads':
      if (leads.length === 0 && users.length > 0) return { failure: userIsNoLead }
      return single(leads, identifier)
  }
}

function single(hits: readonly Hit[], identifier: ContactIdentifier) {
  if (hits.length > 1) return { failure: severalMatch(hits.length, identifier) }
  return hits[0] ?? null
}
