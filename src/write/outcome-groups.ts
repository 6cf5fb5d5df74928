import type { Clock, Outcome } from '../connector/index.ts'
import type { OutcomeJournal } from './interfaces.ts'

/**
 * Outcomes per call of the journal: more than come at once from batches that are delivered side by side, so that no two
 * calls follow one another, and each commit also marks what is sent next.
 */
const groupSize = 200

/** What a crash may lose is what was confirmed within this time; it is sent once more. */
const groupMilliseconds = 200

/**
 * Collects outcomes and records them in groups, each within one transaction, in the order in which they came.
 * Once the journal has thrown, so does every further call.
 */
export class OutcomeGroups {
  readonly #journal: OutcomeJournal
  readonly #clock: Clock
  readonly #onError: (error: unknown) => void
  #waiting: Outcome[] = []
  #recording: Promise<void> = Promise.resolve()
  #unrecorded = 0
  #timer: AbortController | null = null

  /** `onError` hears of a journal that failed at once, so that no more is sent than can be recorded. */
  constructor(journal: OutcomeJournal, clock: Clock, onError: (error: unknown) => void) {
    this.#journal = journal
    this.#clock = clock
    this.#onError = onError
  }

  /** Outcomes that were added and are not recorded yet. */
  get unrecorded(): number {
    return this.#unrecorded
  }

  add(outcome: Outcome): void {
    this.#waiting.push(outcome)
    this.#unrecorded += 1
    if (this.#waiting.length >= groupSize) this.#recordGroup()
    else if (this.#timer === null) this.#startTimer()
  }

  /** Resolves once everything that was added is recorded; throws what the journal threw. */
  async flush(): Promise<void> {
    this.#timer?.abort()
    this.#timer = null
    this.#recordGroup()
    await this.#recording
  }

  /** It outlasts groups that are full before: to set one up for each of them takes longer than to record a group early. */
  #startTimer(): void {
    const timer = new AbortController()
    this.#timer = timer
    this.#clock.sleep(groupMilliseconds, timer.signal).then(
      () => {
        this.#timer = null
        this.#recordGroup()
      },
      () => {},
    )
  }

  #recordGroup(): void {
    if (this.#waiting.length === 0) return
    const group = this.#waiting
    this.#waiting = []
    this.#recording = this.#recording.then(async () => {
      await this.#journal.record(group)
      this.#unrecorded -= group.length
    })
    this.#recording.catch(this.#onError)
  }
}
