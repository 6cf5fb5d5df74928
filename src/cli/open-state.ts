import type { StateLocation } from '../config/project.ts'
import type { Retention } from '../config/retention.ts'
import type { StatePlace } from '../report/state.ts'
import type { ClaimOptions } from '../state/claim.ts'
import type { Database } from '../state/database.ts'
import type { Session } from './action.ts'
import { openProject } from './project.ts'

/** The open state that a command works with; `database` is null where there is none. */
export interface OpenState {
  readonly database: Database | null
  readonly place: StatePlace
  readonly retention: Retention
  readonly claim: ClaimOptions
  /** Where what is kept beside the snapshots lies. */
  readonly indexFolder: string
}

async function placeOf(location: StateLocation): Promise<StatePlace> {
  if (location.kind === 'sqlite') return { kind: 'sqlite', place: location.file }
  const { postgresLocation } = await import('../state/postgres-location.ts')
  const { place, schema } = postgresLocation(location.url)
  return { kind: 'postgres', place: `${place}, schema ${schema}` }
}

/** Opens the project's state for `work`, and closes it afterwards. */
export async function withState(
  session: Session,
  create: boolean,
  work: (state: OpenState) => Promise<number>,
): Promise<number> {
  const { project } = await openProject(session, [])
  const { openDatabase } = await import('../state/open.ts')
  const { hasEnded } = await import('../run/holder.ts')
  const { indexFolderOf } = await import('../run/index-folder.ts')
  const database = await openDatabase({ location: project.state, create })
  try {
    return await work({
      database,
      place: await placeOf(project.state),
      retention: project.retention,
      indexFolder: indexFolderOf(project),
      claim: { now: session.context.clock.now(), hasEnded },
    })
  } finally {
    await database?.close()
  }
}
