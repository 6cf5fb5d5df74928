import type { FailureCode } from '../connector/index.ts'
import { readAbandoned } from './abandoned.ts'
import { troublesInSql } from './cures.ts'
import type { Cell, Database, Session } from './database.ts'
import { allOverKeys, runOverKeys } from './key-lists.ts'
import { findActivation } from './lock.ts'
import type { FailureRecord, FailureTrend, Timestamp } from './store.ts'
import { fromColumn, toColumn } from './text.ts'

const failuresPerPage = 500

interface FailureRow {
  readonly activation: string
  readonly run_id: number
  readonly key: string
  readonly identifier: string | null
  readonly kind: FailureRecord['operation']
  readonly status: FailureRecord['status']
  readonly code: FailureCode
  readonly message: string
  readonly field: string | null
  readonly http_status: number | null
  readonly request_id: string | null
  readonly hint: string | null
  readonly attempts: number
  readonly first_seen: number
  readonly last_seen: number
  readonly next_retry: number | null
  readonly held_back: number
}

const openPage = `select a.name as activation, f.run_id, f.key, f.identifier, f.kind, f.status, f.code, f.message, f.field,
  f.http_status, f.request_id, f.hint, f.attempts, f.first_seen, f.last_seen, f.next_retry,
  case when f.fingerprint is null then 0 else 1 end as held_back
  from failures f join activations a on a.id = f.activation_id where f.resolved_at is null`

/** A key that several rows of the run share is one failure: that of its last row. */
const pageOfRun = `select a.name as activation, o.run_id, o.key, r.identifier, o.kind, o.status, o.code, o.message, o.field,
  o.http_status, o.request_id, o.hint, o.attempts_in_all as attempts, o.first_seen, o.recorded_at as last_seen,
  case when f.resolved_at is null and f.run_id = o.run_id then f.next_retry end as next_retry,
  case when f.resolved_at is null and f.run_id = o.run_id and f.fingerprint is not null then 1 else 0 end as held_back
  from outcomes o join runs r on r.id = o.run_id join activations a on a.id = r.activation_id
  left join failures f on f.activation_id = r.activation_id and f.key = o.key
  where o.run_id = ? and o.key is not null and not exists (
    select 1 from outcomes later where later.run_id = o.run_id and later.key = o.key and later.ordinal > o.ordinal)`

/** See `StateStore.failures`. */
export async function* readFailures(
  database: Database,
  filter: { readonly activation?: string | undefined; readonly run?: number | undefined },
): AsyncGenerator<readonly FailureRecord[]> {
  const { activation, run } = filter
  if (run !== undefined) {
    const named = activation === undefined ? '' : 'and a.name = ?'
    const bindings = activation === undefined ? [run] : [run, activation]
    yield* readPages(database, `${pageOfRun} ${named}`, 'o.key', bindings)
    yield* readAbandoned(database, run, activation)
    return
  }
  // One activation after the other, since only the keys of one lie in order.
  const names = activation === undefined ? await readNames(database) : [activation]
  for (const name of names)
    yield* readPages(database, `${openPage} and a.name = ?`, 'f.key', [name])
}

async function readNames(database: Database): Promise<readonly string[]> {
  const rows = await database.read((session) =>
    session.all<{ name: string }>('select name from activations order by name'),
  )
  return rows.map(({ name }) => name)
}

async function* readPages(
  database: Database,
  sql: string,
  key: string,
  bindings: readonly Cell[],
): AsyncGenerator<readonly FailureRecord[]> {
  const end = `order by ${key} limit ${failuresPerPage}`
  let last: string | null = null
  do {
    const rows: readonly FailureRow[] = await database.read((session) =>
      last === null
        ? session.all(`${sql} ${end}`, bindings)
        : session.all(`${sql} and ${key} > ? ${end}`, [...bindings, last]),
    )
    last = rows.length === failuresPerPage ? (rows.at(-1)?.key ?? null) : null
    if (rows.length > 0) yield rows.map(toRecord)
  } while (last !== null)
}

function toRecord(row: FailureRow): FailureRecord {
  return {
    activation: row.activation,
    run: row.run_id,
    key: fromColumn(row.key),
    identifier: row.identifier,
    operation: row.kind,
    status: row.status,
    code: row.code,
    message: row.message,
    field: row.field,
    httpStatus: row.http_status,
    requestId: row.request_id,
    hint: row.hint,
    attempts: row.attempts,
    firstSeen: row.first_seen,
    lastSeen: row.last_seen,
    nextRetry: row.next_retry,
    waitsForChange: Number(row.held_back) === 1 && row.next_retry === null,
  }
}

