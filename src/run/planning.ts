import type { Activation } from '../config/activation.ts'
import type { Configured, Project } from '../config/project.ts'
import {
  type Column,
  ConfigurationError,
  type ConnectorContext,
  QueryError,
  type Source,
  type SourceConnector,
} from '../connector/index.ts'
import { checkGuards } from '../plan/guards.ts'
import type {
  PlanDraft,
  PlanSink,
  PlanTotals,
  SnapshotIndex,
  SnapshotReader,
} from '../plan/interfaces.ts'
import { keyRefusal } from '../plan/key-guard.ts'
import type { SortedEntries } from '../plan/merge-interfaces.ts'
import { mergeColumn } from '../plan/merge-key.ts'
import { planByMerging } from '../plan/merge-planner.ts'
import { planActivation } from '../plan/planner.ts'
import { usedColumns } from '../plan/used-columns.ts'
import type { Basis } from '../state/store.ts'
import type { SourceAhead } from './source-ahead.ts'

export interface PlanningOptions {
  readonly project: Project
  /** The activation's source where somebody has begun to open it; it is opened here where it is left out. */
  readonly source?: SourceAhead
  readonly activation: Activation
  readonly context: ConnectorContext
  readonly snapshot: SnapshotReader
  readonly index: SnapshotIndex | null
  readonly sorted: SortedEntries | null
  readonly sink: PlanSink
  readonly signal: AbortSignal
  readonly onRows: (rows: number) => void
  /** As in `PlanOptions`. */
  readonly onDraft?: (draft: PlanDraft) => void
}

/** The source of an activation, as its project configures it. */
export function sourceOf(project: Project, activation: Activation): Configured<SourceConnector> {
  const configured = project.sources.get(activation.source)
  if (configured === undefined) throw new Error(`unknown source ${activation.source}`)
  return configured
}

/** Opens the source of an activation. Throws what its connector throws. */
export async function openSource(
  project: Project,
  activation: Activation,
  context: ConnectorContext,
): Promise<Source> {
  const { connector, options } = sourceOf(project, activation)
  return await connector.open(options, context)
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
  const { project, activation, context, signal } = options
  signal.throwIfAborted()
  const source = await (options.source?.take() ?? openSource(project, activation, context))
  try {
    const used = usedColumns(activation)
    const orderedBy = mergeColumn(activation)
    const stream = await source.query(activation.query, signal, {
      ...(used.length === 0 ? {} : { columns: used }),
      ...(orderedBy === null ? {} : { orderedBy }),
    })
    const { columns, batches, hashedAs } = stream
    const planning = { ...options, columns, batches, hashedAs }
    const totals = await (activation.planBy === 'hash'
      ? planActivation(planning)
      : planByMerging({ ...planning, orderedBy: stream.orderedBy }))
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

/** A refused query with its place in the file that it stands in: that of its beginning where the warehouse names none. */
export function queryProblem(activation: Activation, error: QueryError): ConfigurationError {
  const position = activation.positionInQuery(error.offset ?? 0)
  return new ConfigurationError([{ message: error.message, position }], { cause: error })
}
