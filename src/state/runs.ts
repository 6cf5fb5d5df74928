import type { Confirmations } from './confirmations.ts'
import type { Database, Session } from './database.ts'
import { releaseTroubles } from './failures.ts'
import { writeAsHolder } from './lock.ts'
import { leaveInDoubt } from './outcomes.ts'
import type { FullPass } from './snapshot.ts'
import { forgetToken } from './snapshot-token.ts'
import { keysInFlight } from './spool.ts'
import type { AboutRun, Lock, RunRecord, RunStatus, Timestamp } from './store.ts'

interface RunRow {
  readonly id: number
  readonly activation: string
  readonly status: RunStatus
  readonly started_at: number
  readonly finished_at: number | null
  readonly summary: string | null
  readonly not_attempted: number
}

/** Begins a run after ending those that never finished; see `StateStore.startRun`. */
export async function beginRun(
  database: Database,
  confirmations: Confirmations,
  lock: Lock,
  about: AboutRun,
  now: Timestamp,
): Promise<{ run: number; activation: number; pass: FullPass | null }> {
  return writeAsHolder(database, lock, async (session, activation) => {
    await interruptRuns(session, confirmations, activation, now)
    const begun = about.full === null ? null : await unfinishedPass(session, activation, now)
    await session.run('update activations set target = ?, object = ?, key_field = ? where id = ?', [
      about.target,
      about.object,
      about.keyField,
      activation,
    ])
    if (about.keepValues) {
      await session.run('update activations set holds_values = 1 where id = ?', [activation])
    }
    const [row] = await session.all<{ id: number }>(
      "insert into runs (activation_id, identifier, status, started_at) values (?, ?, 'running', ?) returning id",
      [activation, about.identifier, now],
    )
    if (row === undefined) throw new Error('a run was not stored')
    if (about.full === null) return { run: row.id, activation, pass: null }
    const firstRun = begun ?? row.id
    await session.run('update runs set full_pass = ? where id = ?', [firstRun, row.id])
    return { run: row.id, activation, pass: { firstRun, everything: about.full === 'everything' } }
  })
}

/** How long a full pass that did not end can be gone on with: a daily one begins anew every day. */
const passLasts = 12 * 60 * 60_000

/** The first run of the activation's last full pass, where that did not end and is not long ago. */
async function unfinishedPass(
  session: Session,
  activation: number,
  now: number,
): Promise<number | null> {
  const [last] = await session.all<{ full_pass: number; started_at: number }>(
    `select last.full_pass, first.started_at from runs last join runs first on first.id = last.full_pass
    where last.id = (select max(id) from runs where activation_id = ? and full_pass is not null)
    and last.status in ('interrupted', 'stopped')`,
    [activation],
  )
  return last !== undefined && now - last.started_at < passLasts ? last.full_pass : null
}

async function interruptRuns(
  session: Session,
  confirmations: Confirmations,
  activation: number,
  now: Timestamp,
): Promise<void> {
  const unfinished = await session.all<{ id: number }>(
    "select id from runs where activation_id = ? and status = 'running'",
    [activation],
  )
  for (const { id } of unfinished) {
    for await (const keys of keysInFlight(session, id)) {
      await leaveInDoubt(session, confirmations, activation, id, keys)
    }
    await releaseTroubles(session, id)
    await forgetToken(session, activation)
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
    `select id, activation, status, started_at, finished_at, summary, not_attempted from (
      select r.id, a.name as activation, r.status, r.started_at, r.finished_at, r.summary, r.not_attempted,
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
    notAttempted: Number(row.not_attempted),
  }))
}
