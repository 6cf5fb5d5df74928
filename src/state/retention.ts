import type { Retention, Span } from '../config/retention.ts'
import type { Database, Session } from './database.ts'
import type { Timestamp } from './store.ts'

/** Steps are short, so that other processes get their turn to write in between. */
const chunksPerStep = 125
const rowsPerStep = 5_000

/**
 * Removes what an activation's finished runs no longer need: spooled plans; and, as far as `retention` allows, old
 * outcomes, failures long resolved and old runs. The last run that ended is kept in any case.
 */
export async function prune(
  database: Database,
  activation: number,
  retention: Retention,
  now: Timestamp,
): Promise<void> {
  await dropPlans(database, activation)
  const kept = (span: Span | null) => firstKept(database, activation, span, now)
  const run = await kept(retention.runs)
  const outcome = latest(run, await kept(retention.outcomes))
  if (outcome !== null) await dropOutcomes(database, activation, outcome)
  if (run === null) return
  // A full pass that did not end goes on from its first run.
  await database.write((session) =>
    session.run(
      `delete from runs where activation_id = ? and id < ? and id not in (
        select full_pass from runs where activation_id = ? and id >= ? and full_pass is not null)`,
      [activation, run.id, activation, run.id],
    ),
  )
}

/** Where history begins: with this run, and with what happened since. */
interface Cut {
  readonly id: number
  readonly at: Timestamp
}

function latest(one: Cut | null, other: Cut | null): Cut | null {
  if (one === null || other === null) return one ?? other
  return one.id > other.id ? one : other
}

/** Removes a run that shall leave no trace in the history, with its plan and its outcomes. */
export async function dropRun(database: Database, run: number): Promise<void> {
  for (const [table, key, rows] of [
    ['operations', 'first_ordinal', chunksPerStep],
    ['applied', 'first_ordinal', rowsPerStep],
    ['outcomes', 'ordinal', rowsPerStep],
  ] as const) {
    await inSteps(database, (session) =>
      session.run(
        `delete from ${table} where run_id = ? and ${key} in (
          select ${key} from ${table} where run_id = ? limit ${rows})`,
        [run, run],
      ),
    )
  }
  await database.write((session) => session.run('delete from runs where id = ?', [run]))
}

async function dropPlans(database: Database, activation: number): Promise<void> {
  // What the last run did not attempt can be looked at until the next one plans it anew.
  const finished = `select id from runs where activation_id = ? and status <> 'running'
    and (not_attempted = 0 or id < (select max(id) from runs where activation_id = ?))`
  for (const [table, key, rows] of [
    ['operations', 'first_ordinal', chunksPerStep],
    ['sending', 'id', rowsPerStep],
  ] as const) {
    await inSteps(database, (session) =>
      session.run(
        `delete from ${table} where (run_id, ${key}) in (
          select run_id, ${key} from ${table} where run_id in (${finished}) limit ${rows})`,
        [activation, activation],
      ),
    )
  }
}

async function dropOutcomes(database: Database, activation: number, cut: Cut): Promise<void> {
  for (const [table, key] of [
    ['applied', 'first_ordinal'],
    ['outcomes', 'ordinal'],
  ] as const) {
    await inSteps(database, (session) =>
      session.run(
        `delete from ${table} where (run_id, ${key}) in (
          select run_id, ${key} from ${table} where run_id in (
            select id from runs where activation_id = ? and id < ?) limit ${rowsPerStep})`,
        [activation, cut.id],
      ),
    )
  }
  await inSteps(database, (session) =>
    session.run(
      `delete from failures where activation_id = ? and key in (
        select key from failures where activation_id = ? and resolved_at < ? limit ${rowsPerStep})`,
      [activation, activation, cut.at],
    ),
  )
}

async function inSteps(
  database: Database,
  step: (session: Session) => Promise<number>,
): Promise<void> {
  while ((await database.write(step)) > 0);
}

/** The first finished run that a span keeps; null where it keeps all. */
async function firstKept(
  database: Database,
  activation: number,
  span: Span | null,
  now: Timestamp,
): Promise<Cut | null> {
  if (span === null) return null
  const finished = `select id, started_at from runs where activation_id = ? and status <> 'running'`
  if ('runs' in span) {
    const [row] = await database.read((session) =>
      session.all<{ id: number; started_at: number }>(
        `${finished} order by id desc limit 1 offset ${span.runs - 1}`,
        [activation],
      ),
    )
    return row === undefined ? null : { id: row.id, at: row.started_at }
  }
  const at = now - span.milliseconds
  const [row] = await database.read((session) =>
    session.all<{ young: number | null; newest: number | null }>(
      `select min(case when finished_at >= ? then id end) as young, max(id) as newest
      from (${finished.replace('started_at', 'finished_at')}) as finished`,
      [at, activation],
    ),
  )
  const id = row?.young ?? row?.newest ?? null
  return id === null ? null : { id, at }
}
