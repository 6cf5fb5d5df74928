import type { Confirmations } from './confirmations.ts'
import type { Session } from './database.ts'
import type { OpenFailures } from './open-failures.ts'
import type { Timestamp } from './store.ts'

/** The run whose outcomes are recorded, and when. */
export interface Recording {
  readonly session: Session
  readonly activation: number
  readonly run: number
  /** The field that identifies the record; null where the activation has none. */
  readonly identifier: string | null
  /** See `AboutRun`. */
  readonly settings: string
  readonly keepValues: boolean
  readonly confirmations: Confirmations
  readonly openFailures: OpenFailures
  readonly now: Timestamp
}
