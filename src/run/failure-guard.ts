import type { Amount } from '../config/activation.ts'
import { isUnanswered, type Outcome, StopRunError } from '../connector/index.ts'
import { failureShareExceeded } from '../plan/guards.ts'

/**
 * The guard `max_failures` while a run writes: a mapping that is wrong shows in the first rows, and the rest need not
 * be spent on it. Where nothing usable comes back, no row is to blame: such failures count only once another row has
 * been answered since, so that a target that is down does not look like a wrong mapping.
 */
export class FailureGuard {
  readonly #limit: Amount | null
  readonly #knownToFail: number
  #tried = 0
  #failed = 0
  /** Failures without a usable answer since the last one that was answered. */
  #unanswered = 0
  #refusal: StopRunError | null = null

  /**
   * `limit`: null for none. `knownToFail`: how many keys failed before this run; when they fail again, that is no
   * news, and no reason to keep the others from being delivered.
   */
  constructor(limit: Amount | null, knownToFail: number) {
    this.#limit = limit
    this.#knownToFail = knownToFail
  }

  /** Why the run was ended by this guard; null where it was not. */
  get refusal(): StopRunError | null {
    return this.#refusal
  }

  /** Counts an outcome; returns what ends the run once too many have failed. */
  note(outcome: Outcome): StopRunError | null {
    if (outcome.status === 'not_attempted') return null
    if (outcome.failure !== undefined && isUnanswered(outcome.failure.code)) {
      this.#unanswered += 1
      return null
    }
    this.#tried += 1 + this.#unanswered
    this.#failed += this.#unanswered
    this.#unanswered = 0
    if (outcome.status !== 'applied') this.#failed += 1
    const news = Math.max(0, this.#failed - this.#knownToFail)
    if (this.#refusal !== null || !failureShareExceeded(this.#limit, this.#tried, news)) return null
    const [failed, tried] = [news, this.#tried].map((count) => count.toLocaleString('en-US'))
    this.#refusal = new StopRunError(
      `${failed} of the first ${tried} rows failed, more than the guard "max_failures" allows. Look at the report (millrace failures); or let it through once with --allow max_failures; or change "max_failures" under "guards".`,
    )
    return this.#refusal
  }
}
