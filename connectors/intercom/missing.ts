import type { Failure } from '../../src/connector/index.ts'
import { type Answered, errorsOf, type Reply } from './answer.ts'
import { survivorOf } from './conflicts.ts'
import type { ListChange, Refused } from './list-change.ts'
import type { Session } from './session.ts'

/** Something that the request names is not there: Intercom's own 404, not one of a gateway on the way. */
export function isMissing(reply: Reply): reply is Answered {
  return reply.kind === 'answered' && reply.status === 404 && errorsOf(reply.body).length > 0
}

/** The contact lives on in another one, from 2.16 on (FACTS 1.3). */
function isMerged(reply: Reply): reply is Answered {
  return reply.kind === 'answered' && reply.status === 410
}

/** It is the contact or conversation that is missing, archived or merged, not what hangs on it (FACTS 3.3, 3.8). */
export function isRecordMissing(reply: Reply): boolean {
  if (!isMissing(reply)) return isMerged(reply)
  return errorsOf(reply.body).some(({ message }) =>
    /^(user|contact|conversation) not/i.test(message),
  )
}

/**
 * The record whose list was to be changed is gone: its id is forgotten and the row looked up anew, whatever the
 * search still shows. Where rows name Intercom's own id there is nothing to look up.
 */
export function gone({ plan, goneIds }: Session, id: string, reply: Reply): Refused {
  goneIds.add(id)
  const what = isMerged(reply)
    ? `The ${plan.object} of this row was merged into another one.`
    : `Intercom no longer has the ${plan.object} of this row.`
  const failure: Failure = {
    code: isMerged(reply) ? 'merged' : 'not_found',
    field: plan.identifier ?? undefined,
    message: what,
    ...aboutReply(reply),
  }
  return { result: plan.identifier === 'id' ? 'rejected' : 'retry', id: null, failure }
}

/**
 * What becomes of an entry that is to be taken from a record that is gone. Of a row that left the query nothing is
 * left to take away, unless the record lives on in another one; a row that is there is looked up anew.
 */
export function settleRemovalOfGone(
  session: Session,
  change: ListChange,
  entry: string,
  reply: Reply,
): void {
  const survivor = isMerged(reply) ? survivorOf(reply) : null
  if (change.operation.kind !== 'untag') change.failed(gone(session, change.id, reply))
  else if (survivor === null) change.removed(entry)
  else change.failed({ ...gone(session, change.id, reply), result: 'retry', id: survivor })
}

/** What a failure says of the request behind it. */
export function aboutReply(reply: Reply): Pick<Failure, 'httpStatus' | 'requestId'> {
  return reply.kind === 'answered' ? { httpStatus: reply.status, requestId: reply.requestId } : {}
}
