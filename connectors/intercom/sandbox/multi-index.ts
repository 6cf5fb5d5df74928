/** From a value to the ids that hold it, in the order in which they came; cheap where each is held by one. */
export class MultiIndex {
  readonly #holders = new Map<string, string | Set<string>>()

  add(value: string, id: string): void {
    const held = this.#holders.get(value)
    if (held === undefined) this.#holders.set(value, id)
    else if (typeof held !== 'string') held.add(id)
    else if (held !== id) this.#holders.set(value, new Set([held, id]))
  }

  remove(value: string, id: string): void {
    const held = this.#holders.get(value)
    if (held === id) this.#holders.delete(value)
    else if (held instanceof Set) {
      held.delete(id)
      if (held.size === 0) this.#holders.delete(value)
    }
  }

  /** Moves an id from one value to another; null is no value. */
  move(before: string | null, after: string | null, id: string): void {
    if (before === after) return
    if (before !== null) this.remove(before, id)
    if (after !== null) this.add(after, id)
  }

  get(value: string): readonly string[] {
    const held = this.#holders.get(value)
    if (held === undefined) return []
    return typeof held === 'string' ? [held] : [...held]
  }
}
