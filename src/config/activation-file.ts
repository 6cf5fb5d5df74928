import { basename } from 'node:path'
import type { Problem, SourceConnector, TargetConnector } from '../connector/index.ts'
import type { Activation } from './activation.ts'
import { activationSchema } from './activation-schema.ts'
import type { Connections } from './connections.ts'
import { resolveFields } from './fields.ts'
import { resolveGuards } from './guards.ts'
import { checkIdentifier } from './identifier.ts'
import { resolveCompanies, resolveTags } from './lists.ts'
import { checkMode } from './mode.ts'
import { isActivationName } from './names.ts'
import { checkPermissions } from './permissions.ts'
import { pathName } from './places.ts'
import { checkPlanBy } from './plan-by.ts'
import { resolveQuery } from './query.ts'
import { resolveSource, resolveTarget } from './references.ts'
import { replaceVariables, type Settings, valueAt } from './settings.ts'
import { readTextFile, shownPath } from './text-file.ts'
import { refuseUnavailable, unavailableInActivations } from './unavailable.ts'
import { validate } from './validate.ts'
import { checkValues } from './values.ts'
import { parseYaml } from './yaml-file.ts'

/** What one activation file says, as far as it could be understood. */
export interface ActivationFile {
  /** Absolute. */
  readonly path: string
  /** As people read it: relative to the project folder. */
  readonly file: string
  /** Null where the file cannot be read as YAML. */
  readonly settings: Settings | null
}

/** An activation with what matters beside it for the project as a whole. */
export interface NamedActivation {
  readonly name: string
  readonly file: string
  readonly enabled: boolean
  readonly after: readonly string[]
  readonly settings: Settings
  /** Null where something is wrong with it. */
  readonly activation: Activation | null
}

/** Reads one activation file and replaces its variables, but none in the query, where `$` is SQL. */
export async function readActivationFile(
  folder: string,
  path: string,
  lookup: (name: string) => string | undefined,
  problems: Problem[],
): Promise<ActivationFile> {
  const file = shownPath(folder, path)
  const text = await readTextFile(path)
  if (text.text === null) {
    problems.push({
      message: `the file ${text.fault}`,
      position: { file, line: 1, column: 1 },
    })
    return { path, file, settings: null }
  }
  const yaml = parseYaml(file, text.text, problems)
  if (yaml === null) return { path, file, settings: null }
  const settings = replaceVariables(yaml.data, yaml, lookup, problems, ['query'])
  return { path, file, settings: refuseUnavailable(settings, unavailableInActivations, problems) }
}

function resolveName(
  { file, settings }: ActivationFile & { readonly settings: Settings },
  problems: Problem[],
): string | null {
  const written = valueAt(settings.data, ['name'])
  if (written !== undefined && typeof written !== 'string') return null
  if (settings.failed.has(pathName(['name']))) return null
  const name = written ?? basename(file).replace(/\.ya?ml$/i, '')
  if (isActivationName(name)) return name
  const shown = settings.replaced.has(pathName(['name'])) ? 'this' : `"${name}"`
  const message =
    written === undefined
      ? `the file's name, ${shown}, is no name for an activation; give it one of its own with "name", of letters, digits, "-", "_" and "."`
      : `${shown} is no name for an activation; use letters, digits, "-", "_" and "."`
  problems.push({ message, position: settings.places.value(['name']) })
  return null
}

function asList(value: string | readonly string[] | undefined): readonly string[] | null {
  if (value === undefined) return null
  return typeof value === 'string' ? [value] : value
}

/**
 * Checks an activation against the sources and targets of its project. Null where it has not even a name.
 * `connections` is null where the project file is wrong: what can be checked without it is.
 */
export async function resolveActivation(
  file: ActivationFile,
  folder: string,
  connections: {
    readonly sources: Connections<SourceConnector>
    readonly targets: Connections<TargetConnector>
  } | null,
  problems: Problem[],
): Promise<NamedActivation | null> {
  const { settings } = file
  if (settings === null) return null
  const before = problems.length
  const name = resolveName({ ...file, settings }, problems)
  const text = validate(activationSchema, settings, problems)
  if (text === null) {
    return name === null
      ? null
      : { name, file: file.file, enabled: true, after: [], settings, activation: null }
  }
  const query = await resolveQuery(text, settings, folder, file.path, problems)
  const source = connections && resolveSource(text, connections.sources, settings, problems)
  const target = connections && resolveTarget(text, connections.targets, settings, problems)
  const object = target?.object ?? null
  const fields = resolveFields(text, object, settings, problems)
  const tags = resolveTags(text, object, settings, problems)
  const companies = resolveCompanies(text, object, settings, problems)
  const guards = resolveGuards(text, settings, problems)
  if (object !== null) {
    checkIdentifier(text, object, fields, settings, problems)
    checkMode(text, object, fields, settings, problems)
    checkPermissions(text, object, settings, problems)
    checkPlanBy(text, object, settings, problems)
  }
  checkValues(text, settings, problems)
  if (name === null) return null
  const after = asList(text.after) ?? []
  const named = { name, file: file.file, enabled: text.enabled, after, settings }
  if (query === null || source === null || target === null || problems.length > before) {
    return { ...named, activation: null }
  }
  const activation: Activation = {
    name,
    file: file.file,
    source,
    query: query.text,
    target: target.target,
    object: target.object,
    mode: text.mode,
    identifier: text.identifier ?? null,
    key: asList(text.key),
    fields,
    planBy: text.plan_by,
    tags,
    companies,
    createMissingCompanies: text.create_missing,
    createAttributes: text.create_attributes,
    adminId: text.admin_id === undefined ? null : String(text.admin_id),
    onRemoved: text.on_removed,
    onArchived: text.on_archived,
    guards,
    keepValues: text.keep_values,
    after,
    problemAt: (path, message) => ({ message, position: settings.places.value(path) }),
    positionInQuery: (offset) => query.positionOf(offset),
  }
  return { ...named, activation }
}
