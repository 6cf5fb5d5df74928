import type { Clock } from '../../src/connector/index.ts'

interface Deadline {
  readonly at: number
  readonly onLate: () => void
}

/** Watches over work that may take a certain time, the same for all: one timer, however much of it is under way. */
export class Deadlines {
  readonly #clock: Clock
  readonly #milliseconds: number
  /** The earliest first, since all take the same time. */
  readonly #running = new Set<Deadline>()
  #timer: AbortController | null = null

  constructor(milliseconds: number, clock: Clock) {
    this.#milliseconds = milliseconds
    this.#clock = clock
  }

  /** Calls back once the time is over, unless what is returned was called before. */
  start(onLate: () => void): () => void {
    const deadline = { at: this.#clock.now() + this.#milliseconds, onLate }
    this.#running.add(deadline)
    if (this.#timer === null) this.#sleep(this.#milliseconds)
    return () => {
      this.#running.delete(deadline)
      if (this.#running.size > 0) return
      this.#timer?.abort()
      this.#timer = null
    }
  }

  #sleep(milliseconds: number): void {
    const timer = new AbortController()
    this.#timer = timer
    this.#clock.sleep(milliseconds, timer.signal).then(
      () => this.#wake(timer),
      () => {},
    )
  }

  #wake(timer: AbortController): void {
    if (this.#timer !== timer) return
    this.#timer = null
    const now = this.#clock.now()
    for (const deadline of this.#running) {
      if (deadline.at > now) {
        this.#sleep(deadline.at - now)
        return
      }
      this.#running.delete(deadline)
      deadline.onLate()
    }
  }
}
