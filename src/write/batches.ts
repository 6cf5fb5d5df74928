import { type Attempt, firstAttempt } from './attempt.ts'
import type { OperationQueue } from './interfaces.ts'
import type { RetryQueue } from './retry-queue.ts'

/** How fast operations may be sent. */
export interface Pace {
  /** Batches under way at a time. */
  readonly batches: number
  /** Operations to try again in one batch. */
  readonly batchSize: number
  /** Nothing is sent before, in milliseconds since the Unix epoch. */
  readonly notBefore: number
  /** While so many wait for another try, no new operations are begun. */
  readonly mostWaiting: number
}

/** What is to be sent next: first what is due for another try, then what was never tried. */
export class Batches {
  readonly #pending: AsyncIterator<readonly Attempt['operation'][]>
  readonly #retries: RetryQueue
  #isExhausted = false

  /** `size`: of the batches of new operations. */
  constructor(queue: OperationQueue, size: number, retries: RetryQueue) {
    this.#pending = queue.pending(size)[Symbol.asyncIterator]()
    this.#retries = retries
  }

  /** Whether nothing is left, neither to be tried again nor to be begun. */
  get isEmpty(): boolean {
    return this.#isExhausted && this.#retries.size === 0
  }

  /** The next batch that may be sent `now`; empty where there is none. */
  async next(now: number, pace: Pace): Promise<readonly Attempt[]> {
    if (now < pace.notBefore) return []
    const due = this.#retries.take(now, pace.batchSize)
    if (due.length > 0 || this.#isExhausted || this.#retries.size >= pace.mostWaiting) return due
    const next = await this.#pending.next()
    if (next.done !== true) return next.value.map(firstAttempt)
    this.#isExhausted = true
    return []
  }

  /** When the next batch may be sent, where time alone decides; else null. */
  nextDue({ notBefore }: Pace): number | null {
    const retry = this.#retries.nextDue()
    return retry === null && notBefore === 0 ? null : Math.max(notBefore, retry ?? 0)
  }

  async close(): Promise<void> {
    await this.#pending.return?.()
  }
}
