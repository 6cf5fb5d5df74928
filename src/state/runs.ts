import type { Database, Session } from './database.ts'
import { writeAsHolder } from './lock.ts'
import { leaveInDoubt } from './outcomes.ts'
import { keysInFlight } from './spool.ts'
import type { AboutRun, Lock, RunRecord, RunStatus, Timestamp } from './store.ts'

interface RunRow {
  readonly id: number
  readonly activation: string
  readonly status: RunStatus
  readonly started_at: number
  readonly finished_at: number | null
  readonly summary: string | null
}

/** Begins a run after ending those that never finished; see `StateStore.startRun`. */
export async function beginRun(
  database: Database,
  lock: Lock,
  about: AboutRun,
  now: Timestamp,
): Promise<{ run: number; activation: number }> {
  return writeAsHolder(database, lock, async (session, activation) => {
    await interruptRuns(session, activation, now)
    await session.run('update activations set target = ?, object = ?, key_field = ? where id = ?', [
      about.target,
      about.object,
      about.keyField,
      activation,
    ])
    const [row] = await session.all<{ id: number }>(
      "insert into runs (activation_id, identifier, status, started_at) values (?, ?, 'running', ?) returning id",
      [activation, about.identifier, now],
    )
    if (row === undefined) throw new Error('a run was not stored')
    return { run: row.id, activation }
  })
}

async function interruptRuns(session: Session, activation: number, now: Timestamp): Promise<void> {
  const unfinished = await session.all<{ id: number }>(
    "select id from runs where activation_id = ? and status = 'running'",
    [activation],
  )
  for (const { id } of unfinished) {
    for await (const keys of keysInFlight(session, id)) {
      await leaveInDoubt(session, activation, id, keys)
    }
    await session.run("update runs set status = 'interrupted', finished_at = ? where id = ?", [
      now,
      id,
    ])
  }
}

/** Ends a run. Throws where it has ended already. */
export async function endRun(
  session: Session,
  run: number,
  status: RunStatus,
  finishedAt: Timestamp,
  summary: string,
): Promise<void> {
  const changed = await session.run(
    "update runs set status = ?, finished_at = ?, summary = ? where id = ? and status = 'running'",
    [status, finishedAt, summary, run],
  )
  if (changed !== 1) throw new Error(`run ${run} has ended already`)
}

/** See `StateStore.runs`. */
export async function readRuns(
  session: Session,
  activations: readonly string[] | null,
  perActivation: number,
): Promise<readonly RunRecord[]> {
  const wanted =
    activations === null ? '' : `where a.name in (${activations.map(() => '?').join(', ')})`
  if (activations !== null && activations.length === 0) return []
  const rows = await session.all<RunRow>(
    `select id, activation, status, started_at, finished_at, summary from (
      select r.id, a.name as activation, r.status, r.started_at, r.finished_at, r.summary,
        row_number() over (partition by r.activation_id order by r.id desc) as place
      from runs r join activations a on a.id = r.activation_id ${wanted}
    ) as ranked where place <= ? order by id desc`,
    [...(activations ?? []), perActivation],
  )
  return rows.map((row) => ({
    run: row.id,
    activation: row.activation,
    status: row.status,
    startedAt: row.started_at,
    finishedAt: row.finished_at,
    summary: row.summary,
  }))
}
