import { list, property, text } from './answer.ts'
import { judge } from './failures.ts'
import { comparable, type Refused } from './list-change.ts'
import type { Session } from './session.ts'
import { Shared } from './shared.ts'
import { Turns } from './turns.ts'
import { priorities } from './waiting-line.ts'

/** A tag as Intercom has it. */
export interface Tag {
  readonly id: string
  readonly name: string
}

/** What became of asking for a tag: it, a refusal, or null where the run is being stopped. */
export type Found<Result> = Result | { readonly refused: Refused } | null

/**
 * The tags of the workspace by name, without regard to letter case (OAS:28696-28704). They are listed once, when
 * a tag's id is first needed, and learnt from answers. One tag is never created by two requests at once.
 */
export class TagDirectory {
  readonly #session: Session
  readonly #byName = new Map<string, Tag>()
  readonly #listing = new Shared<true | { readonly refused: Refused }>()
  readonly #creating = new Turns()
  #listed = false

  constructor(session: Session) {
    this.#session = session
  }

  /** A tag that is known by now, without asking. */
  known(name: string): Tag | undefined {
    return this.#byName.get(comparable('tags', name))
  }

  learn(tag: Tag): void {
    this.#byName.set(comparable('tags', tag.name), tag)
  }

  /** The tag turned out to be gone. */
  forget(name: string): void {
    this.#byName.delete(comparable('tags', name))
  }

  /** A tag of the workspace; undefined where there is none of that name. */
  async find(name: string, signal: AbortSignal): Promise<Found<{ readonly tag: Tag | undefined }>> {
    if (this.known(name) === undefined && !this.#listed) {
      const listed = await this.#listing.join(() => this.#list(signal), signal)
      if (listed !== true) return listed
    }
    return { tag: this.known(name) }
  }

  /** A tag of the workspace, created where there is none of that name. */
  async findOrCreate(name: string, signal: AbortSignal): Promise<Found<{ readonly tag: Tag }>> {
    const found = await this.find(name, signal)
    if (found === null || 'refused' in found) return found
    if (found.tag !== undefined) return { tag: found.tag }
    return this.oneFirst(name, async () => {
      const tag = this.known(name)
      return tag === undefined ? this.#create(name, signal) : { tag }
    })
  }

  /**
   * Sends a request that creates the tag where there is none of that name. As long as the tag is not known, only one
   * such request is under way; its answer has to be learnt within `send`.
   */
  async oneFirst<Result>(name: string, send: () => Promise<Result>): Promise<Result> {
    if (this.known(name) !== undefined) return send()
    const first = await this.#creating.take(comparable('tags', name), async () =>
      this.known(name) === undefined ? { result: await send() } : null,
    )
    return first === null ? send() : first.result
  }

  /** The whole list, which has no pages (OAS:18155). */
  async #list(signal: AbortSignal): Promise<Found<true>> {
    if (this.#listed) return true
    const { client } = this.#session
    const call = { method: 'GET', endpoint: '/tags', priority: priorities.search } as const
    const reply = await client.call(call, signal)
    if (reply.kind === 'stopped') return null
    const answered = reply.kind === 'answered' && reply.status === 200
    if (!answered || !Array.isArray(property(reply.body, 'data'))) {
      return { refused: refusedBy(judge(reply, {})) }
    }
    for (const entry of list(reply.body, 'data')) {
      const tag = readTag(entry)
      if (tag !== null) this.learn(tag)
    }
    this.#listed = true
    return true
  }

  /** Creates the tag, or is told the one that has the name (OAS:18196-18294). */
  async #create(name: string, signal: AbortSignal): Promise<Found<{ readonly tag: Tag }>> {
    const { client } = this.#session
    const call = {
      method: 'POST',
      endpoint: '/tags',
      body: { name },
      priority: priorities.search,
    } as const
    const reply = await client.call(call, signal)
    if (reply.kind === 'stopped') return null
    const tag = reply.kind === 'answered' && reply.status === 200 ? readTag(reply.body) : null
    if (tag === null) return { refused: refusedTag(judge(reply, { tags: name })) }
    this.learn(tag)
    return { tag }
  }
}

/** The tag that an answer holds; null where it holds none. */
export function readTag(answer: unknown): Tag | null {
  const id = text(answer, 'id')
  const name = text(answer, 'name')
  return id === null || name === null ? null : { id, name }
}

/** A refusal as it concerns the tags of a row. */
export function refusedTag(delivery: ReturnType<typeof judge>): Refused {
  const refused = refusedBy(delivery)
  return { ...refused, failure: { ...refused.failure, field: 'tags' } }
}

function refusedBy(delivery: ReturnType<typeof judge>): Refused {
  if (delivery.result === 'applied') throw new Error('a refusal was judged to be a success')
  return delivery
}
