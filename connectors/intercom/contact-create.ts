import type { Delivery } from '../../src/connector/index.ts'
import { type Answered, property, text } from './answer.ts'
import { readConflict } from './conflicts.ts'
import {
  conflictOf,
  externalIdOf,
  gone,
  type Heard,
  idOf,
  merged,
  unanswered,
} from './contact-answers.ts'
import {
  alreadyExists,
  changedMeanwhile,
  externalIdIsAnothers,
  heldByAnother,
  perhapsCreated,
} from './contact-refusals.ts'
import {
  type ContactTask,
  createBody,
  identifiedById,
  identityOf,
  isLead,
  sentSince,
  textOf,
} from './contact-task.ts'
import { mayUnarchive, unrestorable, updateContact } from './contact-update.ts'
import { withId } from './deliver.ts'
import { judge } from './failures.ts'
import { comparable } from './resolve.ts'

/** How long after a write the search may not show it: "a few minutes" (FACTS 7). */
export const searchLag = 180_000

/** How far Intercom's clock may be behind ours. */
const clockSkew = 60_000

/**
 * Creates a contact. Where Intercom refuses because it has the contact, that one is updated (mode upsert) or the row
 * fails (mode insert). A user may be sent twice, since the second time is refused; a lead may not.
 */
export async function createContact(task: ContactTask): Promise<Delivery> {
  const { operation, session, calls } = task
  const found = await lookByExternalId(task)
  if (found !== null) return found
  const sentAt = session.context.clock.now()
  const reply = await calls.create(creation(task))
  const id = idOf(reply)
  if (id !== null) return complete(task, id)
  const refusal = conflictOf(reply)
  if (refusal !== null) return settle(task, refusal)
  const delivery = judge(reply, operation.record)
  if (!unanswered(reply)) return delivery
  if (!task.unanswered.has(operation.ordinal)) task.unanswered.set(operation.ordinal, sentAt)
  if (!isLead(task) || delivery.result === 'applied') return delivery
  const { failure } = delivery
  return {
    result: 'retry',
    failure: { ...failure, ...perhapsCreated(failure.message) },
    waitMilliseconds: searchLag,
  }
}

/** Whether a contact was created by an earlier try of this operation, whose answer was lost. */
export async function isOurs(task: ContactTask, id: string): Promise<boolean> {
  const since = sentSince(task)
  if (since === null) return false
  const reply = await task.calls.get(id)
  const createdAt = idOf(reply) === null ? null : property((reply as Answered).body, 'created_at')
  return typeof createdAt === 'number' && createdAt * 1000 >= since - clockSkew
}

/**
 * Identified by email, a contact is created without its external id: together with a new one Intercom may accept an
 * email that exists already, and there would be two (FACTS 4.1).
 */
function creation(task: ContactTask) {
  const { external_id, ...rest } = createBody(task) as Record<string, unknown>
  const left = task.session.plan.identifier === 'email' && task.session.plan.mode === 'upsert'
  return left || external_id === undefined ? rest : { ...rest, external_id }
}

/**
 * Identified by email, the external id follows in a request of its own: where somebody else has it already, that one
 * would be refused, and half a contact be left behind. Who has it with the same email is the one that is meant, and
 * the search does not show it yet. Null where the external id is free.
 */
async function lookByExternalId(task: ContactTask): Promise<Delivery | null> {
  const external_id = textOf(task.operation.record, 'external_id')
  const follows = external_id !== null && !Object.hasOwn(creation(task), 'external_id')
  if (!follows || isLead(task) || !task.search.findsByExternalId) return null
  const reply = await task.calls.findByExternalId(external_id)
  if (gone(reply)) return null
  const id = idOf(reply)
  if (id === null && !merged(reply)) return judge(reply, task.operation.record)
  const email = reply.kind === 'answered' ? text(reply.body, 'email') : null
  const isMeant = comparable('email', email ?? '') === textOf(task.operation.record, 'email')
  if (id !== null && isMeant) return adopt(task, id)
  return { result: 'rejected', failure: externalIdIsAnothers }
}

/** A contact was created; identified by email, its external id is still missing. */
async function complete(task: ContactTask, id: string): Promise<Delivery> {
  const { operation, calls } = task
  const external_id = isLead(task) ? null : textOf(operation.record, 'external_id')
  if (external_id === null || Object.hasOwn(creation(task), 'external_id')) {
    return { result: 'applied', id, created: true }
  }
  const reply = await calls.update(id, { external_id })
  if (idOf(reply) !== null) return { result: 'applied', id, created: true }
  return withId(judge(reply, operation.record), id)
}

/** A create was refused because of a contact that exists: updates that one, if it is the one that is meant. */
async function settle(task: ContactTask, refusal: Answered): Promise<Delivery> {
  const { operation, calls, session } = task
  const conflict = readConflict(refusal)
  if (session.plan.mode === 'insert') return refuseInsert(task, refusal)
  if (conflict.kind === 'unclear') return judge(refusal, operation.record)
  if (conflict.kind === 'archived') return bringBack(task, refusal, conflict.id)
  if (mayBeAnothers(task)) {
    const reply = await calls.get(conflict.id)
    if (gone(reply)) return changedMeanwhile()
    if (idOf(reply) === null && !merged(reply)) return judge(reply, operation.record)
    if (isAnothers(task, reply)) return { result: 'rejected', failure: heldByAnother(refusal) }
  }
  return adopt(task, conflict.id)
}

async function refuseInsert(task: ContactTask, refusal: Answered): Promise<Delivery> {
  const conflict = readConflict(refusal)
  if (conflict.kind === 'unclear') {
    return { result: 'rejected', failure: alreadyExists('existing', refusal) }
  }
  const { id, kind } = conflict
  if (kind === 'existing' && (await isOurs(task, id)))
    return { result: 'applied', id, created: true }
  return { result: 'rejected', failure: alreadyExists(kind, refusal), id }
}

/** An archived contact is in the way. It cannot be looked at before it is back, so it may have to be archived again. */
async function bringBack(task: ContactTask, refusal: Answered, id: string): Promise<Delivery> {
  const { operation, calls } = task
  if (!mayUnarchive(task)) return withId(judge(refusal, operation.record), id)
  const reply = await calls.unarchive(id)
  if (gone(reply)) return changedMeanwhile()
  if (idOf(reply) === null) return unrestorable(judge(reply, operation.record), id)
  if (!mayBeAnothers(task) || !isAnothers(task, reply)) return adopt(task, id)
  const again = await calls.archive(id)
  if (idOf(again) === null) return withId(judge(again, operation.record), null)
  return { result: 'rejected', failure: heldByAnother(refusal) }
}

async function adopt(task: ContactTask, id: string): Promise<Delivery> {
  const ended = await updateContact(task, id)
  return ended === 'gone' ? withId(changedMeanwhile(), null) : ended
}

/**
 * With an email in the record the conflict may have come from that, and the contact be another person; not where the
 * row names the contact's id.
 */
export function mayBeAnothers(task: ContactTask): boolean {
  const { record } = task.operation
  if (identifiedById(task)) return false
  return identityOf(task) === 'external_id' && textOf(record, 'email') !== null
}

/** The contact has an external id, and it is not that of the row. */
export function isAnothers(task: ContactTask, reply: Heard): boolean {
  const holder = idOf(reply) === null ? null : externalIdOf(reply)
  return holder !== null && holder !== task.operation.record.external_id
}
