import type { Mode, Problem, TargetObject } from '../connector/index.ts'
import type { FieldMapping } from './activation.ts'
import type { ActivationText } from './activation-schema.ts'
import type { Settings } from './settings.ts'
import { an, oneOf } from './suggest.ts'

const creates = (mode: Mode) => mode === 'upsert' || mode === 'insert'
const takesAway = (mode: Mode) => mode === 'delete' || mode === 'archive'

/** Complains where a record could not be created, since none of the fields that this takes is mapped. */
function checkRequiredFields(
  text: ActivationText,
  object: TargetObject,
  fields: readonly FieldMapping[],
  settings: Settings,
  problems: Problem[],
): void {
  const { requiresOneOf } = object
  if (requiresOneOf.length === 0) return
  if (fields.some(({ field }) => requiresOneOf.includes(field))) return
  const instead =
    text.mode === 'upsert' && object.modes.update !== undefined && text.identifier === 'id'
      ? ', or use "mode: update"'
      : ''
  problems.push({
    message: `${an(object.name)} cannot be created without ${oneOf(requiresOneOf)}; map it under "fields"${instead}`,
    position: settings.places.key(['fields']),
  })
}

/** Complains of what a mode that takes records away would never send. */
function checkNothingSent(
  text: ActivationText,
  object: TargetObject,
  settings: Settings,
  problems: Problem[],
): void {
  const { mode, identifier } = text
  const refuse = (path: readonly string[], name: string) =>
    problems.push({
      message: `"mode: ${mode}" sends nothing but the identifier; leave "${name}" out`,
      position: settings.places.key(path),
    })
  if (identifier !== undefined && object.modes[mode]?.includes(identifier)) {
    for (const field of Object.keys(text.fields)) {
      if (field !== identifier) refuse(['fields', field], field)
    }
  }
  if (text.tags !== undefined) refuse(['tags'], 'tags')
  if (text.companies !== undefined) refuse(['companies'], 'companies')
  if (text.create_attributes) refuse(['create_attributes'], 'create_attributes')
}

/** Complains of an update without anything to update. */
function checkSomethingSent(
  text: ActivationText,
  object: TargetObject,
  settings: Settings,
  problems: Problem[],
): void {
  const names = Object.keys(text.fields)
  const only = names.length === 1 && names[0] === text.identifier
  if (!only || text.tags !== undefined || text.companies !== undefined) return
  const lists = object.lists.map((list) => `"${list}"`)
  problems.push({
    message: `this updates nothing: only the identifier is mapped; ${oneOf(['map a field', ...lists.map((list) => `add ${list}`)])}`,
    position: settings.places.key(['fields']),
  })
}

/** Complains of fields that are sent only at a creation, where there is none. */
function checkCreateOnly(
  text: ActivationText,
  fields: readonly FieldMapping[],
  settings: Settings,
  problems: Problem[],
): void {
  const { mode, identifier } = text
  for (const { field, when } of fields) {
    if (when !== 'create') continue
    const refuse = (message: string) =>
      problems.push({ message, position: settings.places.value(['fields', field, 'when']) })
    if (!creates(mode)) {
      refuse(
        `"when: create" means nothing with "mode: ${mode}", which creates nothing; leave it out`,
      )
    } else if (mode === 'insert') {
      refuse('"when: create" goes without saying with "mode: insert"; leave it out')
    } else if (field === identifier) {
      refuse(`the identifier "${field}" is always sent; leave "when" out`)
    }
  }
}

/** Checks what is mapped against what the mode does with it. The object has the mode. */
export function checkMode(
  text: ActivationText,
  object: TargetObject,
  fields: readonly FieldMapping[],
  settings: Settings,
  problems: Problem[],
): void {
  if (object.modes[text.mode] === undefined) return
  checkCreateOnly(text, fields, settings, problems)
  if (creates(text.mode)) checkRequiredFields(text, object, fields, settings, problems)
  else if (takesAway(text.mode)) checkNothingSent(text, object, settings, problems)
  else checkSomethingSent(text, object, settings, problems)
}
