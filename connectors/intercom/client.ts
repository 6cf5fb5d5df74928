import { type Dispatcher, Pool } from 'undici'
import type { Clock, RequestCounts, Secret } from '../../src/connector/index.ts'
import {
  type Answered,
  type HttpHeaders,
  type Limited,
  type Lost,
  lostBecause,
  parseBody,
  type Reply,
  rateHeaders,
  requestIdOf,
  retryAfter,
  workspaceIn,
} from './answer.ts'
import { Deadlines } from './deadlines.ts'
import { exchange, TooLate } from './exchange.ts'
import { Limiter, type Paced } from './limits.ts'
import { type Priority, priorities } from './waiting-line.ts'
import type { Share } from './window-budget.ts'

export interface ClientOptions {
  readonly baseUrl: string
  readonly token: Secret
  readonly apiVersion: string
  /** For one request, from its start to the last byte of its answer. */
  readonly timeoutMilliseconds: number
  /** Requests under way at once, and connections, at most. */
  readonly concurrency: number
  /** How much of the rate limit may be used. */
  readonly share: Share
}

/** One request. */
export interface Call {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** The path with ids left out, for counting: `/contacts/{id}`. */
  readonly endpoint: string
  /** The path, where it differs from `endpoint`. */
  readonly path?: string
  readonly body?: unknown
  readonly priority?: Priority
}

/** How often a request that was refused for the rate limit is sent again before the engine is asked. */
const refusalsWaitedOut = 5

/** A longer pause than this, in milliseconds, is for the engine to wait out, or to end the run for. */
const longestPause = 60_000

/** Intercom over HTTP: one pool of connections, one limiter, one reading of every answer. */
export class Client {
  readonly #options: ClientOptions
  readonly #pool: Pool
  readonly #origin: string
  readonly #prefix: string
  readonly #limiter: Limiter
  readonly #deadlines: Deadlines
  readonly #byEndpoint = new Map<string, number>()
  #total = 0
  #rateLimited = 0
  #endsWhenRefused = false
  #workspace: string | null = null

  constructor(options: ClientOptions, clock: Clock) {
    const url = new URL(options.baseUrl)
    this.#options = options
    this.#origin = url.origin
    this.#prefix = url.pathname.replace(/\/+$/, '')
    this.#pool = new Pool(url.origin, {
      connections: options.concurrency,
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: { timeout: Math.min(10_000, options.timeoutMilliseconds) },
    })
    this.#limiter = new Limiter({ ...options, clock })
    this.#deadlines = new Deadlines(options.timeoutMilliseconds, clock)
  }

  /** How many requests may be under way at once, as far as is known by now. */
  get concurrency(): number {
    return this.#limiter.concurrency
  }

  get requests(): RequestCounts {
    return {
      total: this.#total,
      byEndpoint: Object.fromEntries(this.#byEndpoint),
      rateLimited: this.#rateLimited,
    }
  }

  /** The id of the workspace, as the first answer that names it has told it; null before. */
  get workspace(): string | null {
    return this.#workspace
  }

  /**
   * Sends a request and says what came of it. Waits its turn in the limiter; a refusal for the rate limit is
   * waited out and sent again here, unless Intercom asks for more than a minute. Once `signal` aborts nothing is sent, and what is under way is finished.
   */
  async call(call: Call, signal: AbortSignal): Promise<Reply> {
    let priority = call.priority ?? priorities.write
    let refusal: Limited | null = null
    for (let refusals = 0; refusals <= refusalsWaitedOut; refusals += 1) {
      const reply = await this.#limiter.run(priority, signal, () => this.#send(call))
      if (reply === null) return { kind: 'stopped' }
      if (reply.kind !== 'limited') return reply
      const pause = this.#limiter.pausedFor
      if (pause > longestPause) return { ...reply, waitMilliseconds: pause }
      refusal = reply
      priority = priorities.again
    }
    return refusal as Limited
  }

  /**
   * From now on an answer of 401 or 403 is the last: whatever waits or is asked for afterwards is not sent. Whoever got
   * the answer ends the run, but others are at work meanwhile.
   */
  endWhenRefused(): void {
    this.#endsWhenRefused = true
  }

  async close(): Promise<void> {
    this.#limiter.close()
    await this.#pool.destroy()
  }

  async #send(call: Call): Promise<Paced<Answered | Lost | Limited>> {
    this.#count(`${call.method} ${call.endpoint}`)
    try {
      const { status, headers, text } = await exchange(
        this.#pool,
        this.#request(call),
        this.#deadlines,
      )
      // A gateway may echo what it refused, and all that is read from here on may be shown.
      const shown = text.replaceAll(this.#options.token.reveal(), '***')
      return this.#read(status, headers, shown)
    } catch (error) {
      const lost = lostBecause(error, error instanceof TooLate, this.#origin)
      return { result: lost, end: { kind: lost.sent ? 'lost' : 'unsent' } }
    }
  }

  #request(call: Call): Dispatcher.DispatchOptions {
    return {
      method: call.method,
      path: `${this.#prefix}${call.path ?? call.endpoint}`,
      headers: {
        authorization: `Bearer ${this.#options.token.reveal()}`,
        accept: 'application/json',
        'content-type': 'application/json',
        'intercom-version': this.#options.apiVersion,
      },
      body: call.body === undefined ? null : JSON.stringify(call.body),
    }
  }

  #read(status: number, headers: HttpHeaders, text: string): Paced<Answered | Limited> {
    const body = parseBody(text)
    const requestId = requestIdOf(headers, body)
    const limits = rateHeaders(headers)
    const waitMilliseconds = retryAfter(headers)
    if (this.#endsWhenRefused && (status === 401 || status === 403)) void this.#limiter.close()
    if (status !== 429) {
      this.#workspace ??= workspaceIn(body)
      return {
        result: { kind: 'answered', status, headers, body, requestId },
        end:
          waitMilliseconds === null
            ? { kind: 'answered', headers: limits, succeeded: status < 300 && body !== undefined }
            : { kind: 'refused', headers: limits, waitMilliseconds },
      }
    }
    this.#rateLimited += 1
    return {
      result: { kind: 'limited', requestId, waitMilliseconds },
      end: { kind: 'refused', headers: limits, waitMilliseconds },
    }
  }

  #count(endpoint: string): void {
    this.#total += 1
    this.#byEndpoint.set(endpoint, (this.#byEndpoint.get(endpoint) ?? 0) + 1)
  }
}
