import type { Delivery } from '../../src/connector/index.ts'
import { survivorOf } from './conflicts.ts'
import { externalIdOf, gone, type Heard, idOf, merged } from './contact-answers.ts'
import { survivorIsAnothers } from './contact-refusals.ts'
import { type ContactTask, updateBody } from './contact-task.ts'
import { withId } from './deliver.ts'
import { judge } from './failures.ts'
import { versionAtLeast } from './options.ts'

/** How many merges in a row are followed (OAS:8294-8480: "may need up to 3 hops"). */
const mostHops = 3

/** Whether an archived contact may be brought back: the activation says so, or millrace itself archived it. */
export function mayUnarchive({ operation, session }: ContactTask): boolean {
  return operation.archivedByUs || session.plan.onArchived === 'unarchive'
}

/**
 * Updates by id, following merges, and brings the contact back first where it is archived and may be brought back.
 * `gone` where Intercom does not have the contact, or has archived it and it may not be brought back: the two look
 * the same (FACTS 5.4).
 */
export async function updateContact(
  task: ContactTask,
  firstId: string,
): Promise<Delivery | 'gone'> {
  const { operation, calls } = task
  let id = firstId
  let restored = operation.archivedByUs
  if (restored) {
    const ended = await restore(task, id)
    if (ended !== 'restored') return ended
  }
  for (let hops = 0; ; ) {
    const reply = await calls.update(id, updateBody(task))
    const done = idOf(reply)
    if (done !== null) return { result: 'applied', id: done, created: false }
    if (gone(reply) && !restored && mayUnarchive(task)) {
      restored = true
      const ended = await restore(task, id)
      if (ended === 'restored') continue
      if (ended !== 'gone') return ended
    }
    const survivor = await survivorIn(task, id, reply)
    if (survivor === null || hops === mostHops) {
      return gone(reply) ? 'gone' : withId(judge(reply, operation.record), id)
    }
    if (await isAnothersSurvivor(task, survivor)) {
      return { result: 'rejected', failure: survivorIsAnothers }
    }
    id = survivor
    hops += 1
    restored = false
  }
}

/**
 * The contact into which this one was merged; null where it was not. That a write answers 410 is likely, that a
 * look does is documented (FACTS 3.1, 3.2): where the write says 404, a look tells.
 */
async function survivorIn(task: ContactTask, id: string, reply: Heard): Promise<string | null> {
  if (merged(reply)) return survivorOf(reply)
  if (!gone(reply) || !versionAtLeast(task.session.apiVersion, '2.16')) return null
  return survivorOf(await task.calls.get(id))
}

/** Whether a survivor has an external id of its own, which the row's would overwrite: then it is another row's. */
async function isAnothersSurvivor(task: ContactTask, survivor: string): Promise<boolean> {
  const wanted = updateBody(task).external_id
  if (typeof wanted !== 'string') return false
  const reply = await task.calls.get(survivor)
  const held = idOf(reply) === null ? null : externalIdOf(reply)
  return held !== null && held !== wanted
}

/** Unarchives. A merged contact counts as restored: the update that follows is led to its survivor. */
async function restore(task: ContactTask, id: string): Promise<Delivery | 'gone' | 'restored'> {
  const reply = await task.calls.unarchive(id)
  if (idOf(reply) !== null || merged(reply)) return 'restored'
  if (gone(reply)) return 'gone'
  return unrestorable(judge(reply, task.operation.record), id)
}

/** What is deleted for good is not worth remembering. */
export function unrestorable(delivery: Delivery, id: string): Delivery {
  if (delivery.result === 'applied') return delivery
  return withId(delivery, delivery.failure.code === 'deleted' ? null : id)
}
