import type { Failure, Operation, Outcome, TargetRecord } from '../connector/index.ts'
import { withoutValues } from './redact.ts'

/** One operation on its way, with what earlier tries have taught. */
export interface Attempt {
  readonly operation: Operation
  /** Tries so far. */
  readonly attempts: number
  /** True where a try changed lists in part: then `operation.held` says how they stand. */
  readonly partial: boolean
  /** Why the last try failed; null where there was none. */
  readonly failure: Failure | null
}

export type FailedStatus = Exclude<Outcome['status'], 'applied'>

export function firstAttempt(operation: Operation): Attempt {
  return { operation, attempts: 0, partial: false, failure: null }
}

/** The attempt with one more try. */
export function tried({ operation, attempts, partial, failure }: Attempt): Attempt {
  return { operation, attempts: attempts + 1, partial, failure }
}

/** The attempt after a try that changed lists in part; the same where it changed none. */
export function withHeld(attempt: Attempt, held: TargetRecord | undefined): Attempt {
  if (held === undefined) return attempt
  const { operation } = attempt
  return {
    ...attempt,
    operation: { ...operation, held: { ...operation.held, ...held } },
    partial: true,
  }
}

/** The attempt with the id that the target has taught or taken back; undefined says nothing. */
export function withId(attempt: Attempt, id: string | null | undefined): Attempt {
  return id === undefined ? attempt : { ...attempt, operation: { ...attempt.operation, id } }
}

/** The outcome of one more try, which was the last. */
export function appliedOutcome(
  { operation, attempts }: Attempt,
  id: string | null,
  created: boolean,
): Outcome {
  const { ordinal, key, kind, removal, fingerprint } = operation
  const held = heldAfter(operation)
  return {
    ordinal,
    key,
    kind,
    removal,
    status: 'applied',
    id,
    created,
    attempts: attempts + 1,
    held,
    fingerprint,
  }
}

/** What the target holds once it has taken the record: that, and what it had beside it. */
function heldAfter({ kind, record, held }: Operation): TargetRecord {
  // Nothing is left of what was deleted but the key.
  if (kind === 'delete' || held === null) return record
  // Mostly nothing is beside it, and two records need not become a third.
  for (const name in held) if (!Object.hasOwn(record, name)) return { ...held, ...record }
  return record
}

export function failedOutcome(
  { operation, attempts, partial }: Attempt,
  status: FailedStatus,
  failure: Failure,
  id: string | null | undefined,
): Outcome {
  return {
    ...identity(operation),
    status,
    id,
    created: false,
    attempts,
    failure: withoutValues(failure, operation.record),
    held: partial ? (operation.held ?? {}) : undefined,
    fingerprint: operation.fingerprint,
  }
}

function identity({ ordinal, key, kind, removal }: Operation) {
  return { ordinal, key, kind, removal }
}
