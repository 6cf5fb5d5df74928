import type { Activation } from '../config/activation.ts'
import type { Project } from '../config/project.ts'
import {
  type Column,
  ConfigurationError,
  type ConnectorContext,
  QueryError,
} from '../connector/index.ts'
import { checkGuards } from '../plan/guards.ts'
import type { PlanSink, PlanTotals, SnapshotReader } from '../plan/interfaces.ts'
import { keyRefusal } from '../plan/key-guard.ts'
import { planActivation } from '../plan/planner.ts'
import type { Basis } from '../state/store.ts'

export interface PlanningOptions {
  readonly project: Project
  readonly activation: Activation
  readonly context: ConnectorContext
  readonly snapshot: SnapshotReader
  readonly sink: PlanSink
  readonly signal: AbortSignal
  readonly onRows: (rows: number) => void
}

/** A plan that is in its sink, with the columns of the query that it was made from. */
export interface Planned {
  readonly totals: PlanTotals
  readonly columns: readonly Column[]
}

/**
 * Runs the activation's query to its end and plans its rows. The source is closed before anything is written.
 * Throws `ConfigurationError` where the query or the mapping is wrong, `StopRunError` or `TryAgainError` where the
 * source fails.
 */
export async function planFromSource(options: PlanningOptions): Promise<Planned> {
  const { project, activation, context, snapshot, sink, signal, onRows } = options
  const configured = project.sources.get(activation.source)
  if (configured === undefined) throw new Error(`unknown source ${activation.source}`)
  signal.throwIfAborted()
  const source = await configured.connector.open(configured.options, context)
  try {
    const { columns, batches } = await source.query(activation.query, signal)
    const totals = await planActivation({ activation, columns, batches, snapshot, sink, onRows })
    return { totals, columns }
  } catch (error) {
    throw error instanceof QueryError ? queryProblem(activation, error) : error
  } finally {
    await source.close()
  }
}

/**
 * What the activation's guards say against a plan. `basis`: what the snapshot rests on; `allow` names those guards that
 * are passed this once.
 */
export function refusalsOf(
  activation: Activation,
  totals: PlanTotals,
  basis: Basis,
  allow: readonly string[] = [],
): readonly string[] {
  const firstRun = totals.known === 0
  const refused = checkGuards(activation.guards, totals, { firstRun }, allow)
  const otherKeys = allow.includes('key') ? null : keyRefusal(activation, totals, basis.keysFrom)
  return [...(otherKeys === null ? [] : [otherKeys]), ...refused.map(({ message }) => message)]
}

/** A refused query with its place in the file that it stands in. */
export function queryProblem(activation: Activation, error: QueryError): ConfigurationError {
  const position =
    error.offset === null
      ? activation.problemAt([], '').position
      : activation.positionInQuery(error.offset)
  return new ConfigurationError([{ message: error.message, position }], { cause: error })
}
