import type { Column, MappedField, Problem } from '../../src/connector/index.ts'
import { mayFit, typeFor, typeNames } from './attribute-fit.ts'
import type { Attribute, AttributeModel } from './attribute-list.ts'
import { customPrefix } from './body.ts'
import { closest } from './closest.ts'
import { objects } from './objects.ts'

/** The attributes of a workspace as one activation sees them. */
export interface WorkspaceAttributes {
  readonly model: AttributeModel
  /** Of the activation's own model. */
  readonly own: readonly Attribute[]
  /** Names of the other model's custom attributes, which cannot be used again (FACTS 3.9). */
  readonly otherNames: ReadonlySet<string>
}

/** What is to be done about one mapped custom attribute. */
export type Finding =
  | { readonly field: string; readonly attribute: Attribute }
  /** It does not exist, and may be made with the type of its column. */
  | { readonly field: string; readonly name: string; readonly create: Column }
  | Problem

/**
 * What names may be made of: "alphanumeric characters, currency symbols, and hyphens" (OAS:15006); Intercom's own
 * examples have underscores and spaces.
 */
const allowedName = /^[\p{L}\p{N}\p{Sc}_\- ]+$/u

/** Looks one mapped attribute up; `createAttributes` as in the activation. */
export function findAttribute(
  mapped: MappedField,
  workspace: WorkspaceAttributes,
  createAttributes: boolean,
): Finding {
  const { field, column } = mapped
  const name = field.slice(customPrefix.length)
  const custom = workspace.own.filter((attribute) => attribute.custom)
  const attribute = custom.find((each) => each.name === name && !each.archived)
  const problem = (message: string): Problem => ({ message: `${field}: ${message}`, field })
  if (attribute !== undefined) {
    const unfit = misfit(attribute, column)
    return unfit === null ? { field, attribute } : problem(unfit)
  }
  const near = nearest(name, custom)
  const taken = takenName(name, custom, workspace)
  if (taken !== null) return problem(`${taken}${near}`)
  if (!createAttributes) {
    return problem(
      `the workspace has no ${workspace.model} attribute ${name}.${near} Otherwise create it in Intercom (Settings, Data), or let millrace do it with create_attributes: true.`,
    )
  }
  if (column === null) {
    return problem(
      `${name} cannot be created, since a constant has no column to take the type from. Create it in Intercom (Settings, Data) or let the query return the value.`,
    )
  }
  if (typeFor(column) === null) {
    return problem(`no attribute takes the column ${column.name} (${column.sourceType}).`)
  }
  return { field, name, create: column }
}

/** Whether a name can only be told from that of the other model's attributes by looking at these. */
export function isUnknown(mapped: MappedField, own: readonly Attribute[]): boolean {
  const name = mapped.field.slice(customPrefix.length)
  return !own.some((attribute) => attribute.name === name)
}

function misfit(attribute: Attribute, column: Column | null): string | null {
  if (attribute.type === null) {
    return `the attribute is of the type ${attribute.dataType}, which millrace does not write. Take it out of the mapping.`
  }
  if (column === null || mayFit(attribute, column)) return null
  return `the attribute holds ${typeNames[attribute.type]} (${attribute.dataType}), which the column ${column.name} (${column.sourceType}) never fits; cast it in the query.`
}

/** Why there can be no attribute of that name, neither now nor if it were created; null where there can. */
function takenName(
  name: string,
  custom: readonly Attribute[],
  { model, own, otherNames }: WorkspaceAttributes,
): string | null {
  if (custom.some((attribute) => attribute.name === name)) {
    return `the ${model} attribute ${name} is archived in Intercom; unarchive it there (Settings, Data) or take it out of the mapping.`
  }
  if (objects.find((object) => object.name === model)?.fields.some((each) => each.name === name)) {
    return `${name} is a standard field of a ${model}: map it as ${name}, without ${customPrefix}`
  }
  if (own.some((attribute) => attribute.name === name)) {
    return `${name} is a standard field of a ${model} that Intercom fills in itself; it cannot be written.`
  }
  if (otherNames.has(name)) {
    const other = model === 'contact' ? 'company' : 'contact'
    return `${name} is a ${other} attribute, and Intercom allows each name once. Map it in an activation with target: ${other}, or use another name.`
  }
  if (!allowedName.test(name)) {
    return `the workspace has no such attribute, and none can be made: a name consists of letters, digits, spaces, hyphens, underscores and currency symbols.`
  }
  return null
}

/** ` Did you mean custom_attributes.seats (integer)?`, or nothing where no name is near. */
function nearest(name: string, custom: readonly Attribute[]): string {
  const active = custom.filter((attribute) => !attribute.archived)
  const found = closest(
    name,
    active.map((attribute) => attribute.name),
  )
  const attribute = active.find((each) => each.name === found)
  if (attribute === undefined) return ''
  return ` Did you mean ${customPrefix}${attribute.name} (${attribute.type ?? attribute.dataType})?`
}
