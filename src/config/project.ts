import type { Connectors, SourceConnector, TargetConnector } from '../connector/index.ts'
import type { Activation } from './activation.ts'

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
}

export interface LoadOptions {
  /** The project file, or a folder that holds `millrace.yaml`. */
  readonly path: string
  /** Null for the one that `MILLRACE_PROFILE` names, if any. */
  readonly profile: string | null
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly connectors: Connectors
}

/**
 * Reads the project file and every activation. Offline.
 * Throws one `ConfigurationError` with every problem of every file.
 */
export async function loadProject(_options: LoadOptions): Promise<Project> {
  throw new Error('unwritten')
}

/**
 * The activations that the names or globs ask for, in running order; all of them for no name.
 * Throws `ConfigurationError` where a name matches nothing, with the closest name there is.
 */
export function selectActivations(
  _project: Project,
  _names: readonly string[],
): readonly Activation[] {
  throw new Error('unwritten')
}
