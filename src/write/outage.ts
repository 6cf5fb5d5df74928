import type { FailureCode } from '../connector/index.ts'

/** When nothing but lost and broken answers came for so long, in milliseconds, the target counts as down. */
const patience = { beforeFirstAnswer: 5_000, afterwards: 30_000 }

/** Fewer tries than this in a row are too few to call the target down. */
const fewestTries = 5

/** Errors that the target itself answers may be the fault of a row: so many different rows have to meet them. */
const fewestRows = 5

/** After more tries in a row than one batch of a target makes, the target is spared until it answers again. */
const triesBeforeRest = 50

/** How long the target is left alone between two tries while it is spared, in milliseconds. */
const restLasts = 2_000

/** Notices that a target is down, so that a hopeless run ends early instead of failing row by row. */
export class OutageDetector {
  #answered = false
  #tries = 0
  #since = 0
  #restUntil = 0
  /** Whether the target at least answered each of the tries, if only with an error of its own. */
  #onlyErrors = true
  /** Some of the operations that were tried in vain. */
  readonly #operations = new Set<number>()

  /** Tries in a row that met no answer, or a broken one. */
  get tries(): number {
    return this.#tries
  }

  /**
   * From when on a target that seems to be down may be tried again, in milliseconds since the Unix epoch, and with
   * few operations at a time; null where it seems to be well.
   */
  get restUntil(): number | null {
    return this.#tries > triesBeforeRest ? this.#restUntil : null
  }

  noteAnswer(): void {
    this.#answered = true
    if (this.#tries === 0) return
    this.#tries = 0
    this.#onlyErrors = true
    this.#operations.clear()
  }

  /**
   * Notes a try of the operation `ordinal` that ended with `code`, at `now` (milliseconds); `spent` where it was the
   * operation's last.
   * Returns true where the target counts as down: it has been silent for too long, or one operation has spent all its
   * tries before anything was ever answered.
   */
  noteNoAnswer(now: number, ordinal: number, code: FailureCode, spent: boolean): boolean {
    if (this.#tries === 0) this.#since = now
    this.#tries += 1
    this.#restUntil = now + restLasts
    this.#onlyErrors &&= code === 'server_error'
    if (this.#operations.size < fewestRows) this.#operations.add(ordinal)
    if (this.#onlyErrors && this.#operations.size < fewestRows) return false
    if (spent && !this.#answered) return true
    const longest = this.#answered ? patience.afterwards : patience.beforeFirstAnswer
    return this.#tries >= fewestTries && now - this.#since >= longest
  }
}
