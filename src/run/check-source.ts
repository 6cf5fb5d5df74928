import type { Activation } from '../config/activation.ts'
import type { Project } from '../config/project.ts'
import {
  type Column,
  ConfigurationError,
  type ConnectorContext,
  type Operation,
  type Problem,
  QueryError,
  StopRunError,
  TryAgainError,
} from '../connector/index.ts'
import type { RejectedRow } from '../plan/interfaces.ts'
import { checkMergeable, mergeColumn } from '../plan/merge-key.ts'
import { planActivation } from '../plan/planner.ts'
import type { CheckedPoint } from './checked-point.ts'
import { queryProblem, sourceOf } from './planning.ts'
import { firstRows, nothingKnown, SampleSink } from './sample.ts'

export interface SourceCheckOptions {
  readonly project: Project
  readonly activation: Activation
  readonly context: ConnectorContext
  /** Rows to read, at most. */
  readonly sample: number
  readonly signal: AbortSignal
}

/** What the source was found to give; empty lists where it did not get as far. */
export interface SourceCheck {
  readonly points: readonly CheckedPoint[]
  readonly columns: readonly Column[]
  /** The sample's rows as operations, as if nothing had ever been delivered. */
  readonly operations: readonly Operation[]
}

/** Runs an activation's query until it has given the sample, and plans these rows without the state. */
export async function checkSource(options: SourceCheckOptions): Promise<SourceCheck> {
  const { project, activation, context, sample, signal } = options
  const { connector, options: sourceOptions } = sourceOf(project, activation)
  const name = `source ${activation.source}`
  const answers: CheckedPoint = {
    name,
    status: 'ok',
    message: `${connector.type} answers`,
  }
  const points: CheckedPoint[] = []
  const sink = new SampleSink()
  let columns: readonly Column[] = []
  try {
    const source = await connector.open(sourceOptions, context)
    try {
      const stream = await source.query(activation.query, signal)
      columns = stream.columns
      points.push(answers, queryPoint(columns))
      const batches = firstRows(stream.batches, sample)
      const snapshot = nothingKnown
      const { rows } = await planActivation({ activation, columns, batches, snapshot, sink })
      // Whether the source sorts the query shows when a plan asks for it: a sample is not worth a sort.
      checkMergeable(activation, columns, mergeColumn(activation) ?? undefined)
      points.push(fieldsPoint(activation), rowsPoint(rows, sink.rejected))
    } finally {
      await source.close()
    }
  } catch (error) {
    signal.throwIfAborted()
    if (error instanceof QueryError) {
      points.push(answers, ...failedPoints('query', queryProblem(activation, error).problems))
    } else if (error instanceof ConfigurationError) {
      points.push(...failedPoints(points.length === 0 ? name : 'fields', error.problems))
    } else if (error instanceof StopRunError || error instanceof TryAgainError) {
      points.push({ name, status: 'failed', refused: true, message: error.message })
    } else {
      throw error
    }
  }
  return { points, columns, operations: sink.operations }
}

function failedPoints(name: string, problems: readonly Problem[]): CheckedPoint[] {
  return problems.map(({ message, position }) => ({ name, status: 'failed', message, position }))
}

function queryPoint(columns: readonly Column[]): CheckedPoint {
  const message = `returns ${columns.length} ${columns.length === 1 ? 'column' : 'columns'}`
  return { name: 'query', status: 'ok', message }
}

function fieldsPoint({ fields }: Activation): CheckedPoint {
  const message = `${fields.length} mapped, and their columns exist and fit`
  return { name: 'fields', status: 'ok', message }
}

function rowsPoint(rows: number, rejected: readonly RejectedRow[]): CheckedPoint {
  const name = 'rows'
  const [first] = rejected
  if (rows === 0) {
    const message = 'the query returns none, so that there is nothing to compare'
    return { name, status: 'warning', message }
  }
  if (first === undefined) return { name, status: 'ok', message: `${rows} sampled` }
  const { code, message } = first.failure
  return {
    name,
    status: 'warning',
    message: `${rows} sampled; ${rejected.length} would fail before anything is sent, the first as ${code}: ${message}`,
  }
}
