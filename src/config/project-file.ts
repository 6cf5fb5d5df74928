import { stat } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { ConfigurationError, type Problem, Secret } from '../connector/index.ts'
import type { Lookup } from './environment.ts'
import { pathName } from './places.ts'
import { overlaid, overlaidPlaces } from './profiles.ts'
import { projectSchema } from './project-schema.ts'
import { replaceVariables, type Settings, valueAt } from './settings.ts'
import { closest } from './suggest.ts'
import { readTextFile } from './text-file.ts'
import { validate } from './validate.ts'
import { parseYaml } from './yaml-file.ts'

/** What the project file says under the profile in force. */
export interface ProjectFile {
  readonly profile: string | null
  readonly settings: Settings
}

/** The project file that a path means: itself, or `millrace.yaml` in a folder. Absolute. */
export async function findProjectFile(path: string): Promise<string> {
  const absolute = resolve(path)
  const found = await stat(absolute).catch(() => null)
  const file = found?.isDirectory() ? join(absolute, 'millrace.yaml') : absolute
  const there = found?.isFile() || (await stat(file).catch(() => null))?.isFile()
  if (there) return file
  const where = found?.isDirectory()
    ? `there is no millrace.yaml in ${path}`
    : `${path} does not exist`
  throw new ConfigurationError(
    `${where}; go to the project's folder, or make a project with "millrace init"`,
  )
}

function chooseProfile(
  wanted: string | null,
  data: unknown,
  file: string,
): { readonly name: string | null; readonly problem: Problem | null } {
  if (wanted === null) return { name: null, problem: null }
  const profiles = valueAt(data, ['profiles'])
  const names = typeof profiles === 'object' && profiles !== null ? Object.keys(profiles) : []
  if (names.includes(wanted)) return { name: wanted, problem: null }
  const meant = closest(wanted, names)
  const rest =
    names.length === 0
      ? 'the project file has no "profiles"'
      : meant === null
        ? `the project has ${names.join(', ')}`
        : `did you mean "${meant}"? The project has ${names.join(', ')}`
  const message = `there is no profile "${wanted}"; ${rest}`
  return { name: null, problem: { message, position: { file, line: 1, column: 1 } } }
}

/** Reads the project file. Null where it is no YAML; `problems` says why. */
export async function readProjectFile(
  path: string,
  profile: string | null,
  lookup: Lookup,
  problems: Problem[],
): Promise<ProjectFile | null> {
  const file = basename(path)
  const read = await readTextFile(path)
  if (read.text === null) {
    problems.push({
      message: `the file ${read.fault}`,
      position: { file, line: 1, column: 1 },
    })
    return null
  }
  const yaml = parseYaml(file, read.text, problems)
  if (yaml === null) return null
  const chosen = chooseProfile(profile, yaml.data, file)
  if (chosen.problem !== null) problems.push(chosen.problem)
  const { profiles, ...base } = yaml.data as Record<string, unknown>
  const over = chosen.name === null ? null : valueAt(profiles, [chosen.name])
  const isOver = typeof over === 'object' && over !== null
  const data = isOver ? overlaid(base, over) : base
  const places = isOver ? overlaidPlaces(yaml, ['profiles', chosen.name ?? '']) : yaml
  const replaced = replaceVariables(data, places, lookup, problems)
  // The profiles are checked as they stand: what is not chosen needs no variables.
  const settings =
    profiles === undefined
      ? replaced
      : { ...replaced, data: { ...(replaced.data as object), profiles } }
  validate(projectSchema, settings, problems)
  return { profile: chosen.name, settings }
}

/**
 * A path in the project file, absolute; the schema's default where it says nothing. Null where it is no text or a
 * variable in it is missing, which is told already.
 */
function pathAt(key: 'state' | 'activations', settings: Settings, folder: string): string | null {
  if (settings.failed.has(pathName([key]))) return null
  const path = projectSchema.shape[key].safeParse(valueAt(settings.data, [key]))
  return path.success ? resolve(folder, path.data) : null
}

/** The folder with the activations, absolute; null as in `pathAt`. */
export function activationsFolderOf({ settings }: ProjectFile, folder: string): string | null {
  return pathAt('activations', settings, folder)
}

/** Where a project keeps what it remembers. */
export type StateLocation =
  /** `file` is absolute. */
  | { readonly kind: 'sqlite'; readonly file: string }
  | { readonly kind: 'postgres'; readonly url: Secret }

const postgres = /^postgres(ql)?:\/\//i
const anyUrl = /^[a-z][a-z0-9+]*:\/\//i

/** What `state` means; null where it means nothing: `problems` then says so, or has said so. */
export function stateOf(
  { settings }: ProjectFile,
  folder: string,
  problems: Problem[],
): StateLocation | null {
  const file = pathAt('state', settings, folder)
  if (file === null) return null
  const written = valueAt(settings.data, ['state'])
  if (typeof written !== 'string') return { kind: 'sqlite', file }
  if (postgres.test(written)) return { kind: 'postgres', url: new Secret(written) }
  const refuse = (message: string): null => {
    problems.push({ message, position: settings.places.value(['state']) })
    return null
  }
  if (anyUrl.test(written)) return refuse('"state" takes the path of a file, or postgres://...')
  if (written.trim() === '') return refuse('"state" must not be empty')
  return { kind: 'sqlite', file }
}
