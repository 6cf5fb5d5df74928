import type { Activation } from '../config/activation.ts'
import type { Project } from '../config/project.ts'
import type { Clock, Random } from '../connector/index.ts'
import type { RunListener } from './events.ts'

/** What planning and running take. */
export interface RunOptions {
  readonly project: Project
  readonly activations: readonly Activation[]
  readonly clock: Clock
  readonly random: Random
  /** Hears everything; an error of its own cannot hurt the run. */
  readonly listener: RunListener
  /** Guards that are passed this once (`max_removals`); none by default. */
  readonly allow?: readonly string[]
  /** Sends every row again, whatever the snapshot says. */
  readonly full?: boolean
  /** How long to wait for another run of the same activation to end, in milliseconds; not at all by default. */
  readonly wait?: number
  /** Stops reading and sending; what is under way is finished and recorded. Aborted with an `Interruption`. */
  readonly signal: AbortSignal
}