/** Open failures by activation and code, in that order. */
export async function countOpenFailures(
  session: Session,
): Promise<readonly { activation: string; code: FailureCode; count: number }[]> {
  const rows = await session.all<{ activation: string; code: FailureCode; count: number }>(
    `select a.name as activation, f.code, count(*) as count from failures f join activations a on a.id = f.activation_id
    where f.resolved_at is null group by a.name, f.code order by a.name, f.code`,
  )
  return rows.map(({ activation, code, count }) => ({ activation, code, count: Number(count) }))
}

/** What a run that completed did not meet again, neither failing nor held back. */
const isUnmet = 'run_id <> ? and (waited_run is null or waited_run <> ?)'

/**
 * Resolves the failures that a completed run did not meet again. Nobody reports a cured row otherwise: a row that
 * changed back to what was last delivered is `unchanged`, and a row that left the query is not seen at all. A key
 * that failed has no confirmed snapshot of its present record, so a run that read the whole query and went through
 * its whole plan has either given it an outcome, or held it back, or has nothing left to do for it.
 */
export async function resolveUnmet(
  session: Session,
  activation: number,
  run: number,
  now: Timestamp,
): Promise<void> {
  await session.run(
    `update failures set resolved_at = ?, resolved_run = ? where activation_id = ? and resolved_at is null and ${isUnmet}`,
    [now, run, activation, run, run],
  )
}

/** Notes that a run saw keys and held them back. */
export async function noteWaiting(
  session: Session,
  activation: number,
  run: number,
  keys: readonly string[],
): Promise<void> {
  const sql =
    'update failures set waited_run = ? where activation_id = ? and resolved_at is null and key in (:keys)'
  await runOverKeys(session, sql, [run, activation], keys.map(toColumn))
}

/** See `StateStore.release`. */
export async function releaseFailures(
  database: Database,
  name: string,
  keys: readonly string[] | null,
): Promise<{ readonly released: number; readonly unknown: readonly string[] }> {
  return database.write(async (session) => {
    const activation = await findActivation(session, name)
    if (activation === null) return { released: 0, unknown: keys ?? [] }
    const sql = `${release} where activation_id = ? and ${isHeldBack}`
    if (keys === null) return { released: await session.run(sql, [activation]), unknown: [] }
    const distinct = [...new Set(keys.map(toColumn))]
    const open = await allOverKeys<{ key: string }>(
      session,
      'select key from failures where activation_id = ? and resolved_at is null and key in (:keys)',
      [activation],
      distinct,
    )
    const known = new Set(open.map(({ key }) => key))
    const released = await runOverKeys(session, `${sql} and key in (:keys)`, [activation], distinct)
    return { released, unknown: distinct.filter((key) => !known.has(key)).map(fromColumn) }
  })
}

const release = 'update failures set fingerprint = null, next_retry = null'
const isHeldBack = 'resolved_at is null and fingerprint is not null'

/** Lets the next run try again what failed since the target or the way to it was in trouble as a whole. */
export async function releaseTroubles(session: Session, run: number): Promise<void> {
  await session.run(
    `${release} where run_id = ? and ${isHeldBack} and code in (${troublesInSql})`,
    [run],
  )
}

/** What became of failures in a run that is about to end; `completed` as for `resolveUnmet`. */
export async function countTrend(
  session: Session,
  activation: number,
  run: number,
  completed: boolean,
): Promise<FailureTrend> {
  const unmet = completed ? isUnmet : 'run_id <> run_id'
  const [row] = await session.all<Record<'began' | 'cured' | 'open', number | null>>(
    `select sum(case when resolved_at is null and first_run = ? then 1 else 0 end) as began,
      sum(case when resolved_run = ? or (resolved_at is null and ${unmet}) then 1 else 0 end) as cured,
      sum(case when resolved_at is null then 1 else 0 end) as open
      from failures where activation_id = ? and (resolved_at is null or resolved_run = ?)`,
    [run, run, ...(completed ? [run, run] : []), activation, run],
  )
  const [resolved] = await session.all<{ count: number }>(
    'select count(*) as count from failures where activation_id = ? and resolved_run = ?',
    [activation, run],
  )
  const began = Number(row?.began ?? 0)
  const cured = Number(row?.cured ?? 0)
  // Those that are cured when the run ends, and not before, are open still.
  const open = Number(row?.open ?? 0) - (cured - Number(resolved?.count ?? 0))
  return { began, persisting: open - began, cured }
}
