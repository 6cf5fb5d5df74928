import type { Field, Problem, TargetObject } from '../connector/index.ts'
import type { FieldMapping } from './activation.ts'
import type { ActivationText } from './activation-schema.ts'
import { constantFor } from './constants.ts'
import { pathName } from './places.ts'
import type { Settings } from './settings.ts'
import { didYouMean } from './suggest.ts'

/** What a field of an object takes, or null where the object has no such field. */
function fieldOf(object: TargetObject, name: string): Omit<Field, 'name'> | null {
  const { custom } = object
  if (custom !== undefined && name.startsWith(custom.prefix)) {
    return name.length > custom.prefix.length ? custom.field : null
  }
  return object.fields.find((field) => field.name === name) ?? null
}

function unknownField(object: TargetObject, name: string): string {
  const { custom } = object
  if ((object.lists as readonly string[]).includes(name)) {
    return `"${name}" is no field but a key of its own, beside "fields"`
  }
  const hint = didYouMean(
    name,
    object.fields.map((field) => field.name),
  )
  const ownPrefix =
    custom !== undefined && hint === ''
      ? `; custom attributes are written "${custom.prefix}NAME"`
      : ''
  return `${object.name} has no field "${name}"${hint}${ownPrefix}`
}

type Mapping = ActivationText['fields'][string]

function mappingFrom(
  name: string,
  mapping: Exclude<Mapping, string>,
  field: Omit<Field, 'name'> | null,
  onNull: 'clear' | 'skip',
  settings: Settings,
): FieldMapping | { readonly problem: string; readonly key?: string } {
  const { column, value } = mapping
  const when = mapping.when ?? 'always'
  if (column !== undefined && value !== undefined) {
    return { problem: `"${name}" has both a column and a value; keep one of them`, key: 'value' }
  }
  if (column !== undefined) {
    return { field: name, from: { column }, onNull: mapping.on_null ?? onNull, when }
  }
  if (value === undefined) {
    return { problem: `"${name}" needs "column", or "value" for a constant` }
  }
  if (mapping.on_null !== undefined) {
    return { problem: '"on_null" means nothing for a constant; leave it out', key: 'on_null' }
  }
  if (field === null) return { field: name, from: { value }, onNull, when }
  const hidden = settings.replaced.has(pathName(['fields', name, 'value']))
  const constant = constantFor(field, value, hidden)
  if ('fault' in constant) return { problem: `"${name}" ${constant.fault}`, key: 'value' }
  return { field: name, from: { value: constant.value }, onNull, when }
}

/**
 * The mapping of an activation, its fields and constants checked against the object that they are for.
 * `object` is null where that is not known: what can be checked without it is.
 */
export function resolveFields(
  text: ActivationText,
  object: TargetObject | null,
  settings: Settings,
  problems: Problem[],
): readonly FieldMapping[] {
  const { places } = settings
  const result: FieldMapping[] = []
  for (const [name, mapping] of Object.entries(text.fields)) {
    const field = object === null ? null : fieldOf(object, name)
    if (object !== null && field === null) {
      problems.push({
        message: unknownField(object, name),
        position: places.key(['fields', name]),
      })
    }
    if (typeof mapping === 'string') {
      result.push({ field: name, from: { column: mapping }, onNull: text.on_null, when: 'always' })
      continue
    }
    const failed = settings.failed.has(pathName(['fields', name, 'value']))
    const resolved = mappingFrom(name, mapping, failed ? null : field, text.on_null, settings)
    if ('problem' in resolved) {
      const path = resolved.key === undefined ? ['fields', name] : ['fields', name, resolved.key]
      problems.push({ message: resolved.problem, position: places.value(path) })
    } else {
      result.push(resolved)
    }
  }
  const stray = text.identifier !== 'id' && !settings.failed.has(pathName(['identifier']))
  if (stray && Object.hasOwn(text.fields, 'id') && object !== null && fieldOf(object, 'id')) {
    problems.push({
      message: '"id" can only be mapped where it is the identifier, since nothing can change it',
      position: places.key(['fields', 'id']),
    })
  }
  if (result.length === 0 && Object.keys(text.fields).length === 0) {
    problems.push({
      message: '"fields" maps nothing; add at least one line such as "email: COLUMN"',
      position: places.key(['fields']),
    })
  }
  return result
}
