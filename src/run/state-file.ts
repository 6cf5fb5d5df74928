import type { Project } from '../config/project.ts'
import { ConfigurationError } from '../connector/index.ts'

/** The SQLite file that a project keeps its state in. Throws `ConfigurationError` where it names another store. */
export function stateFileOf({ state }: Pick<Project, 'state'>): string {
  if (state.kind === 'sqlite') return state.file
  throw new ConfigurationError(
    'a state store in Postgres is not available in this version; name a file as "state"',
  )
}
