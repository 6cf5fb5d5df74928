import type { Problem } from '../connector/index.ts'
import { type Path, type Places, pathName } from './places.ts'
import { substitute } from './variables.ts'

/** What a file says, variables replaced, and where each part of it stands. */
export interface Settings {
  readonly data: unknown
  readonly places: Places
  /** Names of the paths whose text holds a variable's value: it must not be shown. */
  readonly replaced: ReadonlySet<string>
  /** Names of the paths whose variable is missing: that was told, and the text there means nothing. */
  readonly failed: ReadonlySet<string>
}

/**
 * Replaces the variables in every text of `data`; the texts themselves stay texts.
 * `except` names what holds no variables.
 */
export function replaceVariables(
  data: unknown,
  places: Places,
  lookup: (name: string) => string | undefined,
  problems: Problem[],
  except: readonly string[] = [],
): Settings {
  const replaced = new Set<string>()
  const failed = new Set<string>()

  const visit = (value: unknown, path: Path): unknown => {
    if (typeof value === 'string') {
      const result = substitute(value, lookup)
      if (result.replaced) replaced.add(pathName(path))
      if (result.problems.length > 0) failed.add(pathName(path))
      for (const { offset, message } of result.problems) {
        problems.push({ message, position: places.inText(path, offset) })
      }
      return result.text
    }
    if (Array.isArray(value)) return value.map((item, index) => visit(item, [...path, index]))
    if (typeof value === 'object' && value !== null) {
      return Object.fromEntries(
        Object.entries(value).map(([key, item]) => {
          const skip = path.length === 0 && except.includes(key)
          return [key, skip ? item : visit(item, [...path, key])]
        }),
      )
    }
    return value
  }

  return { data: visit(data, []), places, replaced, failed }
}

/** What stands at a path; undefined where nothing does. */
export function valueAt(data: unknown, path: readonly PropertyKey[]): unknown {
  let value = data
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined
    value = (value as Readonly<Record<PropertyKey, unknown>>)[step]
  }
  return value
}

/** A copy of `data` with another value at a path that exists. */
export function withValueAt(data: unknown, path: readonly PropertyKey[], value: unknown): unknown {
  const [step, ...rest] = path
  if (step === undefined) return value
  if (Array.isArray(data)) {
    return data.map((item, index) =>
      String(index) === String(step) ? withValueAt(item, rest, value) : item,
    )
  }
  const object = data as Readonly<Record<PropertyKey, unknown>>
  return { ...object, [step]: withValueAt(object[step], rest, value) }
}
