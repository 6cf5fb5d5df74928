import type { Path, Places } from './places.ts'

type Mapping = Readonly<Record<string, unknown>>

function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/**
 * `base` with what `over` says instead, key by key all the way down. A mapping with another `type` takes the place
 * of the whole, since the options of one kind of system mean nothing to another. A key without a value takes the
 * base's away.
 */
export function overlaid(base: unknown, over: unknown): unknown {
  if (!isMapping(base) || !isMapping(over)) return over
  if (over.type !== undefined && over.type !== base.type) return over
  const result = new Map(Object.entries(base))
  for (const [key, value] of Object.entries(over)) {
    if (value === null) result.delete(key)
    else result.set(key, result.has(key) ? overlaid(result.get(key), value) : value)
  }
  return Object.fromEntries(result)
}

/** The places of an overlaid configuration: in the profile where it says something, else in the base. */
export function overlaidPlaces(places: Places, profile: Path): Places {
  const path = (inner: Path): Path => {
    const over = [...profile, ...inner]
    return inner.length > 0 && places.has(over) ? over : inner
  }
  return {
    has: (inner) => places.has(path(inner)),
    value: (inner) => places.value(path(inner)),
    key: (inner) => places.key(path(inner)),
    inText: (inner, offset) => places.inText(path(inner), offset),
  }
}
