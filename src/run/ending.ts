import { ConfigurationError, StopRunError, TryAgainError } from '../connector/index.ts'
import type { RunStatus } from '../state/store.ts'
import { Interruption } from './interruption.ts'
import type { RunSummary } from './summary.ts'

/** Why and how the run of an activation ended. */
export interface Ending {
  readonly status: RunSummary['status']
  readonly exitCode: number
  readonly error: string | null
}

export const exitCodes = {
  done: 0,
  failures: 1,
  configuration: 2,
  refused: 3,
  stopped: 4,
  locked: 75,
  interrupted: 130,
} as const satisfies Record<RunSummary['status'], number>

/** The most urgent first: what a person has to see to, before what the next run may cure. */
const urgency = [
  'interrupted',
  'configuration',
  'stopped',
  'refused',
  'locked',
  'failures',
  'done',
] as const

/** The ending of a command that ran several activations: the most urgent one. */
export function worstOf(endings: readonly Pick<RunSummary, 'status' | 'exit_code'>[]): {
  status: RunSummary['status']
  exit_code: number
} {
  for (const status of urgency) {
    const found = endings.find((ending) => ending.status === status)
    if (found !== undefined) return { status, exit_code: found.exit_code }
  }
  return { status: 'done', exit_code: exitCodes.done }
}

export function ending(status: RunSummary['status'], error: string | null = null): Ending {
  return { status, exitCode: exitCodes[status], error }
}

/** The ending that an abort of the user's signal makes. */
export function interrupted(signal: AbortSignal): Ending {
  const exitCode =
    signal.reason instanceof Interruption ? signal.reason.exitCode : exitCodes.interrupted
  return {
    status: 'interrupted',
    exitCode,
    error: 'The run was interrupted; what was under way is recorded.',
  }
}

/** The ending that an error makes. Throws the error itself where it is none that a user can meet. */
export function endingOf(error: unknown): Ending {
  if (error instanceof ConfigurationError) return ending('configuration', error.message)
  if (error instanceof StopRunError || error instanceof TryAgainError)
    return ending('stopped', error.message)
  throw error
}

/** How the state store names the ending. */
export function recordedStatus(status: RunSummary['status']): Exclude<RunStatus, 'running'> {
  if (status === 'configuration' || status === 'locked') return 'refused'
  return status
}
