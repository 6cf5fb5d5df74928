import type { Problem } from '../connector/index.ts'
import { pathName } from './places.ts'
import { type Settings, valueAt } from './settings.ts'

/** Values of a key that the schema knows and this version does not carry out. */
export interface Unavailable {
  readonly key: string
  readonly values: readonly (string | boolean)[]
  /** What to do instead. */
  readonly instead: string
}

/** What activations may say in a later version. Modes are not listed: the target says which it has. */
export const unavailableInActivations: readonly Unavailable[] = [
  { key: 'plan_in', values: ['warehouse'], instead: 'leave the key out' },
]

/** Names that a later version may know; the connectors of this build say what it has. */
export const laterNames = {
  sourceTypes: ['snowflake', 'bigquery'],
  objects: ['event', 'ticket', 'note'],
} as const

/** Refuses by name what does not work yet. Returns the settings without it, so that it is complained of once. */
export function refuseUnavailable(
  settings: Settings,
  entries: readonly Unavailable[],
  problems: Problem[],
): Settings {
  const data = { ...(settings.data as Readonly<Record<string, unknown>>) }
  for (const { key, values, instead } of entries) {
    const value = valueAt(data, [key])
    if (!values.some((refused) => refused === value)) continue
    const shown = settings.replaced.has(pathName([key])) ? `"${key}"` : `"${key}: ${value}"`
    const message = `${shown} is not available in this version; ${instead}`
    problems.push({ message, position: settings.places.key([key]) })
    delete data[key]
  }
  return { ...settings, data }
}
