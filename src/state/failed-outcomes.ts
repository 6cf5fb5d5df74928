import type { Failure, Outcome, OutcomeStatus } from '../connector/index.ts'
import type { RejectedRow } from '../plan/interfaces.ts'
import { isAnyApplied } from './applied.ts'
import { cureOf, firstGap, gapInSql } from './cures.ts'
import type { Cell } from './database.ts'
import type { Recording } from './recording.ts'
import { prose, toColumn } from './text.ts'

/** A failure with all that the two tables keep of it. */
export interface FailedOutcome {
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
  recording.openFailures.note()
  await recording.session.runEach(
    openRejection,
    [...last.values()].map((outcome) => failureCells(recording, outcome)),
  )
  await recording.session.runEach(
    replaceOutcome,
    failed.map((outcome) => outcomeCells(recording, { ...outcome, attempts: 0 })),
  )
}

/** Records what was not applied. Returns false where one of the operations has an outcome already. */
export async function recordFailed(
  recording: Recording,
  failed: readonly FailedOutcome[],
): Promise<boolean> {
  const { session, run, openFailures } = recording
  if (failed.length === 0) return true
  const ordinals = failed.map(({ ordinal }) => ordinal)
  if (await isAnyApplied(session, run, ordinals)) return false
  openFailures.note()
  await session.runEach(
    openFailedDelivery,
    failed.map((outcome) => failureCells(recording, outcome)),
  )
  const cells = failed.map((outcome) => outcomeCells(recording, outcome))
  return (await session.runEach(insertFailed, cells)) === failed.length
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
