import type { Basis, RunState } from '../state/store.ts'

/** What an activation's snapshot rests on, as the state has it. */
export class SnapshotBasis {
  readonly #state: Pick<RunState, 'restOn'>
  #now: Basis

  constructor(now: Basis, state: Pick<RunState, 'restOn'>) {
    this.#now = now
    this.#state = state
  }

  get now(): Basis {
    return this.#now
  }

  /** Keeps some of it; nothing is written where that is known already. */
  async keep(changes: Partial<Basis>): Promise<void> {
    const next = { ...this.#now, ...changes }
    const { keysFrom, workspace, login } = this.#now
    if (next.keysFrom === keysFrom && next.workspace === workspace && next.login === login) return
    await this.#state.restOn(next)
    this.#now = next
  }
}
