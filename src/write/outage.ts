/** When nothing but lost and broken answers came for so long, in milliseconds, the target counts as down. */
const patience = { beforeFirstAnswer: 5_000, afterwards: 30_000 }

/** Fewer tries than this in a row are too few to call the target down. */
const fewestTries = 5

/** So many in a row are enough where no retries are left that could prove otherwise: four batches of fifty rows. */
const enoughTries = 200

/** Notices that a target is down, so that a hopeless run ends early instead of failing row by row. */
export class OutageDetector {
  #answered = false
  #tries = 0
  #since = 0

  /** Tries in a row that met no answer, or a broken one. */
  get tries(): number {
    return this.#tries
  }

  noteAnswer(): void {
    this.#answered = true
    this.#tries = 0
  }

  /**
   * Notes a try without a proper answer at `now` (milliseconds); `spent` where it was the operation's last, and
   * `exhausted` where the run has no retries left.
   * Returns true where the target counts as down: it has been silent for too long or for too many, or one operation has
   * spent all its tries before anything was ever answered.
   */
  noteNoAnswer(now: number, spent: boolean, exhausted: boolean): boolean {
    if (this.#tries === 0) this.#since = now
    this.#tries += 1
    if (spent && !this.#answered) return true
    if (exhausted && this.#tries >= enoughTries) return true
    const longest = this.#answered ? patience.afterwards : patience.beforeFirstAnswer
    return this.#tries >= fewestTries && now - this.#since >= longest
  }
}
