import type {
  Failure,
  FailureCode,
  Outcome,
  OutcomeStatus,
  TargetRecord,
} from '../connector/index.ts'
import { outcomeStatuses } from '../connector/index.ts'
import type { RejectedRow } from '../plan/interfaces.ts'
import { countAbandoned } from './abandoned.ts'
import { unadoptedByOther } from './adopted.ts'
import { cureOf, firstGap, gapInSql } from './cures.ts'
import type { Cell, Session } from './database.ts'
import { runOverKeys } from './key-lists.ts'
import type { Timestamp } from './store.ts'
import { prose, toColumn } from './text.ts'
import { noValues } from './values.ts'

/** The run whose outcomes are recorded, and when. */
export interface Recording {
  readonly session: Session
  readonly activation: number
  readonly run: number
  /** The field that identifies the record; null where the activation has none. */
  readonly identifier: string | null
  /** See `AboutRun`. */
  readonly settings: string
  readonly keepValues: boolean
  readonly now: Timestamp
}

/** A failure with all that the two tables keep of it. */
interface FailedOutcome {
  readonly ordinal: number
  readonly key: string
  readonly kind: Outcome['kind']
  readonly status: Exclude<OutcomeStatus, 'applied'>
  readonly created: boolean
  readonly attempts: number
  readonly failure: Failure
  /** What failed, where the target failed it. */
  readonly fingerprint?: string | undefined
}

const snapshotColumns =
  'activation_id, key, fingerprint, target_id, sent, removed, confirmed_at, run_id'

const confirmWithId = `insert into snapshot (${snapshotColumns}) values (?, ?, ?, ?, ?, ?, ?, ?)
  on conflict (activation_id, key) do update set fingerprint = excluded.fingerprint, target_id = excluded.target_id,
  sent = excluded.sent, removed = excluded.removed, unanswered_since = null, confirmed_at = excluded.confirmed_at, run_id = excluded.run_id`

const confirm = `insert into snapshot (${snapshotColumns}) values (?, ?, ?, null, ?, ?, ?, ?)
  on conflict (activation_id, key) do update set fingerprint = excluded.fingerprint,
  sent = excluded.sent, removed = excluded.removed, unanswered_since = null, confirmed_at = excluded.confirmed_at, run_id = excluded.run_id`

const learnId = `insert into snapshot (activation_id, key, target_id) values (?, ?, ?)
  on conflict (activation_id, key) do update set ${unadoptedByOther}, target_id = excluded.target_id`

/** Lists were changed in part: what is held is known, what the rest of the record is like is not. */
const keepHeld = `insert into snapshot (activation_id, key, sent) values (?, ?, ?)
  on conflict (activation_id, key) do update set sent = excluded.sent, fingerprint = null, removed = null`

const forgetId = `update snapshot set target_id = null where activation_id = ? and key in (:keys)`

/** What the target holds is not known: it may have taken what was sent since that run began. */
const doubt = `insert into snapshot (activation_id, key, unanswered_since)
  values (?, ?, (select started_at from runs where id = ?))
  on conflict (activation_id, key) do update set fingerprint = null,
  unanswered_since = coalesce(snapshot.unanswered_since, excluded.unanswered_since)`

const resolveFailure =
  'update failures set resolved_at = ?, resolved_run = ? where activation_id = ? and resolved_at is null and key in (:keys)'

/** Released ones have no fingerprint: their gaps begin anew, as those of records that changed. */
const isSameAgain = 'failures.resolved_at is null and failures.fingerprint = excluded.fingerprint'

/** A failure that was resolved and comes back begins anew. */
const openFailure = (attempts: string) => `insert into failures
  (activation_id, key, run_id, identifier, kind, status, code, message, field, http_status, request_id, hint, attempts, first_seen, last_seen,
  first_run, fingerprint, settings, next_retry)
  values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
  on conflict (activation_id, key) do update set
  attempts = case when failures.resolved_at is null then ${attempts} else excluded.attempts end,
  first_seen = case when failures.resolved_at is null then failures.first_seen else excluded.first_seen end,
  run_id = excluded.run_id, identifier = excluded.identifier, kind = excluded.kind, status = excluded.status,
  code = excluded.code, message = excluded.message, field = excluded.field, http_status = excluded.http_status,
  request_id = excluded.request_id, hint = excluded.hint, last_seen = excluded.last_seen,
  first_run = case when failures.resolved_at is null then failures.first_run else excluded.first_run end,
  rounds = case when ${isSameAgain} then failures.rounds + 1 else 1 end,
  next_retry = case when excluded.next_retry is not null and ${isSameAgain}
    then excluded.last_seen + ${gapInSql('failures.rounds')} else excluded.next_retry end,
  fingerprint = excluded.fingerprint, settings = excluded.settings, resolved_at = null, resolved_run = null`

