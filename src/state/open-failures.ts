import type { Session } from './database.ts'

/**
 * Whether an activation has open failures: most have none, and need not look for those that a delivery resolves. While
 * a run holds the activation nobody else opens any, so that the state is asked once.
 */
export class OpenFailures {
  readonly #activation: number
  #areAny: boolean | null = null

  constructor(activation: number) {
    this.#activation = activation
  }

  /** To be called before a failure is opened. */
  note(): void {
    this.#areAny = true
  }

  /** False only where there is none. */
  async areAny(session: Session): Promise<boolean> {
    this.#areAny ??=
      (
        await session.all(
          'select 1 from failures where activation_id = ? and resolved_at is null limit 1',
          [this.#activation],
        )
      ).length > 0
    return this.#areAny
  }
}
