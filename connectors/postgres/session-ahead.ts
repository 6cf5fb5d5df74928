import { TryAgainError } from '../../src/connector/index.ts'
import { answers, type Endpoint, leave } from './connection.ts'
import type { PostgresOptions } from './index.ts'
import { openSession, type Session } from './session.ts'

/** A session that is opened at once, for whoever first needs one. */
export class SessionAhead {
  readonly #endpoint: Endpoint
  readonly #options: PostgresOptions
  readonly #abort = new AbortController()
  #opening: Promise<Session> | null

  constructor(endpoint: Endpoint, options: PostgresOptions) {
    this.#endpoint = endpoint
    this.#options = options
    this.#opening = openSession(endpoint, options, this.#abort.signal)
    // What it fails with is for whoever takes it.
    this.#opening.catch(() => {})
  }

  /** As `openSession`: the session that was opened where nobody took it and the server has not ended it, else another one. */
  async take(signal: AbortSignal): Promise<Session> {
    const opening = this.#opening
    this.#opening = null
    const session = opening === null ? null : await this.#opened(opening, signal)
    return session ?? openSession(this.#endpoint, this.#options, signal)
  }

  /** Null where the server has ended it, which may not have been heard of yet. */
  async #opened(opening: Promise<Session>, signal: AbortSignal): Promise<Session | null> {
    const onAbort = () => this.#abort.abort(signal.reason)
    signal.addEventListener('abort', onAbort, { once: true })
    if (signal.aborted) onAbort()
    try {
      const session = await opening
      if (await answers(session.client, signal)) return session
      await leave(session.client)
      return null
    } catch (error) {
      if (error instanceof TryAgainError) return null
      throw error
    } finally {
      signal.removeEventListener('abort', onAbort)
    }
  }

  /** Gives up the session where nobody took it. Never throws. */
  async drop(): Promise<void> {
    const opening = this.#opening
    this.#opening = null
    if (opening === null) return
    this.#abort.abort(new Error('nobody needed it'))
    const session = await opening.catch(() => null)
    if (session !== null) await leave(session.client)
  }
}
