import type { Delivery } from '../../src/connector/index.ts'
import { text } from './answer.ts'
import { gone, idOf, merged, unanswered } from './contact-answers.ts'
import { mergedAway, notFound } from './contact-refusals.ts'
import { choose } from './contact-search.ts'
import { type ContactTask, identifiedById, sentSince, textOf } from './contact-task.ts'
import { judge } from './failures.ts'
import { type ContactIdentifier, comparable, type Hit } from './resolve.ts'

/**
 * Deletes or archives a contact. Only the contact itself: where it was merged away, the survivor is left alone.
 * A contact that Intercom does not have, or has archived already, is as wanted where millrace once knew it, and else
 * a row that does not say whom it means.
 */
export async function removeContact(task: ContactTask, hits: readonly Hit[]): Promise<Delivery> {
  const { operation, calls, session } = task
  const { ordinal, kind, record } = operation
  const found = operation.id ?? (await resolveSurely(task, hits))
  if (typeof found !== 'string') return found
  const sentAt = session.context.clock.now()
  const reply = kind === 'delete' ? await calls.delete(found) : await calls.archive(found)
  const id = kind === 'delete' ? null : found
  if (idOf(reply) !== null) return { result: 'applied', id, created: false }
  if (gone(reply)) {
    const known = operation.removal || !identifiedById(task) || sentSince(task) !== null
    if (known) return { result: 'applied', id, created: false }
    return { result: 'rejected', failure: notFound('id') }
  }
  if (merged(reply)) {
    if (operation.removal) return { result: 'applied', id: null, created: false }
    return { result: 'rejected', failure: mergedAway(reply) }
  }
  if (unanswered(reply)) task.unanswered.set(ordinal, sentAt)
  return judge(reply, record)
}

/**
 * The id of the contact that has the row's identifier at this moment: the search shows what was so minutes ago, and
 * what is deleted does not come back. Else how the operation ends.
 */
async function resolveSurely(task: ContactTask, hits: readonly Hit[]): Promise<string | Delivery> {
  const { operation, calls, search, session } = task
  const identifier: ContactIdentifier =
    session.plan.identifier === 'email' ? 'email' : 'external_id'
  const value = textOf(operation.record, identifier)
  const byExternalId = identifier === 'external_id' && search.findsByExternalId
  const choice = byExternalId ? null : choose(task, identifier, hits)
  if (choice !== null && 'failure' in choice) {
    return { result: 'rejected', failure: choice.failure }
  }
  if (value === null || (choice === null && !byExternalId)) return absent(task, identifier)
  const reply = choice === null ? await calls.findByExternalId(value) : await calls.get(choice.id)
  if (gone(reply)) return absent(task, identifier)
  if (merged(reply)) {
    if (operation.removal) return { result: 'applied', id: null, created: false }
    return { result: 'rejected', failure: mergedAway(reply) }
  }
  const id = idOf(reply)
  if (id === null || reply.kind !== 'answered') return judge(reply, operation.record)
  const holds = comparable(identifier, text(reply.body, identifier) ?? '')
  return holds === comparable(identifier, value) ? id : absent(task, identifier)
}

/** Nobody has the identifier: as wanted where millrace had delivered the record, or may have removed it before. */
function absent(task: ContactTask, identifier: ContactIdentifier): Delivery {
  if (task.operation.removal || sentSince(task) !== null) {
    return { result: 'applied', id: null, created: false }
  }
  return { result: 'rejected', failure: notFound(identifier) }
}
