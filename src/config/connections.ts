import type { Connectors, Problem, SourceConnector, TargetConnector } from '../connector/index.ts'
import { isConnectionName } from './names.ts'
import { pathName } from './places.ts'
import type { Configured } from './project.ts'
import { type Settings, valueAt } from './settings.ts'
import { closest, oneOf } from './suggest.ts'
import { laterNames } from './unavailable.ts'
import { validate } from './validate.ts'

/** A source or target by name. Null where its connector is not known. */
export interface Connection<Connector> {
  readonly connector: Connector | null
  /** Null where its options are wrong. */
  readonly configured: Configured<Connector> | null
}

export type Connections<Connector> = ReadonlyMap<string, Connection<Connector>>

type Loaders<Connector> = Readonly<Record<string, () => Promise<Connector>>>

function refuseType(type: string, known: readonly string[], hidden: boolean): string {
  const later = (laterNames.sourceTypes as readonly string[]).includes(type)
  if (later) return `"type: ${type}" is not available in this version; use ${oneOf(known)}`
  const shown = hidden ? 'the value that it was given' : JSON.stringify(type)
  const meant = hidden ? null : closest(type, known)
  const hint = meant === null ? '' : `; did you mean "${meant}"?`
  return `"type" takes ${oneOf(known)}, not ${shown}${hint}`
}

async function connect<Connector extends SourceConnector | TargetConnector>(
  section: 'sources' | 'targets',
  name: string,
  loaders: Loaders<Connector>,
  settings: Settings,
  problems: Problem[],
): Promise<Connection<Connector>> {
  const { places } = settings
  const at = [section, name]
  const broken = { connector: null, configured: null }
  if (!isConnectionName(name)) {
    problems.push({
      message: `"${name}" is no name for one of the ${section}; use letters, digits, "-" and "_"`,
      position: places.key(at),
    })
  }
  const typePath = pathName([...at, 'type'])
  const { type, ...options } = valueAt(settings.data, at) as Record<string, unknown>
  if (settings.failed.has(typePath)) return broken
  const load = typeof type === 'string' && Object.hasOwn(loaders, type) ? loaders[type] : undefined
  if (load === undefined) {
    const message = refuseType(String(type), Object.keys(loaders), settings.replaced.has(typePath))
    problems.push({ message, position: places.value([...at, 'type']) })
    return broken
  }
  const connector = await load()
  const before = problems.length
  const valid = validate<unknown>(connector.options, settings, problems, at, options)
  if (valid === null && problems.length === before) return { connector, configured: null }
  return {
    connector,
    configured: problems.length > before ? null : { name, connector, options: valid },
  }
}

/** Loads the connectors that the project file names, and checks their options. */
async function connectAll<Connector extends SourceConnector | TargetConnector>(
  section: 'sources' | 'targets',
  names: readonly string[],
  loaders: Loaders<Connector>,
  settings: Settings,
  problems: Problem[],
): Promise<Connections<Connector>> {
  const found = await Promise.all(
    names.map(async (name) => {
      const own: Problem[] = []
      const connection = await connect(section, name, loaders, settings, own)
      problems.push(...own)
      return [name, connection] as const
    }),
  )
  return new Map(found)
}

/** The names in a section that can be looked at: each with a `type`. Null where the section has anything else. */
function namesIn(section: 'sources' | 'targets', { data }: Settings) {
  const entries = Object.entries(valueAt(data, [section]) ?? {})
  const usable = entries.filter(([, entry]) => typeof valueAt(entry, ['type']) === 'string')
  return {
    names: usable.map(([name]) => name),
    complete: usable.length > 0 && usable.length === entries.length,
  }
}

/** Every source and every target of a project. */
export interface ProjectConnections {
  readonly sources: Connections<SourceConnector>
  readonly targets: Connections<TargetConnector>
}

/**
 * The sources and targets of a project, whatever else is wrong with its file. Null where a section is missing or not
 * what it should be, which the schema of the project file tells: nothing can then be said of a name that is not there.
 */
export async function resolveConnections(
  connectors: Connectors,
  settings: Settings,
  problems: Problem[],
): Promise<ProjectConnections | null> {
  const named = { sources: namesIn('sources', settings), targets: namesIn('targets', settings) }
  const [sources, targets] = await Promise.all([
    connectAll('sources', named.sources.names, connectors.sources, settings, problems),
    connectAll('targets', named.targets.names, connectors.targets, settings, problems),
  ])
  return named.sources.complete && named.targets.complete ? { sources, targets } : null
}
