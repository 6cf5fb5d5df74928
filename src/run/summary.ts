import type { Activation } from '../config/activation.ts'
import type { FailureCode, OutcomeStatus, RequestCounts } from '../connector/index.ts'
import type { PlanTotals } from '../plan/interfaces.ts'
import type { FailureTrend } from '../state/store.ts'
import type { Ending } from './ending.ts'

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
  /** The guards that were passed on request (`--allow`). */
  readonly allowed: readonly string[]
  /** Whether it was asked to send every row again (`--full`). */
  readonly full: boolean
  readonly planned: {
    readonly create: number
    readonly update: number
    readonly delete: number
    readonly archive: number
    readonly untag: number
    readonly unchanged: number
    readonly rejected: number
    /** Keys that failed before and were held back. */
    readonly waiting: number
    readonly repeated: number
    readonly removed: number
  }
  /** One outcome per operation; the rejected rows of the plan are among `rejected`. */
  readonly outcomes: Readonly<Record<OutcomeStatus, number>>
  readonly failures_by_code: Readonly<Partial<Record<FailureCode, number>>>
  /** Open failures that are new, open ones that an earlier run left, and those that this run has cured. */
  readonly failures: { readonly new: number; readonly still: number; readonly cured: number }
  /** Requests to the target. */
  readonly calls: {
    readonly total: number
    readonly by_endpoint: Readonly<Record<string, number>>
    readonly rate_limited: number
    /** Rows applied for each request, to three decimals; null where none was made. */
    readonly rows_per_call: number | null
  }
  /** Why the run ended early; null where it did not. */
  readonly error: string | null
}

/** What a whole command comes to: the last line of stdout with `--json`. */
export interface CommandSummary {
  readonly status: RunSummary['status']
  readonly exit_code: number
  readonly activations: readonly RunSummary[]
  /** Why no activation ran (the project file is wrong); absent where one did. */
  readonly error?: string
}

export const noRequests: RequestCounts = { total: 0, byEndpoint: {}, rateLimited: 0 }

const noOutcomes: Record<OutcomeStatus, number> = {
  applied: 0,
  rejected: 0,
  failed: 0,
  in_doubt: 0,
  not_attempted: 0,
}

/** What is known of a run when it ends; what it did not get to is left out. */
export interface RunFacts {
  readonly activation: Activation
  /** Milliseconds since the Unix epoch. */
  readonly startedAt: number
  readonly finishedAt: number
  readonly ending: Ending
  readonly run?: number
  readonly totals?: PlanTotals | null
  readonly counts?: {
    readonly outcomes: Readonly<Record<OutcomeStatus, number>>
    readonly codes: Readonly<Partial<Record<FailureCode, number>>>
  }
  readonly trend?: FailureTrend
  readonly requests?: RequestCounts
  readonly full?: boolean
  readonly allowed?: readonly string[]
}

export function summarize(facts: RunFacts): RunSummary {
  const { totals, requests = noRequests } = facts
  const outcomes = facts.counts?.outcomes ?? noOutcomes
  return {
    activation: facts.activation.name,
    run: facts.run ?? null,
    status: facts.ending.status,
    exit_code: facts.ending.exitCode,
    started_at: new Date(facts.startedAt).toISOString(),
    finished_at: new Date(facts.finishedAt).toISOString(),
    duration_ms: facts.finishedAt - facts.startedAt,
    rows: totals?.rows ?? 0,
    allowed: facts.allowed ?? [],
    full: facts.full ?? false,
    planned: {
      create: totals?.create ?? 0,
      update: totals?.update ?? 0,
      delete: totals?.delete ?? 0,
      archive: totals?.archive ?? 0,
      untag: totals?.untag ?? 0,
      unchanged: totals?.unchanged ?? 0,
      rejected: totals?.rejected ?? 0,
      waiting: totals?.waiting ?? 0,
      repeated: totals?.repeated ?? 0,
      removed: totals?.removed ?? 0,
    },
    outcomes,
    failures_by_code: facts.counts?.codes ?? {},
    failures: {
      new: facts.trend?.began ?? 0,
      still: facts.trend?.persisting ?? 0,
      cured: facts.trend?.cured ?? 0,
    },
    calls: {
      total: requests.total,
      by_endpoint: requests.byEndpoint,
      rate_limited: requests.rateLimited,
      rows_per_call:
        requests.total === 0 ? null : Math.round((outcomes.applied / requests.total) * 1000) / 1000,
    },
    error: facts.ending.error,
  }
}
