import { basename, dirname } from 'node:path'
import {
  ConfigurationError,
  type Connectors,
  type Problem,
  type SourceConnector,
  type TargetConnector,
} from '../connector/index.ts'
import type { Activation } from './activation.ts'
import { resolveActivation } from './activation-file.ts'
import { readActivationFiles } from './activations-folder.ts'
import { type Connections, resolveConnections } from './connections.ts'
import { environmentOf, type Lookup } from './environment.ts'
import { findProjectFile, readProjectFile, type StateLocation, stateOf } from './project-file.ts'
import { type Retention, resolveRetention } from './retention.ts'
import { checkAfter, checkCircles, inRunningOrder } from './running-order.ts'
import { sortedProblems } from './sorted-problems.ts'
import { checkUniqueNames } from './unique-names.ts'

export type { StateLocation } from './project-file.ts'
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
  /** Where it keeps what it remembers. */
  readonly state: StateLocation
  readonly retention: Retention
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
  const [connections, files] = await Promise.all([
    file && resolveConnections(options.connectors, file.settings, problems),
    readActivationFiles(path, file, lookup, problems),
  ])
  const state = file && stateOf(file, folder, problems)
  const retention = file && resolveRetention(file, problems)
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
  const isWhole = file !== null && connections !== null && state !== null && retention !== null
  if (problems.length > 0 || !isWhole) {
    throw new ConfigurationError(sortedProblems(problems, basename(path)))
  }
  const enabled = named.filter((activation) => activation.enabled)
  return {
    folder,
    profile: file.profile,
    sources: configured(connections.sources),
    targets: configured(connections.targets),
    state,
    retention,
    activations: inRunningOrder(
      enabled.map(({ activation }) => activation).filter((activation) => activation !== null),
    ),
    disabled: named.filter((activation) => !activation.enabled).map(({ name }) => name),
  }
}
