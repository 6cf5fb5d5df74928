import { basename, dirname, resolve } from 'node:path'
import {
  ConfigurationError,
  type Connectors,
  type Problem,
  type SourceConnector,
  type TargetConnector,
} from '../connector/index.ts'
import type { Activation } from './activation.ts'
import { readActivationFile, resolveActivation } from './activation-file.ts'
import { type Connections, resolveConnections } from './connections.ts'
import { environmentOf, type Lookup } from './environment.ts'
import { findProjectFile, readProjectFile, stateFileOf } from './project-file.ts'
import { checkAfter, checkCircles, inRunningOrder } from './running-order.ts'
import { sortedProblems } from './sorted-problems.ts'
import { shownPath, yamlFilesIn } from './text-file.ts'
import { checkUniqueNames } from './unique-names.ts'

export { selectActivations } from './select.ts'

/** A source or target of the project file, its options validated by its connector. */
export interface Configured<Connector> {
  readonly name: string
  readonly connector: Connector
  readonly options: unknown
}

/** A project file and its activations after validation. */
export interface Project {
  /** The folder of the project file, absolute. */
  readonly folder: string
  /** The profile in force; null where there is none. */
  readonly profile: string | null
  readonly sources: ReadonlyMap<string, Configured<SourceConnector>>
  readonly targets: ReadonlyMap<string, Configured<TargetConnector>>
  /** The state file, absolute. */
  readonly stateFile: string
  /** Enabled activations in the order in which they run: companies first, then contacts, `after` respected. */
  readonly activations: readonly Activation[]
  /** Names of the activations that are switched off by `enabled: false`. */
  readonly disabled?: readonly string[]
}

export interface LoadOptions {
  /** The project file, or a folder that holds `millrace.yaml`. */
  readonly path: string
  /** Null for the one that `MILLRACE_PROFILE` names, if any. */
  readonly profile: string | null
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly connectors: Connectors
}

function profileName(options: LoadOptions, lookup: Lookup): string | null {
  return options.profile ?? (lookup('MILLRACE_PROFILE') || null)
}

function configured<Connector>(
  connections: Connections<Connector>,
): ReadonlyMap<string, Configured<Connector>> {
  const result = new Map<string, Configured<Connector>>()
  for (const [name, connection] of connections) {
    if (connection.configured !== null) result.set(name, connection.configured)
  }
  return result
}

/** The activation files, read. `missing` makes a problem of a folder that does not exist. */
async function readActivations(
  folder: string,
  activationsFolder: string,
  lookup: Lookup,
  problems: Problem[],
  missing: ((shown: string) => Problem) | null,
) {
  const files = await yamlFilesIn(activationsFolder)
  if (files === null && missing !== null) {
    problems.push(missing(shownPath(folder, activationsFolder)))
  }
  return Promise.all(
    (files ?? []).map((path) => readActivationFile(folder, path, lookup, problems)),
  )
}

/**
 * Reads the project file and every activation. Offline.
 * Throws one `ConfigurationError` with every problem of every file.
 */
export async function loadProject(options: LoadOptions): Promise<Project> {
  const path = await findProjectFile(options.path)
  const folder = dirname(path)
  const problems: Problem[] = []
  const lookup = await environmentOf(folder, options.environment, problems)
  const file = await readProjectFile(path, profileName(options, lookup), lookup, problems)
  const text = file?.text ?? null
  const places = file?.settings.places
  const missing = (shown: string): Problem => ({
    message: `the folder ${shown} with the activations does not exist; make it, or start over with "millrace init"`,
    position: places?.value(['activations']) ?? { file: basename(path), line: 1, column: 1 },
  })
  const wanted = file?.settings.failed.has('["activations"]') ? undefined : text?.activations
  const [connections, files] = await Promise.all([
    file === null || text === null
      ? null
      : resolveConnections(
          { sources: Object.keys(text.sources), targets: Object.keys(text.targets) },
          options.connectors,
          file.settings,
          problems,
        ),
    readActivations(
      folder,
      resolve(folder, wanted ?? 'activations'),
      lookup,
      problems,
      wanted === undefined ? null : missing,
    ),
  ])
  const stateFile = file === null ? null : stateFileOf(file, path, problems)
  const resolved = await Promise.all(
    files.map(async (activationFile) => {
      const own: Problem[] = []
      const activation = await resolveActivation(activationFile, folder, connections, own)
      problems.push(...own)
      return activation
    }),
  )
  const named = resolved.filter((activation) => activation !== null)
  checkUniqueNames(named, problems)
  if (named.length === files.length) {
    checkAfter(named, problems)
    checkCircles(named, problems)
  }
  if (problems.length > 0 || file === null || connections === null || stateFile === null) {
    throw new ConfigurationError(sortedProblems(problems, basename(path)))
  }
  const enabled = named.filter((activation) => activation.enabled)
  return {
    folder,
    profile: file.profile,
    sources: configured(connections.sources),
    targets: configured(connections.targets),
    stateFile,
    activations: inRunningOrder(
      enabled.map(({ activation }) => activation).filter((activation) => activation !== null),
    ),
    disabled: named.filter((activation) => !activation.enabled).map(({ name }) => name),
  }
}
