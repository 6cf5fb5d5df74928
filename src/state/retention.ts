import type { Database, Session } from './database.ts'

/** Finished runs per activation whose outcomes are kept: four days of hourly runs, three months of daily ones. */
const runsWithOutcomes = 100

/** Finished runs per activation that are remembered at all. */
const runsRemembered = 1_000

/** Steps are short, so that other processes get their turn to write in between. */
const chunksPerStep = 50
const rowsPerStep = 5_000

/** Removes what an activation's finished runs no longer need: spooled plans, old outcomes, failures long resolved. */
export async function prune(database: Database, activation: number): Promise<void> {
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
  const oldest = await nthNewest(database, activation, runsWithOutcomes)
  if (oldest === null) return
  await inSteps(database, (session) =>
    session.run(
      `delete from outcomes where (run_id, ordinal) in (
        select run_id, ordinal from outcomes where run_id in (
          select id from runs where activation_id = ? and id < ?) limit ${rowsPerStep})`,
      [activation, oldest.id],
    ),
  )
  await inSteps(database, (session) =>
    session.run(
      `delete from failures where activation_id = ? and key in (
        select key from failures where activation_id = ? and resolved_at < ? limit ${rowsPerStep})`,
      [activation, activation, oldest.started_at],
    ),
  )
  const forgotten = await nthNewest(database, activation, runsRemembered)
  if (forgotten === null) return
  await database.write((session) =>
    session.run('delete from runs where activation_id = ? and id < ?', [activation, forgotten.id]),
  )
}

async function inSteps(
  database: Database,
  step: (session: Session) => Promise<number>,
): Promise<void> {
  while ((await database.write(step)) > 0);
}

async function nthNewest(
  database: Database,
  activation: number,
  place: number,
): Promise<{ id: number; started_at: number } | null> {
  const [row] = await database.read((session) =>
    session.all<{ id: number; started_at: number }>(
      `select id, started_at from runs where activation_id = ? and status <> 'running' order by id desc limit 1 offset ${place - 1}`,
      [activation],
    ),
  )
  return row ?? null
}
