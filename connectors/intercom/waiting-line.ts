/** Which requests go first: lower numbers. A search unblocks fifty rows, a repair finishes one that has begun. */
export const priorities = { again: 0, search: 1, repair: 3, write: 5 } as const

export type Priority = (typeof priorities)[keyof typeof priorities]

/** What waits for its turn: the most urgent first, and of those in the order in which they came. */
export class WaitingLine<Waiter> {
  // A set keeps the order, and lets go of whoever gives up without a search.
  readonly #lines: ReadonlyMap<Priority, Set<Waiter>> = new Map(
    Object.values(priorities).map((priority) => [priority, new Set()]),
  )
  #size = 0

  get size(): number {
    return this.#size
  }

  add(priority: Priority, waiter: Waiter): void {
    this.#lines.get(priority)?.add(waiter)
    this.#size += 1
  }

  /** Takes out the first; undefined where nobody waits. */
  next(): Waiter | undefined {
    for (const line of this.#lines.values()) {
      for (const waiter of line) {
        line.delete(waiter)
        this.#size -= 1
        return waiter
      }
    }
    return undefined
  }

  /** Takes out one that does not want to wait any longer. */
  remove(priority: Priority, waiter: Waiter): void {
    if (this.#lines.get(priority)?.delete(waiter)) this.#size -= 1
  }
}
