import type { Operation, TargetRecord } from '../../src/connector/index.ts'
import { type Body, bodyOf } from './body.ts'
import type { ContactCalls } from './contact-calls.ts'
import type { ContactSearch } from './contact-search.ts'
import type { ContactIdentifier } from './resolve.ts'
import type { Session } from './session.ts'

/** One operation on a contact, with what it takes to carry it out. */
export interface ContactTask {
  readonly operation: Operation
  readonly session: Session
  readonly calls: ContactCalls
  readonly search: ContactSearch
  /**
   * When (our clock, milliseconds) a create or a delete was sent whose answer was lost, by ordinal: should the
   * operation be tried again, it meets its own traces.
   */
  readonly unanswered: Map<number, number>
  /** Operations that have waited for the search to show what an earlier run may have created, by ordinal. */
  readonly waited: Set<number>
  readonly signal: AbortSignal
}

export function isLead({ operation }: Pick<ContactTask, 'operation'>): boolean {
  return operation.record.role === 'lead'
}

/**
 * Since when (our clock, milliseconds) what Intercom has may be this operation's own doing, because an answer was lost
 * in this run or an earlier one; null where none was.
 */
export function sentSince({ operation, unanswered }: ContactTask): number | null {
  return operation.unansweredSince ?? unanswered.get(operation.ordinal) ?? null
}

/** Whether the id says which contact is meant, so that no other will do. */
export function identifiedById({ operation, session }: ContactTask): boolean {
  return session.plan.identifier === 'id' && operation.id !== null
}

/** What makes a contact the one that the row is about; null where the row has neither. */
export function identityOf(task: ContactTask): ContactIdentifier | null {
  const { plan } = task.session
  if (plan.identifier === 'external_id' || plan.identifier === 'email') return plan.identifier
  if (filled(task.operation.record.external_id) && !isLead(task)) return 'external_id'
  return filled(task.operation.record.email) ? 'email' : null
}

/** The value of a field that is text; null where the row has none. */
export function textOf(record: TargetRecord, field: string): string | null {
  const value = record[field]
  return filled(value) ? value : null
}

function filled(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

/** What an existing contact is sent: all of the record but what is only for its creation. */
export function updateBody({ operation, session }: ContactTask): Body {
  const kept = Object.entries(operation.record).filter(
    ([field]) => !session.plan.createOnly.includes(field),
  )
  return bodyOf(accepted(Object.fromEntries(kept)), session.body)
}

/** What a new contact is sent. The role always is, since what Intercom makes of a missing one is not documented (FACTS 4.2). */
export function createBody(task: ContactTask): Body {
  const role = isLead(task) ? 'lead' : 'user'
  return { ...bodyOf(accepted(task.operation.record), task.session.body), role }
}

/** Whether an existing contact holds all there is to write as soon as it is found: nothing but its identifier is mapped. */
export function nothingToWrite(task: ContactTask): boolean {
  const { identifier } = task.session.plan
  return Object.keys(updateBody(task)).every((field) => field === identifier)
}

/** A lead's external id is Intercom's own; `email_verified` is taken only beside an email (FACTS 3.1, 4.2). */
function accepted(record: TargetRecord): TargetRecord {
  const entries = Object.entries(record).filter(
    ([field]) =>
      !(field === 'external_id' && record.role === 'lead') &&
      !(field === 'email_verified' && !filled(record.email)),
  )
  return Object.fromEntries(entries)
}
