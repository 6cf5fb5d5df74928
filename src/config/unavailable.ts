import type { Problem } from '../connector/index.ts'
import { type Path, pathName } from './places.ts'
import { type Settings, valueAt } from './settings.ts'

/** A key, or some values of it, that the schema knows and this version does not carry out. */
export interface Unavailable {
  /** `*` stands for any key. */
  readonly path: readonly string[]
  /** The values that are refused; all of them where left out. */
  readonly values?: readonly (string | boolean)[]
  /** What to do instead. */
  readonly instead: string
}

const leaveOut = 'leave the key out'

/** What activations may say in a later version. Modes are not listed: the target says which it has. */
export const unavailableInActivations: readonly Unavailable[] = [
  { path: ['keep_values'], values: [false], instead: leaveOut },
  { path: ['plan_in'], values: ['warehouse'], instead: leaveOut },
]

/** Names that a later version may know; the connectors of this build say what it has. */
export const laterNames = {
  sourceTypes: ['snowflake', 'bigquery'],
  objects: ['event', 'ticket', 'note'],
} as const

function matches(entry: Unavailable, data: unknown): readonly Path[] {
  const paths = entry.path.reduce<readonly string[][]>(
    (found, step) =>
      found.flatMap((path) => {
        const value = valueAt(data, path)
        if (typeof value !== 'object' || value === null || Array.isArray(value)) return []
        const keys = step === '*' ? Object.keys(value) : Object.hasOwn(value, step) ? [step] : []
        return keys.map((key) => [...path, key])
      }),
    [[]],
  )
  return paths.filter((path) => {
    const value = valueAt(data, path)
    return entry.values === undefined || entry.values.some((refused) => refused === value)
  })
}

/** Refuses by name what does not work yet. Returns the settings without it, so that it is complained of once. */
export function refuseUnavailable(
  settings: Settings,
  entries: readonly Unavailable[],
  problems: Problem[],
): Settings {
  let { data } = settings
  for (const entry of entries) {
    for (const path of matches(entry, data)) {
      const key = path.at(-1)
      const value = valueAt(data, path)
      const shown =
        entry.values === undefined || settings.replaced.has(pathName(path))
          ? `"${key}"`
          : `"${key}: ${value}"`
      const message = `${shown} is not available in this version; ${entry.instead}`
      problems.push({ message, position: settings.places.key(path) })
      data = without(data, path)
    }
  }
  return { ...settings, data }
}

function without(data: unknown, path: Path): unknown {
  const [step, ...rest] = path
  return Object.fromEntries(
    Object.entries(data as object).flatMap(([key, value]) => {
      if (key !== step) return [[key, value]]
      return rest.length === 0 ? [] : [[key, without(value, rest)]]
    }),
  )
}
