import type { Failure } from '../../src/connector/index.ts'
import { type Answered, errorsOf, type Reply } from './answer.ts'
import type { Refused } from './list-change.ts'
import type { Session } from './session.ts'

/** Something that the request names is not there: Intercom's own 404, not one of a gateway on the way. */
export function isMissing(reply: Reply): reply is Answered {
  return reply.kind === 'answered' && reply.status === 404 && errorsOf(reply.body).length > 0
}

/** It is the contact or conversation that is missing, or archived, and not what hangs on it (FACTS 3.3, 3.8). */
export function isRecordMissing(reply: Reply): boolean {
  if (!isMissing(reply)) return false
  return errorsOf(reply.body).some(({ message }) =>
    /^(user|contact|conversation) not/i.test(message),
  )
}

/**
 * The record whose list was to be changed is gone: its id is forgotten and the row looked up anew. Where rows name
 * Intercom's own id there is nothing to look up.
 */
export function gone({ plan }: Session, reply: Reply): Refused {
  const failure: Failure = {
    code: 'not_found',
    field: plan.identifier ?? undefined,
    message: `Intercom no longer has the ${plan.object} of this row.`,
    ...aboutReply(reply),
  }
  return { result: plan.identifier === 'id' ? 'rejected' : 'retry', id: null, failure }
}

/** What a failure says of the request behind it. */
export function aboutReply(reply: Reply): Pick<Failure, 'httpStatus' | 'requestId'> {
  return reply.kind === 'answered' ? { httpStatus: reply.status, requestId: reply.requestId } : {}
}
