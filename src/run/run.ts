import type { Activation } from '../config/activation.ts'
import type { Project } from '../config/project.ts'
import type { Clock, Random } from '../connector/index.ts'
import type { PlanTotals } from '../plan/interfaces.ts'
import type { RunListener } from './events.ts'
import type { CommandSummary } from './summary.ts'

export interface RunOptions {
  readonly project: Project
  readonly activations: readonly Activation[]
  readonly clock: Clock
  readonly random: Random
  /** Hears everything; an error of its own cannot hurt the run. */
  readonly listener: RunListener
  /** Stops reading and sending; what is under way is finished and recorded. */
  readonly signal: AbortSignal
}

/** Plans, writes and records each activation in turn; one that fails does not stop the others. Never throws for what a user can meet. */
export async function runActivations(_options: RunOptions): Promise<CommandSummary> {
  throw new Error('unwritten')
}

/** One operation of a plan as it is shown: no values. */
export interface PlannedOperation {
  readonly key: string
  readonly kind: 'create' | 'update'
  readonly changed: readonly string[]
}

/** What one activation would do. */
export interface ActivationPlan {
  readonly activation: string
  readonly target: string
  readonly object: string
  readonly mode: string
  /** Null where planning failed. */
  readonly totals: PlanTotals | null
  /** The first operations of the plan; how many is the caller's choice. */
  readonly operations: readonly PlannedOperation[]
  /** The first rows that were rejected. */
  readonly rejected: readonly {
    readonly key: string
    readonly code: string
    readonly message: string
  }[]
  /** Why planning failed; null where it did not. */
  readonly error: string | null
  readonly exitCode: number
}

/** Plans without writing anything, here or in the target. The state file is read where there is one and not made where there is none. */
export async function planActivations(
  _options: RunOptions & { readonly show: number },
): Promise<readonly ActivationPlan[]> {
  throw new Error('unwritten')
}
