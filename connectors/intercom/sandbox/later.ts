/** Work that Intercom does some time after it has answered. */
export class Later {
  #waiting: { readonly due: number; readonly work: () => void }[] = []

  /** `due` is in milliseconds. */
  add(due: number, work: () => void): void {
    this.#waiting.push({ due, work })
  }

  /** Does what is due by `now`. */
  settle(now: number): void {
    if (this.#waiting.length === 0) return
    const due = this.#waiting.filter((job) => job.due <= now)
    this.#waiting = this.#waiting.filter((job) => job.due > now)
    for (const { work } of due) work()
  }
}
