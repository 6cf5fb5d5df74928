import { type Answered, errorsOf, type Lost, type Reply, text } from './answer.ts'

/** The id in an answer that confirms a contact; null for every other reply. */
export function idOf(reply: Reply): string | null {
  return reply.kind === 'answered' && reply.status === 200 ? text(reply.body, 'id') : null
}

/** The external id in an answer that confirms a contact; null where it has none. */
export function externalIdOf(reply: Reply): string | null {
  return reply.kind === 'answered' ? text(reply.body, 'external_id') : null
}

/** Intercom does not have this contact, or has archived it: a 404 of its own, not one of a gateway on the way. */
export function gone(reply: Reply): boolean {
  return reply.kind === 'answered' && reply.status === 404 && errorsOf(reply.body).length > 0
}

export function merged(reply: Reply): reply is Answered {
  return reply.kind === 'answered' && reply.status === 410
}

export function conflicting(reply: Reply): reply is Answered {
  return reply.kind === 'answered' && reply.status === 409
}

/** The request may have been carried out, but nothing confirms it. */
export function unanswered(reply: Reply): reply is Answered | Lost {
  if (reply.kind === 'lost') return reply.sent
  return reply.kind === 'answered' && (reply.status >= 500 || reply.status < 400)
}