const openFailedDelivery = openFailure('failures.attempts + excluded.attempts')

/** Rows that share a key are rejected one by one, and the key was tried once all the same. */
const openRejection = openFailure(
  'case when failures.run_id = excluded.run_id then failures.attempts else failures.attempts + excluded.attempts end',
)

const insertApplied = `insert into outcomes (run_id, ordinal, status, created, attempts) values (?, ?, 'applied', ?, ?)
  on conflict (run_id, ordinal) do nothing`

const insertOutcome = `insert into outcomes
  (run_id, ordinal, status, created, attempts, key, kind, code, message, field, http_status, request_id, hint, recorded_at, attempts_in_all, first_seen)
  values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,
  (select attempts from failures where activation_id = ? and key = ?),
  (select first_seen from failures where activation_id = ? and key = ?))`

const insertFailed = `${insertOutcome} on conflict (run_id, ordinal) do nothing`

const replaceOutcome = `${insertOutcome} on conflict (run_id, ordinal) do update set
  status = excluded.status, created = excluded.created, attempts = excluded.attempts, key = excluded.key, kind = excluded.kind,
  code = excluded.code, message = excluded.message, field = excluded.field, http_status = excluded.http_status,
  request_id = excluded.request_id, hint = excluded.hint, recorded_at = excluded.recorded_at,
  attempts_in_all = excluded.attempts_in_all, first_seen = excluded.first_seen`

/** Says that keys were being sent by a run that never learnt how that ended. */
export async function leaveInDoubt(
  session: Session,
  activation: number,
  run: number,
  keys: readonly string[],
): Promise<void> {
  await session.runEach(
    doubt,
    keys.map((key) => [activation, toColumn(key), run]),
  )
}

/** Records how operations ended. Throws where an operation has an outcome already. */
export async function recordOutcomes(
  recording: Recording,
  outcomes: readonly Outcome[],
): Promise<void> {
  for (const group of groupsOfDistinctKeys(outcomes)) await recordDistinct(recording, group)
}

/** Records rejected rows in place of whatever has their ordinals. */
export async function recordRejections(
  recording: Recording,
  rows: readonly RejectedRow[],
): Promise<void> {
  const failed = rows.map((row) => ({
    ...row,
    status: 'rejected' as const,
    created: false,
    attempts: 1,
  }))
  // A key is one failure, that of its last row, and a statement may change it once only.
  const last = new Map(failed.map((outcome) => [outcome.key, outcome]))
  await recording.session.runEach(
    openRejection,
    [...last.values()].map((outcome) => failureCells(recording, outcome)),
  )
  await recording.session.runEach(
    replaceOutcome,
    failed.map((outcome) => outcomeCells(recording, { ...outcome, attempts: 0 })),
  )
}

async function recordDistinct(recording: Recording, outcomes: readonly Outcome[]): Promise<void> {
  const { session, activation, run, now } = recording
  const confirmedWithId: Cell[][] = []
  const confirmed: Cell[][] = []
  const learnt: Cell[][] = []
  const forgotten: string[] = []
  // Tried, without an answer that settles it: the target may hold the old record or the new one.
  const doubtful: Cell[][] = []
  const partly: Cell[][] = []
  const resolved: string[] = []
  const applied: Cell[][] = []
  const failed: FailedOutcome[] = []
  for (const outcome of outcomes) {
    const { id, ordinal, status, failure } = outcome
    const key = toColumn(outcome.key)
    if (status === 'applied') {
      const { fingerprint, sent, removed } = confirmation(recording, outcome)
      if (id === undefined) confirmed.push([activation, key, fingerprint, sent, removed, now, run])
      else {
        const target = id === null ? null : toColumn(id)
        confirmedWithId.push([activation, key, fingerprint, target, sent, removed, now, run])
      }
      applied.push([run, ordinal, outcome.created ? 1 : 0, outcome.attempts])
      resolved.push(key)
      continue
    }
    if (failure === undefined) throw new Error(`operation ${ordinal} failed without a failure`)
    if (typeof id === 'string') learnt.push([activation, key, toColumn(id)])
    if (id === null) forgotten.push(key)
    if (outcome.held !== undefined)
      partly.push([activation, key, sentText(recording, outcome.held)])
    if (status === 'failed' || status === 'in_doubt') doubtful.push([activation, key, run])
    failed.push({ ...outcome, status, failure })
  }
  await session.runEach(confirmWithId, confirmedWithId)
  await session.runEach(confirm, confirmed)
  await session.runEach(learnId, learnt)
  await runOverKeys(session, forgetId, [activation], forgotten)
  await session.runEach(doubt, doubtful)
  await session.runEach(keepHeld, partly)
  await runOverKeys(session, resolveFailure, [now, run, activation], resolved)
  await session.runEach(
    openFailedDelivery,
    failed.map((outcome) => failureCells(recording, outcome)),
  )
  const recorded =
    (await session.runEach(insertApplied, applied)) +
    (await session.runEach(
      insertFailed,
      failed.map((outcome) => outcomeCells(recording, outcome)),
    ))
  if (recorded < outcomes.length) {
    throw new Error(`an operation of run ${run} has an outcome already`)
  }
}

