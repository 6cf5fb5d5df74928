/**
 * Work that several wait for at once and that is done by one of them. Null means that it was not done because the
 * one who did it was stopped: then another one does it, unless stopped too.
 */
export class Shared<Result> {
  #underWay: Promise<Result | null> | null = null

  /** Joins the work that is under way, or begins it. Resolves to null where `signal` aborted. Throws what it throws. */
  async join(work: () => Promise<Result | null>, signal: AbortSignal): Promise<Result | null> {
    for (;;) {
      this.#underWay ??= work().finally(() => {
        this.#underWay = null
      })
      const result = await this.#underWay
      if (result !== null || signal.aborted) return result
    }
  }
}
