import type { Problem, TargetObject } from '../connector/index.ts'
import type { ActivationText } from './activation-schema.ts'
import type { Settings } from './settings.ts'

/** Checks that rows which are sorted by the text of one column come in the order of their keys, where they are merged. */
export function checkPlanBy(
  text: ActivationText,
  object: TargetObject,
  settings: Settings,
  problems: Problem[],
): void {
  if (text.plan_by !== 'merge') return
  const reason = reasonAgainst(text, object)
  if (reason === null) return
  problems.push({
    message: `"plan_by: merge" ${reason}, or use "plan_by: hash"`,
    position: settings.places.value(['plan_by']),
  })
}

/** What the activation lacks, and what to do about it; null where it lacks nothing. */
function reasonAgainst(
  { key, identifier, mode, on_removed: removal }: ActivationText,
  object: TargetObject,
): string | null {
  if (identifier === 'id' && removal !== 'keep') {
    return `cannot be had with "identifier: id" and "on_removed: ${removal}", for which the ids of all rows are held in memory; leave "on_removed" out`
  }
  if (key !== undefined) {
    const isOne = typeof key === 'string' || key.length === 1
    return isOne ? null : 'needs a key of one column; name one under "key"'
  }
  if (identifier === undefined || (identifier === 'id' && mode === 'upsert')) {
    return 'needs one column that identifies every row; name it under "key"'
  }
  const field = object.fields.find(({ name }) => name === identifier)
  return field?.caseInsensitive === true
    ? `needs keys that are as the column has them, and letter case does not matter in "${identifier}"; name a column under "key"`
    : null
}
