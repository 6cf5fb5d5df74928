import Bottleneck from 'bottleneck'
import type { Clock } from '../../src/connector/index.ts'
import { type RequestEnd, WindowBudget } from './window-budget.ts'

/** Which requests go first: lower numbers. A search unblocks fifty rows, a repair finishes one that has begun. */
export const priorities = { again: 0, search: 1, repair: 3, write: 5 } as const

export type Priority = (typeof priorities)[keyof typeof priorities]

/** What a request came to, with what it says of the rate limit. */
export interface Paced<Result> {
  readonly result: Result
  readonly end: RequestEnd
}

interface Waiters {
  readonly callbacks: Set<() => void>
  readonly listener: () => void
}

/**
 * The one limiter that every request of a session passes. Bottleneck keeps the queue, its order and the number of
 * requests under way; its reservoir holds only what the budget has just allowed, so it never opens by itself.
 */
export class Limiter {
  readonly #clock: Clock
  readonly #concurrency: number
  readonly #queue: Bottleneck
  readonly #budget = new WindowBudget()
  readonly #closed = new AbortController()
  readonly #onAbort = new Map<AbortSignal, Waiters>()
  /** Requests in the queue, allowed to start and not started yet, and under way. */
  #waiting = 0
  #granted = 0
  #running = 0
  #wake: { at: number; cancel: AbortController } | null = null

  constructor(concurrency: number, clock: Clock) {
    this.#clock = clock
    this.#concurrency = concurrency
    this.#queue = new Bottleneck({ maxConcurrent: concurrency, reservoir: 0 })
  }

  /** Sends once the limit allows it. Resolves to null, without sending, once `signal` aborts. */
  run<Result>(
    priority: Priority,
    signal: AbortSignal,
    send: () => Promise<Paced<Result>>,
  ): Promise<Result | null> {
    if (signal.aborted || this.#closed.signal.aborted) return Promise.resolve(null)
    return new Promise((resolve, reject) => {
      const giveUp = () => resolve(null)
      const stopListening = this.#whenAborted(signal, giveUp)
      this.#waiting += 1
      this.#queue
        .schedule({ priority }, async () => {
          stopListening()
          this.#waiting -= 1
          this.#granted -= 1
          if (signal.aborted) giveUp()
          else resolve(await this.#send(send))
          this.#grant()
        })
        .catch((error: unknown) => (this.#closed.signal.aborted ? giveUp() : reject(error)))
      this.#grant()
    })
  }

  /** Milliseconds for which the server wants no request at all. */
  get pausedFor(): number {
    return this.#budget.pausedFor(this.#clock.now())
  }

  /** Drops what waits. Requests under way are not touched. */
  async close(): Promise<void> {
    if (this.#closed.signal.aborted) return
    this.#closed.abort()
    this.#wake?.cancel.abort()
    await this.#queue.stop({ dropWaitingJobs: true })
  }

  async #send<Result>(send: () => Promise<Paced<Result>>): Promise<Result> {
    const ticket = this.#budget.start(this.#clock.now())
    this.#running += 1
    let end: RequestEnd = { kind: 'lost' }
    try {
      const paced = await send()
      end = paced.end
      return paced.result
    } finally {
      this.#running -= 1
      this.#budget.end(ticket, this.#clock.now(), end)
    }
  }

  /** Lets as many requests start as the budget, the queue and the connections allow. */
  #grant(): void {
    if (this.#closed.signal.aborted) return
    const { room, again } = this.#budget.allowance(this.#clock.now())
    const startable = Math.min(this.#waiting, this.#concurrency - this.#running)
    const more = Math.min(room, startable) - this.#granted
    if (more > 0) {
      this.#granted += more
      void this.#queue.incrementReservoir(more)
    }
    if (this.#waiting > this.#granted) this.#wakeAt(again)
  }

  #wakeAt(at: number): void {
    if (at === Number.POSITIVE_INFINITY || (this.#wake !== null && this.#wake.at <= at)) return
    this.#wake?.cancel.abort()
    const wake = { at, cancel: new AbortController() }
    this.#wake = wake
    this.#clock.sleep(Math.max(1, at - this.#clock.now()), wake.cancel.signal).then(
      () => {
        if (this.#wake === wake) this.#wake = null
        this.#grant()
      },
      () => {},
    )
  }

  /**
   * Calls back once `signal` aborts; however many wait, the signal has one listener, and none once nobody waits:
   * a signal made by `AbortSignal.any` is never freed while it has one. Returns how to call it off.
   */
  #whenAborted(signal: AbortSignal, callback: () => void): () => void {
    const { callbacks, listener } = this.#onAbort.get(signal) ?? this.#listen(signal)
    callbacks.add(callback)
    return () => {
      callbacks.delete(callback)
      if (callbacks.size > 0) return
      signal.removeEventListener('abort', listener)
      this.#onAbort.delete(signal)
    }
  }

  #listen(signal: AbortSignal): Waiters {
    const callbacks = new Set<() => void>()
    const listener = () => {
      for (const callback of callbacks) callback()
    }
    signal.addEventListener('abort', listener)
    this.#onAbort.set(signal, { callbacks, listener })
    return { callbacks, listener }
  }
}
