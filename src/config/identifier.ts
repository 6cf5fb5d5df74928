import type { Problem, TargetObject } from '../connector/index.ts'
import type { FieldMapping } from './activation.ts'
import type { ActivationText } from './activation-schema.ts'
import { pathName } from './places.ts'
import type { Settings } from './settings.ts'
import { an, didYouMean, oneOf } from './suggest.ts'

function checkMapped(
  identifier: string,
  text: ActivationText,
  fields: readonly FieldMapping[],
  settings: Settings,
  problems: Problem[],
): void {
  const mapped = fields.find(({ field }) => field === identifier)
  if (mapped !== undefined && 'value' in mapped.from) {
    problems.push({
      message: `the identifier "${identifier}" takes its value from a column, not from a constant`,
      position: settings.places.value(['fields', identifier, 'value']),
    })
  }
  if (mapped === undefined && !Object.hasOwn(text.fields, identifier)) {
    problems.push({
      message: `the identifier "${identifier}" is not mapped; add "${identifier}: COLUMN" under "fields"`,
      position: settings.places.value(['identifier']),
    })
  }
}

/** Checks mode and identifier against what the object says that it can do. */
export function checkIdentifier(
  text: ActivationText,
  object: TargetObject,
  fields: readonly FieldMapping[],
  settings: Settings,
  problems: Problem[],
): void {
  const { places } = settings
  const { mode, identifier } = text
  const identifiers = object.modes[mode]
  if (identifiers === undefined) {
    problems.push({
      message: `${object.name} has no "mode: ${mode}"; it has ${oneOf(Object.keys(object.modes))}`,
      position: places.value(['mode']),
    })
    return
  }
  if (settings.failed.has(pathName(['identifier']))) return
  if (identifier === undefined) {
    if (mode !== 'insert' && identifiers.length > 0) {
      problems.push({
        message: `"identifier" is missing; for ${object.name} it is ${oneOf(identifiers)}`,
        position: places.value([]),
      })
    }
    return
  }
  if (identifiers.length === 0) {
    problems.push({
      message: `"mode: ${mode}" of ${an(object.name)} takes no identifier; leave it out, and name the columns that tell rows apart with "key" if need be`,
      position: places.key(['identifier']),
    })
    return
  }
  if (!identifiers.includes(identifier)) {
    const hint = settings.replaced.has(pathName(['identifier']))
      ? ''
      : didYouMean(identifier, identifiers)
    problems.push({
      message: `"identifier" of ${an(object.name)} is ${oneOf(identifiers)}${hint}`,
      position: places.value(['identifier']),
    })
    return
  }
  checkMapped(identifier, text, fields, settings, problems)
}
