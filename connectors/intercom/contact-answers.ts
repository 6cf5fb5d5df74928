import { type Answered, errorsOf, type Limited, type Lost, text } from './answer.ts'

/** What came of a request that was sent. */
export type Heard = Answered | Lost | Limited

/** The id in an answer that confirms a contact; null for every other reply. */
export function idOf(reply: Heard): string | null {
  return reply.kind === 'answered' && reply.status === 200 ? text(reply.body, 'id') : null
}

/** The external id in an answer that confirms a contact; null where it has none. */
export function externalIdOf(reply: Heard): string | null {
  return reply.kind === 'answered' ? text(reply.body, 'external_id') : null
}

/** Intercom does not have this contact, or has archived it: a 404 of its own, not one of a gateway on the way. */
export function gone(reply: Heard): boolean {
  return reply.kind === 'answered' && reply.status === 404 && errorsOf(reply.body).length > 0
}

export function merged(reply: Heard): boolean {
  return reply.kind === 'answered' && reply.status === 410
}

/** The refusal for another contact's sake; null for every other reply. */
export function conflictOf(reply: Heard): Answered | null {
  return reply.kind === 'answered' && reply.status === 409 ? reply : null
}

/** The request may have been carried out, but nothing confirms it. */
export function unanswered(reply: Heard): boolean {
  if (reply.kind === 'lost') return reply.sent
  if (reply.kind === 'limited') return false
  return reply.status >= 500 || reply.status < 400 || reply.status === 408
}
