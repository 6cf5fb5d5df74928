import type { OperationKind } from '../connector/index.ts'
import type { PlanTotals } from './interfaces.ts'

/** What can become of a key; each key counts once. */
export type Verdict = OperationKind | 'unchanged' | 'rejected' | 'waiting'

/** Counts while planning; a key's verdict may be taken back. */
export class Tally {
  rows = 0
  repeated = 0
  removed = 0
  known = 0
  readonly #verdicts: Record<Verdict, number> = {
    create: 0,
    update: 0,
    delete: 0,
    archive: 0,
    untag: 0,
    unchanged: 0,
    rejected: 0,
    waiting: 0,
  }
  readonly #fields: readonly string[]
  readonly #changes: number[]

  /** `fields`: the names of the mapped fields and lists. */
  constructor(fields: readonly string[]) {
    this.#fields = fields
    this.#changes = fields.map(() => 0)
  }

  count(verdict: Verdict): void {
    this.#verdicts[verdict] += 1
  }

  takeBack(verdict: Verdict): void {
    this.#verdicts[verdict] -= 1
  }

  /** One more update (or, with -1, one less) that changes the field at `index`. */
  countChange(index: number, by: 1 | -1): void {
    this.#changes[index] = (this.#changes[index] as number) + by
  }

  totals(): PlanTotals {
    const changedFields: Record<string, number> = {}
    for (const [index, name] of this.#fields.entries()) {
      const count = this.#changes[index] as number
      if (count > 0) changedFields[name] = count
    }
    const { rows, repeated, removed, known } = this
    return { rows, ...this.#verdicts, repeated, removed, known, changedFields }
  }
}
