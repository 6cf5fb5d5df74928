import type { FailureCode, OutcomeStatus } from '../connector/index.ts'

/** How the run of one activation ended, as programs read it (`--json`). Times are ISO 8601 in UTC. */
export interface RunSummary {
  readonly activation: string
  /** Null where the run did not get as far as a run of its own (configuration, another run holds the activation). */
  readonly run: number | null
  readonly status:
    | 'done'
    | 'failures'
    | 'configuration'
    | 'refused'
    | 'stopped'
    | 'locked'
    | 'interrupted'
  readonly exit_code: number
  readonly started_at: string
  readonly finished_at: string
  readonly duration_ms: number
  readonly rows: number
  readonly planned: {
    readonly create: number
    readonly update: number
    readonly unchanged: number
    readonly rejected: number
    readonly repeated: number
    readonly removed: number
  }
  /** One outcome per operation; the rejected rows of the plan are among `rejected`. */
  readonly outcomes: Readonly<Record<OutcomeStatus, number>>
  readonly failures_by_code: Readonly<Partial<Record<FailureCode, number>>>
  /** Requests to the target. */
  readonly calls: {
    readonly total: number
    readonly by_endpoint: Readonly<Record<string, number>>
    readonly rate_limited: number
  }
  /** Why the run ended early; null where it did not. */
  readonly error: string | null
}

/** What a whole command comes to: the last line of stdout with `--json`. */
export interface CommandSummary {
  readonly status: RunSummary['status']
  readonly exit_code: number
  readonly activations: readonly RunSummary[]
}
