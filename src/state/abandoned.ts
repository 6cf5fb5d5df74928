import type { Failure } from '../connector/index.ts'
import type { Database, Session } from './database.ts'
import { pendingHeads } from './spool.ts'
import type { Head } from './spool-chunks.ts'
import type { FailureRecord } from './store.ts'

/** What a run that was stopped left undone: kept as a number and a reason, not row by row. */
export async function recordAbandoned(
  session: Session,
  run: number,
  count: number,
  failure: Failure,
): Promise<void> {
  await session.run('update runs set not_attempted = ?, not_attempted_why = ? where id = ?', [
    count,
    JSON.stringify(failure),
    run,
  ])
}

/** How many operations the run did not attempt. */
export async function countAbandoned(session: Session, run: number): Promise<number> {
  const [row] = await session.all<{ not_attempted: number }>(
    'select not_attempted from runs where id = ?',
    [run],
  )
  return Number(row?.not_attempted ?? 0)
}

interface RunRow {
  readonly name: string
  readonly identifier: string | null
  readonly finished_at: number | null
  readonly started_at: number
  readonly not_attempted_why: string | null
}

/**
 * The operations that the run did not attempt, as failures, in the order of its plan. None once the activation's
 * next run has begun: that one planned them anew.
 */
export async function* readAbandoned(
  database: Database,
  run: number,
  activation: string | undefined,
): AsyncGenerator<readonly FailureRecord[]> {
  const [row] = await database.read((session) =>
    session.all<RunRow>(
      `select a.name, r.identifier, r.started_at, r.finished_at, r.not_attempted_why
       from runs r join activations a on a.id = r.activation_id where r.id = ? and r.not_attempted > 0`,
      [run],
    ),
  )
  if (row === undefined || row.not_attempted_why === null) return
  if (activation !== undefined && activation !== row.name) return
  const failure: Failure = JSON.parse(row.not_attempted_why)
  const seen = row.finished_at ?? row.started_at
  const record = ({ key, kind }: Head): FailureRecord => ({
    activation: row.name,
    run,
    key,
    identifier: row.identifier,
    operation: kind,
    status: 'not_attempted',
    code: failure.code,
    message: failure.message,
    field: null,
    httpStatus: null,
    requestId: null,
    hint: failure.hint ?? null,
    attempts: 0,
    firstSeen: seen,
    lastSeen: seen,
    nextRetry: null,
    waitsForChange: false,
  })
  for await (const operations of pendingHeads(database, run)) yield operations.map(record)
}
