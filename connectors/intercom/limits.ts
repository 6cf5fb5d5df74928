import type { Clock } from '../../src/connector/index.ts'
import { InFlight } from './in-flight.ts'
import { type Priority, WaitingLine } from './waiting-line.ts'
import { type RequestEnd, type Share, WindowBudget } from './window-budget.ts'

/** What a request came to, with what it says of the rate limit. */
export interface Paced<Result> {
  readonly result: Result
  readonly end: RequestEnd
}

export interface LimiterOptions {
  /** Requests under way at once, at most. */
  readonly concurrency: number
  /** How much of the server's limit may be used. */
  readonly share: Share
  readonly clock: Clock
}

interface Waiter {
  readonly priority: Priority
  readonly start: () => void
  readonly giveUp: () => void
}

interface Listening {
  readonly waiters: Set<Waiter>
  readonly listener: () => void
}

/**
 * The one limiter that every request of a session passes: a request starts when the window has room for it, not too
 * many are under way, and nothing more urgent waits.
 */
export class Limiter {
  readonly #clock: Clock
  readonly #line = new WaitingLine<Waiter>()
  readonly #budget: WindowBudget
  readonly #inFlight: InFlight
  readonly #onAbort = new Map<AbortSignal, Listening>()
  #running = 0
  #startsSoon = false
  #closed = false
  #wake: { at: number; cancel: AbortController } | null = null

  constructor({ concurrency, share, clock }: LimiterOptions) {
    this.#clock = clock
    this.#budget = new WindowBudget(share)
    this.#inFlight = new InFlight(concurrency)
  }

  /** How many requests may be under way at once, as far as is known by now. */
  get concurrency(): number {
    return this.#inFlight.allowed(this.#budget.rate)
  }

  /** Milliseconds for which the server wants no request at all. */
  get pausedFor(): number {
    return this.#budget.pausedFor(this.#clock.now())
  }

  /** Sends once the limit allows it. Resolves to null, without sending, once `signal` aborts. */
  run<Result>(
    priority: Priority,
    signal: AbortSignal,
    send: () => Promise<Paced<Result>>,
  ): Promise<Result | null> {
    if (signal.aborted || this.#closed) return Promise.resolve(null)
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        priority,
        start: () => {
          this.#stopListening(signal, waiter)
          this.#send(send).then(resolve, reject)
        },
        giveUp: () => {
          this.#line.remove(priority, waiter)
          resolve(null)
        },
      }
      this.#line.add(priority, waiter)
      this.#listen(signal, waiter)
      this.#startWhatMay()
    })
  }

  /** Drops what waits. Requests under way are not touched. */
  close(): void {
    this.#closed = true
    this.#wake?.cancel.abort()
    for (const [signal, { waiters, listener }] of this.#onAbort) {
      signal.removeEventListener('abort', listener)
      for (const waiter of waiters) waiter.giveUp()
    }
    this.#onAbort.clear()
  }

  async #send<Result>(send: () => Promise<Paced<Result>>): Promise<Result> {
    const sentAt = this.#clock.now()
    const ticket = this.#budget.start(sentAt)
    this.#running += 1
    let end: RequestEnd = { kind: 'lost' }
    try {
      const paced = await send()
      end = paced.end
      return paced.result
    } finally {
      const now = this.#clock.now()
      this.#running -= 1
      this.#budget.end(ticket, now, end)
      if (end.kind === 'answered') this.#inFlight.learn(now - sentAt)
      this.#startSoon()
    }
  }

  /** Once those who got an answer have drawn their conclusions: what finishes a row goes first, and some stop the run. */
  #startSoon(): void {
    if (this.#startsSoon) return
    this.#startsSoon = true
    setImmediate(() => {
      this.#startsSoon = false
      this.#startWhatMay()
    })
  }

  #startWhatMay(): void {
    while (!this.#closed && this.#line.size > 0 && this.#running < this.concurrency) {
      const { room, again } = this.#budget.allowance(this.#clock.now())
      if (room < 1) {
        this.#wakeAt(again)
        return
      }
      this.#line.next()?.start()
    }
  }

  #wakeAt(at: number): void {
    if (at === Number.POSITIVE_INFINITY || (this.#wake !== null && this.#wake.at <= at)) return
    this.#wake?.cancel.abort()
    const wake = { at, cancel: new AbortController() }
    this.#wake = wake
    this.#clock.sleep(Math.max(1, at - this.#clock.now()), wake.cancel.signal).then(
      () => {
        if (this.#wake === wake) this.#wake = null
        this.#startWhatMay()
      },
      () => {},
    )
  }

  /**
   * However many wait, a signal has one listener, and none once nobody waits: a signal made by `AbortSignal.any` is
   * never freed while it has one.
   */
  #listen(signal: AbortSignal, waiter: Waiter): void {
    const listening = this.#onAbort.get(signal)
    if (listening !== undefined) {
      listening.waiters.add(waiter)
      return
    }
    const waiters = new Set([waiter])
    const listener = () => {
      this.#onAbort.delete(signal)
      for (const each of waiters) each.giveUp()
    }
    signal.addEventListener('abort', listener, { once: true })
    this.#onAbort.set(signal, { waiters, listener })
  }

  #stopListening(signal: AbortSignal, waiter: Waiter): void {
    const listening = this.#onAbort.get(signal)
    if (listening === undefined) return
    listening.waiters.delete(waiter)
    if (listening.waiters.size > 0) return
    signal.removeEventListener('abort', listening.listener)
    this.#onAbort.delete(signal)
  }
}
