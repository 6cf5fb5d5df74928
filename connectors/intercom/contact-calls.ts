import type { Body } from './body.ts'
import type { Call, Client } from './client.ts'
import type { Heard } from './contact-answers.ts'
import { priorities } from './waiting-line.ts'

/** Thrown where a request was not sent because the run is being stopped. */
export class NotSent extends Error {
  override readonly name = 'NotSent'
}

/**
 * The requests that one operation on a contact takes. The first waits its turn, those that follow go before others:
 * they finish what has begun. Each throws `NotSent` once the run is being stopped.
 */
export class ContactCalls {
  readonly #client: Client
  readonly #signal: AbortSignal
  #begun = false

  constructor(client: Client, signal: AbortSignal) {
    this.#client = client
    this.#signal = signal
  }

  /** Whether anything was sent. */
  get begun(): boolean {
    return this.#begun
  }

  create(body: Body): Promise<Heard> {
    return this.#send({ method: 'POST', endpoint: '/contacts', body })
  }

  get(id: string): Promise<Heard> {
    return this.#send({ method: 'GET', endpoint: '/contacts/{id}', path: pathOf(id) })
  }

  /** Knows every user that is not archived, without the search's lag; not before version 2.13 (FACTS 3.2). */
  findByExternalId(externalId: string): Promise<Heard> {
    const endpoint = '/contacts/find_by_external_id/{external_id}'
    const path = `/contacts/find_by_external_id/${encodeURIComponent(externalId)}`
    return this.#send({ method: 'GET', endpoint, path })
  }

  update(id: string, body: Body): Promise<Heard> {
    return this.#send({ method: 'PUT', endpoint: '/contacts/{id}', path: pathOf(id), body })
  }

  archive(id: string): Promise<Heard> {
    const endpoint = '/contacts/{id}/archive'
    return this.#send({ method: 'POST', endpoint, path: `${pathOf(id)}/archive` })
  }

  unarchive(id: string): Promise<Heard> {
    const endpoint = '/contacts/{id}/unarchive'
    return this.#send({ method: 'POST', endpoint, path: `${pathOf(id)}/unarchive` })
  }

  delete(id: string): Promise<Heard> {
    return this.#send({ method: 'DELETE', endpoint: '/contacts/{id}', path: pathOf(id) })
  }

  async #send(call: Call): Promise<Heard> {
    const priority = this.#begun ? priorities.repair : priorities.write
    const reply = await this.#client.call({ ...call, priority }, this.#signal)
    if (reply.kind === 'stopped') throw new NotSent()
    this.#begun = true
    return reply
  }
}

function pathOf(id: string): string {
  return `/contacts/${encodeURIComponent(id)}`
}
