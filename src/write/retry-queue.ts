import type { Failure } from '../connector/index.ts'
import type { Attempt } from './attempt.ts'

/** An attempt that failed and shall be made again. */
export interface Retry extends Attempt {
  /** Why the last one failed. */
  readonly failure: Failure
  /** When it may be sent again, in milliseconds since the Unix epoch. */
  readonly due: number
}

/** Retries that are due within so many milliseconds of each other come due together. */
const slot = 100

/** Operations that wait for their next try, earliest first. */
export class RetryQueue {
  #retries: Retry[] = []

  get size(): number {
    return this.#retries.length
  }

  /** Adds one, due at the end of the slot that its time falls into: nothing comes back too early. */
  add(retry: Retry): void {
    const due = Math.ceil(retry.due / slot) * slot
    let index = this.#retries.length
    while (index > 0 && (this.#retries[index - 1] as Retry).due > due) index -= 1
    this.#retries.splice(index, 0, { ...retry, due })
  }

  /** Takes up to `size` retries that are due. */
  take(now: number, size: number): Retry[] {
    const later = this.#retries.findIndex((retry) => retry.due > now)
    const due = later === -1 ? this.#retries.length : later
    return this.#retries.splice(0, Math.min(due, size))
  }

  /** When the next one is due; null where there is none. */
  nextDue(): number | null {
    return this.#retries[0]?.due ?? null
  }

  /** Takes all that are left. */
  drain(): Retry[] {
    return this.#retries.splice(0)
  }
}
