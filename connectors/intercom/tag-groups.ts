import type { Failure } from '../../src/connector/index.ts'
import { list, property, type Reply, text } from './answer.ts'
import { judge } from './failures.ts'
import type { ListChange, Refused } from './list-change.ts'
import { aboutReply, gone, isMissing } from './missing.ts'
import { versionAtLeast } from './options.ts'
import type { Session } from './session.ts'
import { readTag, refusedTag, type TagDirectory } from './tag-directory.ts'

/** Records per request: what the documentation of API 1 asks for, "no more than 50 at a time"; later ones are silent. */
export const groupSize = 50

/** One tag that goes on, or comes off, several records. */
export interface TagGroup {
  readonly name: string
  readonly untag: boolean
  readonly members: readonly ListChange[]
}

/** What `POST /tags` can tag many of at once; untagging many is documented for companies alone (OAS:34495). */
export type Taggable = 'users' | 'companies'

/** Tags many contacts or companies with one request, `POST /tags` (OAS:18196-18294). */
export class TagGroups {
  readonly #session: Session
  readonly #directory: TagDirectory
  readonly #taggable: Taggable

  constructor(session: Session, directory: TagDirectory, taggable: Taggable) {
    this.#session = session
    this.#directory = directory
    this.#taggable = taggable
  }

  /** Settles the change of every member, unless the run is being stopped. Throws `StopRunError`. */
  async deliver(group: TagGroup, signal: AbortSignal): Promise<void> {
    const reply = await this.#directory.oneFirst(group.name, () => this.#send(group, signal))
    if (reply.kind === 'stopped') return
    const { members, name, untag } = group
    if (isMissing(reply) && !untag && new Set(members.map(({ id }) => id)).size > 1) {
      await this.#halve(group, signal)
      return
    }
    const confirmed = this.#confirmed(reply, group)
    for (const member of members) {
      const tagged = confirmed?.get(member.id)
      const absent = confirmed === null ? isMissing(reply) : tagged === undefined
      if (absent ? untag : tagged === !untag) untag ? member.removed(name) : member.added(name)
      else if (absent) member.failed(gone(this.#session, member.id, reply))
      else if (confirmed === null) member.failed(refusedTag(judge(reply, { tags: name })))
      else member.failed(unconfirmed(reply))
    }
  }

  /** Before 2.16 one record that is gone makes Intercom refuse the whole group (OASPR#481): finds out which. */
  async #halve(group: TagGroup, signal: AbortSignal): Promise<void> {
    const ids = [...new Set(group.members.map(({ id }) => id))]
    const first = new Set(ids.slice(0, Math.ceil(ids.length / 2)))
    const part = (wanted: boolean) => ({
      ...group,
      members: group.members.filter(({ id }) => first.has(id) === wanted),
    })
    await this.deliver(part(true), signal)
    await this.deliver(part(false), signal)
  }

  async #send({ name, untag, members }: TagGroup, signal: AbortSignal): Promise<Reply> {
    const ids = [...new Set(members.map(({ id }) => id))]
    const entities = ids.map((id) => (untag ? { id, untag } : { id }))
    const reply = await this.#session.client.call(
      { method: 'POST', endpoint: '/tags', body: { name, [this.#taggable]: entities } },
      signal,
    )
    const tag = reply.kind === 'answered' && reply.status === 200 ? readTag(reply.body) : null
    if (tag !== null) this.#directory.learn(tag)
    return reply
  }

  /**
   * Whether each record that the answer names is tagged now; null where the answer confirms nothing. From 2.16 on
   * records that are gone are left out (OASPR#481); before, the answer names none and stands for all.
   */
  #confirmed(reply: Reply, group: TagGroup): ReadonlyMap<string, boolean> | null {
    if (reply.kind !== 'answered' || reply.status !== 200 || readTag(reply.body) === null)
      return null
    if (Array.isArray(property(reply.body, this.#taggable))) {
      return new Map(
        list(reply.body, this.#taggable).flatMap((entry) => {
          const id = text(entry, 'id')
          return id === null ? [] : [[id, property(entry, 'tagged') === true]]
        }),
      )
    }
    if (versionAtLeast(this.#session.apiVersion, '2.16')) return null
    return new Map(group.members.map(({ id }) => [id, !group.untag]))
  }
}

function unconfirmed(reply: Reply): Refused {
  const message = 'Intercom answered that the tag was not changed.'
  const failure: Failure = { code: 'server_error', field: 'tags', message, ...aboutReply(reply) }
  return { result: 'retry', failure }
}
