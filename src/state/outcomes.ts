import type { FailureCode, Outcome, OutcomeStatus, TargetRecord } from '../connector/index.ts'
import { outcomeStatuses } from '../connector/index.ts'
import { countAbandoned } from './abandoned.ts'
import { unadoptedByOther } from './adopted.ts'
import { countApplied, recordApplied } from './applied.ts'
import type { Confirmation, Confirmations } from './confirmations.ts'
import type { Cell, Session } from './database.ts'
import { type FailedOutcome, recordFailed } from './failed-outcomes.ts'
import { runOverKeys } from './key-lists.ts'
import type { Recording } from './recording.ts'
import { toColumn } from './text.ts'
import { noValues } from './values.ts'

const snapshotColumns =
  'activation_id, key, fingerprint, target_id, sent, removed, confirmed_at, run_id'

/** Keeps the id that is known. */
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

/** Says that keys were being sent by a run that never learnt how that ended. */
export async function leaveInDoubt(
  session: Session,
  confirmations: Confirmations,
  activation: number,
  run: number,
  keys: readonly string[],
): Promise<void> {
  const columns = keys.map(toColumn)
  await confirmations.settle(session, activation, columns)
  await session.runEach(
    doubt,
    columns.map((key) => [activation, key, run]),
  )
}

/** Records how operations ended. Throws where an operation has an outcome already. */
export async function recordOutcomes(
  recording: Recording,
  outcomes: readonly Outcome[],
): Promise<void> {
  for (const group of groupsOfDistinctKeys(outcomes)) await recordDistinct(recording, group)
}

async function recordDistinct(recording: Recording, outcomes: readonly Outcome[]): Promise<void> {
  const { session, activation, run, now, confirmations, openFailures } = recording
  const confirmedWithId: Confirmation[] = []
  const confirmed: Cell[][] = []
  const learnt: Cell[][] = []
  const forgotten: string[] = []
  // Tried, without an answer that settles it: the target may hold the old record or the new one.
  const doubtful: Cell[][] = []
  const partly: Cell[][] = []
  const applied: Outcome[] = []
  const failed: FailedOutcome[] = []
  /** Whose rows in the snapshot are changed, and not replaced. */
  const changed: string[] = []
  for (const outcome of outcomes) {
    const { id, ordinal, status, failure } = outcome
    const key = toColumn(outcome.key)
    if (status === 'applied') {
      const confirmation = confirmationOf(recording, outcome, key)
      if (id === undefined) {
        const { fingerprint, sent, removed } = confirmation
        confirmed.push([activation, key, fingerprint, sent, removed, now, run])
        changed.push(key)
      } else confirmedWithId.push(confirmation)
      applied.push(outcome)
      continue
    }
    if (failure === undefined) throw new Error(`operation ${ordinal} failed without a failure`)
    if (typeof id === 'string') learnt.push([activation, key, toColumn(id)])
    if (id === null) forgotten.push(key)
    if (outcome.held !== undefined)
      partly.push([activation, key, sentText(recording, outcome.held)])
    if (status === 'failed' || status === 'in_doubt') doubtful.push([activation, key, run])
    failed.push({ ...outcome, status, failure })
    changed.push(key)
  }
  await confirmations.settle(session, activation, changed)
  await confirmations.add(session, recording, confirmedWithId)
  await session.runEach(confirm, confirmed)
  await session.runEach(learnId, learnt)
  await runOverKeys(session, forgetId, [activation], forgotten)
  await session.runEach(doubt, doubtful)
  await session.runEach(keepHeld, partly)
  if (applied.length > 0 && (await openFailures.areAny(session))) {
    const keys = applied.map(({ key }) => toColumn(key))
    await runOverKeys(session, resolveFailure, [now, run, activation], keys)
  }
  if (!(await recordFailed(recording, failed)) || !(await recordApplied(session, run, applied))) {
    throw new Error(`an operation of run ${run} has an outcome already`)
  }
}

/** What the snapshot takes over from a confirmed operation. */
function confirmationOf(recording: Recording, outcome: Outcome, key: string): Confirmation {
  const { fingerprint, held, id, kind, ordinal, removal } = outcome
  if (fingerprint === undefined || held === undefined) {
    throw new Error(`operation ${ordinal} was applied without its record`)
  }
  return {
    key,
    // A row that comes back shall be sent whatever it holds.
    fingerprint: removal ? null : fingerprint,
    id: typeof id === 'string' ? toColumn(id) : null,
    sent: sentText(recording, held),
    removed: removal ? kind : null,
  }
}

/** What the snapshot keeps of what the target holds. */
function sentText({ keepValues }: Recording, held: TargetRecord): string {
  return keepValues ? JSON.stringify(held) : noValues
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
  outcomes.applied += await countApplied(session, run)
  const abandoned = await countAbandoned(session, run)
  if (abandoned > 0) {
    outcomes.not_attempted += abandoned
    codes.not_attempted = (codes.not_attempted ?? 0) + abandoned
  }
  return { outcomes, codes }
}
