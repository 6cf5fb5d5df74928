import type pg from 'pg'
import { connect, type Endpoint, isConnected, leave } from './connection.ts'

/** A login that begins at once, for whoever first needs one. */
export class LoginAhead {
  readonly #endpoint: Endpoint
  readonly #abort = new AbortController()
  #begun: Promise<pg.Client> | null

  constructor(endpoint: Endpoint) {
    this.#endpoint = endpoint
    this.#begun = connect(endpoint, this.#abort.signal)
    // What it fails with is for whoever takes it.
    this.#begun.catch(() => {})
  }

  /** As `connect`: the login that has begun where nobody took it and the server has not ended it, else another one. */
  async take(signal: AbortSignal): Promise<pg.Client> {
    const begun = this.#begun
    this.#begun = null
    if (begun === null) return connect(this.#endpoint, signal)
    const onAbort = () => this.#abort.abort(signal.reason)
    signal.addEventListener('abort', onAbort, { once: true })
    if (signal.aborted) onAbort()
    try {
      const client = await begun
      return isConnected(client) ? client : await connect(this.#endpoint, signal)
    } finally {
      signal.removeEventListener('abort', onAbort)
    }
  }

  /** Gives up the login where nobody took it. Never throws. */
  async drop(): Promise<void> {
    const begun = this.#begun
    this.#begun = null
    if (begun === null) return
    this.#abort.abort(new Error('nobody needed it'))
    const client = await begun.catch(() => null)
    if (client !== null) await leave(client)
  }
}
