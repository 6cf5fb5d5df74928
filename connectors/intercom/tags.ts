import { errorsOf, type Reply, text } from './answer.ts'
import { judge } from './failures.ts'
import type { ListChange, Refused } from './list-change.ts'
import { comparable } from './list-change.ts'
import type { ListWriter } from './list-delivery.ts'
import { gone, isMissing, isRecordMissing, settleRemovalOfGone } from './missing.ts'
import type { Session } from './session.ts'
import { sideBySide } from './side-by-side.ts'
import { refusedTag, type Tag, TagDirectory } from './tag-directory.ts'
import { groupSize, type TagGroup, TagGroups } from './tag-groups.ts'
import { type Priority, priorities } from './waiting-line.ts'

type Work = (signal: AbortSignal) => Promise<void>

/**
 * Puts tags on records and takes them off: contacts and companies in groups, across the rows of a batch, wherever
 * the API has a form for that; one by one what is left: contacts that lose a tag, and conversations.
 */
export class Tags implements ListWriter {
  readonly #session: Session
  readonly #directory: TagDirectory
  readonly #groups: TagGroups

  constructor(session: Session) {
    this.#session = session
    this.#directory = new TagDirectory(session)
    const taggable = session.plan.object === 'company' ? 'companies' : 'users'
    this.#groups = new TagGroups(session, this.#directory, taggable)
  }

  deliver(changes: readonly ListChange[], signal: AbortSignal): Promise<void> {
    const work = [...this.#removals(changes), ...this.#additions(changes)]
    return sideBySide(work, (each, either) => each(either), signal)
  }

  #additions(changes: readonly ListChange[]): readonly Work[] {
    if (this.#session.plan.object === 'conversation') {
      return each(
        changes,
        'additions',
        (change, name) => (signal) => this.#tagConversation(change, name, signal),
      )
    }
    return grouped(changes, 'additions').map(
      (group) => (signal) => this.#groups.deliver({ ...group, untag: false }, signal),
    )
  }

  #removals(changes: readonly ListChange[]): readonly Work[] {
    if (this.#session.plan.object === 'company') {
      return grouped(changes, 'removals').map(
        (group) => (signal) => this.#untagGroup(group, signal),
      )
    }
    return each(
      changes,
      'removals',
      (change, name) => (signal) => this.#untag(change, name, signal),
    )
  }

  /** Looked up first, since naming a tag that has been deleted would create it anew. */
  async #untagGroup(group: Omit<TagGroup, 'untag'>, signal: AbortSignal): Promise<void> {
    const found = await this.#directory.find(group.name, signal)
    if (found === null) return
    if ('refused' in found) {
      for (const member of group.members) member.failed(found.refused)
    } else if (found.tag === undefined) {
      for (const member of group.members) member.removed(group.name)
    } else await this.#groups.deliver({ ...group, untag: true }, signal)
  }

  /** `DELETE /contacts/{id}/tags/{id}` (OAS:7945), `DELETE /conversations/{id}/tags/{id}` (OAS:10643). */
  async #untag(change: ListChange, name: string, signal: AbortSignal): Promise<void> {
    const found = await this.#directory.find(name, signal)
    if (found === null) return
    if ('refused' in found) return change.failed(found.refused)
    if (found.tag === undefined) return change.removed(name)
    const reply = await this.#untagCall(change.id, found.tag, signal)
    if (reply.kind === 'stopped') return
    if (isRecordMissing(reply)) return settleRemovalOfGone(this.#session, change, name, reply)
    if (confirms(reply) || isTagMissing(reply)) change.removed(name)
    else change.failed(refusal(reply, name))
  }

  #untagCall(id: string, tag: Tag, signal: AbortSignal): Promise<Reply> {
    const { client, plan } = this.#session
    const isConversation = plan.object === 'conversation'
    const records = isConversation ? '/conversations' : '/contacts'
    return client.call(
      {
        method: 'DELETE',
        endpoint: `${records}/{id}/tags/{id}`,
        path: `${records}/${encodeURIComponent(id)}/tags/${encodeURIComponent(tag.id)}`,
        ...(isConversation ? { body: { admin_id: plan.adminId } } : {}),
      },
      signal,
    )
  }

  /** `POST /conversations/{id}/tags` (OAS:10522), in the name of an admin. */
  async #tagConversation(change: ListChange, name: string, signal: AbortSignal): Promise<void> {
    for (let tries = 0; ; tries += 1) {
      const found = await this.#directory.findOrCreate(name, signal)
      if (found === null) return
      if ('refused' in found) return change.failed(found.refused)
      const priority = tries === 0 ? priorities.write : priorities.repair
      const reply = await this.#tagCall(change.id, found.tag, priority, signal)
      if (reply.kind === 'stopped') return
      if (confirms(reply)) return change.added(name)
      if (isRecordMissing(reply)) return change.failed(gone(this.#session, change.id, reply))
      if (tries > 0 || !isTagMissing(reply)) return change.failed(refusal(reply, name))
      this.#directory.forget(name)
    }
  }

  #tagCall(id: string, tag: Tag, priority: Priority, signal: AbortSignal): Promise<Reply> {
    const { client, plan } = this.#session
    return client.call(
      {
        method: 'POST',
        endpoint: '/conversations/{id}/tags',
        path: `/conversations/${encodeURIComponent(id)}/tags`,
        body: { id: tag.id, admin_id: plan.adminId },
        priority,
      },
      signal,
    )
  }
}

function each(
  changes: readonly ListChange[],
  side: 'additions' | 'removals',
  work: (change: ListChange, name: string) => Work,
): readonly Work[] {
  return changes.flatMap((change) => change[side].map((name) => work(change, name)))
}

/** The changes by tag, in groups as large as one request takes; the spelling that comes first counts. */
function grouped(
  changes: readonly ListChange[],
  side: 'additions' | 'removals',
): readonly Omit<TagGroup, 'untag'>[] {
  const byTag = new Map<string, { name: string; members: ListChange[] }>()
  for (const change of changes) {
    for (const name of change[side]) {
      const key = comparable('tags', name)
      const group = byTag.get(key) ?? { name, members: [] }
      group.members.push(change)
      byTag.set(key, group)
    }
  }
  return [...byTag.values()].flatMap(({ name, members }) =>
    Array.from({ length: Math.ceil(members.length / groupSize) }, (_, at) => ({
      name,
      members: members.slice(at * groupSize, (at + 1) * groupSize),
    })),
  )
}

function confirms(reply: Reply): boolean {
  return reply.kind === 'answered' && reply.status === 200 && text(reply.body, 'id') !== null
}

/** It is the tag that is gone, or not on the record. */
function isTagMissing(reply: Reply): boolean {
  return isMissing(reply) && !isRecordMissing(reply) && !isAdminMissing(reply)
}

function isAdminMissing(reply: Reply): boolean {
  return isMissing(reply) && errorsOf(reply.body).some(({ code }) => code === 'admin_not_found')
}

function refusal(reply: Exclude<Reply, { kind: 'stopped' }>, name: string): Refused {
  const refused = refusedTag(judge(reply, { tags: name }))
  if (!isAdminMissing(reply)) return refused
  const failure = {
    ...refused.failure,
    field: 'admin_id',
    hint: 'admin_id of the activation has to be the id of a teammate of this workspace.',
  }
  return { ...refused, failure }
}
