import type { Activation } from '../config/activation.ts'
import type { PlanTotals } from './interfaces.ts'
import { describeKeysFrom, keysFrom, makesSameKeys, parseKeysFrom } from './keys-from.ts'

/**
 * What speaks against a plan whose keys are made of something else than those of the last run: no row would be
 * recognised. Null where nothing does, and where nothing is known yet. `before`: as `keysFromText` wrote it; null where
 * that is not known.
 */
export function keyRefusal(
  activation: Activation,
  totals: PlanTotals,
  before: string | null,
): string | null {
  const known = before === null ? null : parseKeysFrom(before)
  const now = keysFrom(activation)
  if (known === null || totals.known === 0 || makesSameKeys(known, now)) return null
  const [from, to] = [known, now].map(describeKeysFrom)
  const [keys, gone, fresh] = [totals.known, totals.removed, totals.create].map((count) =>
    count.toLocaleString('en'),
  )
  const removal =
    activation.onRemoved === 'keep' ? '' : `, which "on_removed: ${activation.onRemoved}" acts on`
  return (
    `The keys of this activation were made of ${from}, and now they are made of ${to}: rows are not recognised by them. ` +
    `Of ${keys} known keys ${gone} would count as gone from the query${removal}, and ${fresh} rows as new. ` +
    `Change it back; or let it through once with --allow key; or begin anew with "millrace state forget ${activation.name}".`
  )
}
