import { setImmediate } from 'node:timers/promises'
import type { Operation, Outcome } from '../connector/index.ts'

/** Records outcomes and marks operations as about to be sent, in one durable transaction. */
type Commit = (outcomes: readonly Outcome[], operations: readonly Operation[]) => Promise<void>

/**
 * Commits together what comes together: to wait for the disk is what costs most, and it costs the same for much as for
 * little. What a call asked for is durable once its promise has resolved; where a commit fails, so do all its calls.
 */
export class Journal {
  readonly #commit: Commit
  #outcomes: Outcome[] = []
  #operations: Operation[] = []
  /** The commit that has not begun yet. */
  #next: Promise<void> | null = null
  /** Ends with the commit that has begun. */
  #last: Promise<void> = Promise.resolve()

  constructor(commit: Commit) {
    this.#commit = commit
  }

  sending(operations: readonly Operation[]): Promise<void> {
    this.#operations.push(...operations)
    return this.#join()
  }

  record(outcomes: readonly Outcome[]): Promise<void> {
    this.#outcomes.push(...outcomes)
    return this.#join()
  }

  #join(): Promise<void> {
    this.#next ??= this.#begin(this.#last)
    return this.#next
  }

  async #begin(last: Promise<void>): Promise<void> {
    await last
    // Others have something to commit in the same turn of the event loop: batches that a target can take side by side.
    await setImmediate()
    const [outcomes, operations] = [this.#outcomes, this.#operations]
    this.#outcomes = []
    this.#operations = []
    this.#next = null
    const commit = this.#commit(outcomes, operations)
    this.#last = commit.catch(() => undefined)
    await commit
  }
}
