import type { Amount, Guards } from '../config/activation.ts'
import { operationsIn, type PlanTotals } from './interfaces.ts'

/** A guard that is asked before anything is written, as users name it. */
export type PlanGuard = 'min_rows' | 'max_changes' | 'max_removals'

/** Why a plan must not be written. */
export interface GuardRefusal {
  readonly guard: PlanGuard
  /** What the plan comes to, in rows (`min_rows`) or operations. */
  readonly found: number
  /** The least (`min_rows`) or most that the guard lets through; a share as the number that it comes to, unrounded. */
  readonly limit: number
  /** What was found, what is allowed, and what to do about it. */
  readonly message: string
}

/**
 * What the guards have against a plan; nothing where it may be written. Removals are counted by `max_removals`, all
 * other operations by `max_changes`; a share is of the keys known (`PlanTotals.known`). `max_changes` never refuses
 * where nothing is known yet. A query without rows never removes anything, whatever `guards:` says, unless
 * `max_removals` is allowed. `allowed`: guards that are passed over this once.
 */
export function checkGuards(
  guards: Guards,
  totals: PlanTotals,
  { firstRun }: { readonly firstRun: boolean },
  allowed: readonly string[],
): readonly GuardRefusal[] {
  const removals = removalsIn(totals)
  const refusals = [
    minRows(guards.minRows, totals),
    firstRun || totals.known === 0
      ? null
      : maxChanges(guards.maxChanges, totals, operationsIn(totals) - removals),
    maxRemovals(guards.maxRemovals, totals, removals),
  ]
  return refusals.filter(
    (refusal) => refusal !== null && !allowed.includes(refusal.guard),
  ) as GuardRefusal[]
}

/** Rows that have to be tried before a share of failures says anything. */
const failuresCountFrom = 50

/**
 * Whether a run has failed too often to go on. A share counts once 50 rows were tried; null is no limit.
 * `failed` are of those `tried`.
 */
export function failureShareExceeded(
  amount: Amount | null,
  tried: number,
  failed: number,
): boolean {
  if (amount === null) return false
  if ('share' in amount && tried < failuresCountFrom) return false
  return exceeds(failed, limitOf(amount, tried))
}

/** Where keys were found to be missing, what takes things away is `on_removed`; modes that do so miss nobody. */
function removalsIn(totals: PlanTotals): number {
  return totals.removed === 0 ? 0 : totals.delete + totals.archive + totals.untag
}

function minRows(limit: number | null, { rows }: PlanTotals): GuardRefusal | null {
  if (limit === null || rows >= limit) return null
  const message =
    `The query returned ${count(rows, 'row')}, and "min_rows" asks for ${count(limit)} at least. ` +
    advice('min_rows', 'Look at the query and at the tables behind it')
  return { guard: 'min_rows', found: rows, limit, message }
}

function maxChanges(
  amount: Amount | null,
  totals: PlanTotals,
  changes: number,
): GuardRefusal | null {
  if (amount === null) return null
  const limit = limitOf(amount, totals.known)
  if (!exceeds(changes, limit)) return null
  const message =
    `The plan makes ${count(changes, 'change')} to ${count(totals.known, 'known key')}, and "max_changes" allows ${allowance(amount, limit)}. ` +
    advice('max_changes', 'Look at "millrace plan" for the fields that change')
  return { guard: 'max_changes', found: changes, limit, message }
}

function maxRemovals(
  amount: Amount | null,
  totals: PlanTotals,
  removals: number,
): GuardRefusal | null {
  if (removals === 0) return null
  if (totals.rows === 0) {
    const message =
      `The query returned no rows, and "on_removed" would act on ${count(removals, 'known key')}, all there are. ` +
      `Look at the query and at the tables behind it; or let it through once with --allow max_removals.`
    return { guard: 'max_removals', found: removals, limit: 0, message }
  }
  if (amount === null) return null
  const limit = limitOf(amount, totals.known)
  if (!exceeds(removals, limit)) return null
  const message =
    `The rows of ${count(removals)} of ${count(totals.known, 'known key')} left the query, and "max_removals" allows ${allowance(amount, limit)}. ` +
    advice('max_removals', 'Look at the query: a join or a filter may have lost them')
  return { guard: 'max_removals', found: removals, limit, message }
}

function advice(guard: PlanGuard, look: string): string {
  return `${look}; or let it through once with --allow ${guard}; or change "${guard}" under "guards".`
}

function limitOf(amount: Amount, of: number): number {
  return 'count' in amount ? amount.count : amount.share * of
}

/** More than a limit, by more than the rounding of a share. */
function exceeds(found: number, limit: number): boolean {
  return found > limit + limit * 1e-9
}

function allowance(amount: Amount, limit: number): string {
  if ('count' in amount) return count(amount.count)
  // As for `exceeds`: 29 % of 100 are 29, whatever the product says.
  const whole = Math.floor(limit + limit * 1e-9)
  return `${count(whole)} (${Number((amount.share * 100).toPrecision(12))}%)`
}

function count(number: number, thing = ''): string {
  const digits = number.toLocaleString('en')
  return thing === '' ? digits : `${digits} ${thing}${number === 1 ? '' : 's'}`
}
