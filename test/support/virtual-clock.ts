import type { Clock } from '../../src/connector/index.ts'

interface Sleeper {
  readonly due: number
  readonly wake: () => void
}

export interface AutoOptions {
  /**
   * False while work is under way that no timer of this clock waits for: a request without its answer, a query.
   * Default: always true; what the process itself can see (files, connects, writes) is checked in any case.
   */
  readonly isIdle?: () => boolean
  /** Turns of the event loop that have to pass idle before the clock moves on. */
  readonly turns?: number
}

/**
 * A clock that a test holds: time stands still until it is advanced.
 *
 * - `await clock.advance(10_000)` moves time and wakes whoever is due on the way, in order.
 * - `await clock.runAll(work)` jumps from sleeper to sleeper until `work` has settled, and returns what it returns.
 * - `const stop = clock.auto({ isIdle })` does the same in the background.
 */
export class VirtualClock implements Clock {
  #now: number
  #sleepers: Sleeper[] = []
  #fellAsleep: (() => void) | null = null

  /** Starts at 2026-01-01T00:00:00Z, which is also a whole 10-second window. */
  constructor(start = Date.UTC(2026, 0, 1)) {
    this.#now = start
  }

  now(): number {
    return this.#now
  }

  /** How many sleepers wait. */
  get sleeping(): number {
    return this.#sleepers.length
  }

  sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.reject(signal.reason)
    return new Promise((resolve, reject) => {
      const sleeper: Sleeper = {
        due: this.#now + Math.max(0, milliseconds),
        wake: () => {
          signal?.removeEventListener('abort', abort)
          resolve()
        },
      }
      const abort = () => {
        this.#sleepers = this.#sleepers.filter((other) => other !== sleeper)
        reject(signal?.reason)
      }
      signal?.addEventListener('abort', abort, { once: true })
      // Sorted by due time; of those due together, who came first wakes first.
      const index = this.#sleepers.findIndex((other) => other.due > sleeper.due)
      this.#sleepers.splice(index === -1 ? this.#sleepers.length : index, 0, sleeper)
      this.#fellAsleep?.()
    })
  }

  /** Moves time forward, waking sleepers when they are due; those who fall asleep again on the way are woken too. */
  async advance(milliseconds: number): Promise<void> {
    const end = this.#now + milliseconds
    await settle()
    for (let next = this.#sleepers[0]; next !== undefined && next.due <= end; ) {
      this.#wakeNext()
      await settle()
      next = this.#sleepers[0]
    }
    this.#now = end
  }

  /** Runs time until `work` has settled. */
  async runAll<T>(work: Promise<T> | (() => Promise<T>), options: AutoOptions = {}): Promise<T> {
    const stop = this.auto(options)
    try {
      return await (typeof work === 'function' ? work() : work)
    } finally {
      stop()
    }
  }

  /** Jumps to the earliest sleeper whenever the process is otherwise idle. Returns what ends it. */
  auto(options: AutoOptions = {}): () => void {
    const { isIdle = () => true, turns = 10 } = options
    let stopped = false
    const loop = async () => {
      while (!stopped) {
        if (this.#sleepers.length === 0) {
          await new Promise<void>((resolve) => {
            this.#fellAsleep = resolve
          })
        }
        let idle = 0
        while (!stopped && this.#sleepers.length > 0 && idle < turns) {
          idle = isIdle() && !hasPendingRequests() ? idle + 1 : 0
          await turn()
        }
        if (!stopped && idle >= turns) this.#wakeNext()
      }
    }
    void loop()
    return () => {
      stopped = true
      this.#fellAsleep?.()
    }
  }

  #wakeNext(): void {
    const next = this.#sleepers.shift()
    if (next === undefined) return
    this.#now = Math.max(this.#now, next.due)
    next.wake()
  }
}

/** One turn of the event loop: what arrived on sockets meanwhile has been handed out. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

async function settle(): Promise<void> {
  for (let count = 0; count < 3; count++) await turn()
}

/** Whether the process waits for a file, a connect, a write or a name: requests of its own, not open sockets. */
function hasPendingRequests(): boolean {
  return process
    .getActiveResourcesInfo()
    .some((name) => /Req(Wrap|Callback|Promise)$|^(TCPConnect|Write|Shutdown)Wrap$/.test(name))
}
