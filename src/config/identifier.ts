import type { Mode, Problem, TargetObject } from '../connector/index.ts'
import type { FieldMapping } from './activation.ts'
import type { ActivationText } from './activation-schema.ts'
import { pathName } from './places.ts'
import type { Settings } from './settings.ts'
import { didYouMean, oneOf } from './suggest.ts'
import { laterNames } from './unavailable.ts'

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
export function checkModeAndIdentifier(
  text: ActivationText,
  object: TargetObject,
  fields: readonly FieldMapping[],
  settings: Settings,
  problems: Problem[],
): void {
  const { places } = settings
  const modes = Object.keys(object.modes) as Mode[]
  const identifiers = object.modes[text.mode]
  if (identifiers === undefined) {
    problems.push({
      message: `"mode: ${text.mode}" is not available for ${object.name} in this version; use ${oneOf(modes)}`,
      position: places.value(['mode']),
    })
    return
  }
  const { identifier } = text
  if (settings.failed.has(pathName(['identifier']))) return
  if (identifier === undefined) {
    if (identifiers.length > 0) {
      problems.push({
        message: `"identifier" is missing; for ${object.name} it is ${oneOf(identifiers)}`,
        position: places.value([]),
      })
    }
    return
  }
  if (!identifiers.includes(identifier)) {
    const later = (laterNames.identifiers as readonly string[]).includes(identifier)
    const message = later
      ? `"identifier: ${identifier}" is not available for ${object.name} in this version; use ${oneOf(identifiers)}`
      : `"identifier" of a ${object.name} is ${oneOf(identifiers)}${didYouMean(identifier, identifiers)}`
    problems.push({ message, position: places.value(['identifier']) })
    return
  }
  checkMapped(identifier, text, fields, settings, problems)
}