/** What the snapshot takes over from a confirmed operation. */
function confirmation(
  recording: Recording,
  outcome: Outcome,
): {
  fingerprint: string | null
  sent: string
  removed: string | null
} {
  const { fingerprint, held, kind, ordinal, removal } = outcome
  if (fingerprint === undefined || held === undefined) {
    throw new Error(`operation ${ordinal} was applied without its record`)
  }
  const sent = sentText(recording, held)
  // A row that comes back shall be sent whatever it holds.
  return removal ? { fingerprint: null, sent, removed: kind } : { fingerprint, sent, removed: null }
}

/** What the snapshot keeps of what the target holds. */
function sentText({ keepValues }: Recording, held: TargetRecord): string {
  return keepValues ? JSON.stringify(held) : noValues
}

function failureCells(recording: Recording, outcome: FailedOutcome): Cell[] {
  const { activation, run, identifier, now } = recording
  return [
    activation,
    toColumn(outcome.key),
    run,
    identifier,
    outcome.kind,
    outcome.status,
    ...details(outcome.failure),
    outcome.attempts,
    now,
    now,
    run,
    ...retrial(recording, outcome),
  ]
}

/** fingerprint, settings, next_retry: all null where the next run tries again whatever happens. */
function retrial({ settings, now }: Recording, { fingerprint, failure }: FailedOutcome): Cell[] {
  const cure = cureOf(failure.code)
  if (fingerprint === undefined || cure === 'run') return [null, null, null]
  return [fingerprint, settings, cure === 'time' ? now + firstGap : null]
}

function outcomeCells(recording: Recording, outcome: FailedOutcome): Cell[] {
  const { activation, run, now } = recording
  const key = toColumn(outcome.key)
  return [
    run,
    outcome.ordinal,
    outcome.status,
    outcome.created ? 1 : 0,
    outcome.attempts,
    key,
    outcome.kind,
    ...details(outcome.failure),
    now,
    activation,
    key,
    activation,
    key,
  ]
}

/** code, message, field, http_status, request_id, hint */
function details(failure: Failure): Cell[] {
  return [
    failure.code,
    prose(failure.message),
    prose(failure.field),
    failure.httpStatus ?? null,
    prose(failure.requestId),
    prose(failure.hint),
  ]
}

/** Statements run kind by kind, so that a key's outcomes keep their order only across groups. */
function groupsOfDistinctKeys(outcomes: readonly Outcome[]): Outcome[][] {
  const groups: Outcome[][] = []
  let keys = new Set<string>()
  for (const outcome of outcomes) {
    if (groups.length === 0 || keys.has(outcome.key)) {
      groups.push([])
      keys = new Set()
    }
    groups.at(-1)?.push(outcome)
    keys.add(outcome.key)
  }
  return groups
}

/** Outcomes of a run by status, and its failures by code. */
export async function countOutcomes(
  session: Session,
  run: number,
): Promise<{
  outcomes: Record<OutcomeStatus, number>
  codes: Partial<Record<FailureCode, number>>
}> {
  const outcomes = Object.fromEntries(outcomeStatuses.map((status) => [status, 0])) as Record<
    OutcomeStatus,
    number
  >
  const codes: Partial<Record<FailureCode, number>> = {}
  const rows = await session.all<{ status: OutcomeStatus; code: FailureCode | null; rows: number }>(
    'select status, code, count(*) as rows from outcomes where run_id = ? group by status, code',
    [run],
  )
  for (const { status, code, rows: count } of rows) {
    outcomes[status] += Number(count)
    if (code !== null) codes[code] = (codes[code] ?? 0) + Number(count)
  }
  const abandoned = await countAbandoned(session, run)
  if (abandoned > 0) {
    outcomes.not_attempted += abandoned
    codes.not_attempted = (codes.not_attempted ?? 0) + abandoned
  }
  return { outcomes, codes }
}
