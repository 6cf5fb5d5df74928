import type * as z from 'zod/mini'
import type { Problem } from '../connector/index.ts'
import { type Path, pathName } from './places.ts'
import { keysAt } from './schema-keys.ts'
import { type Settings, valueAt, withValueAt } from './settings.ts'
import { closest, didYouMean, oneOf } from './suggest.ts'

type Issue = z.core.$ZodIssue

const kinds: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'keys with values',
  record: 'keys with values',
  null: 'nothing',
}

function kindOf(value: unknown): string {
  if (value === null) return 'empty'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'keys with values'
  if (typeof value === 'boolean') return 'true or false'
  return typeof value === 'string' ? 'text' : `a ${typeof value}`
}

function wrongType(expected: readonly string[], value: unknown): string {
  const wanted = oneOf(expected.map((kind) => kinds[kind] ?? kind))
  if (value === null) return `is empty; give it ${wanted}, or leave the key out`
  if (expected.includes('int') && typeof value === 'number') {
    return `takes ${wanted}, and this has decimals or is too large`
  }
  const quotes =
    expected.includes('string') &&
    !expected.some((kind) => kind === 'number' || kind === 'int' || kind === 'boolean') &&
    (typeof value === 'number' || typeof value === 'boolean')
  return `takes ${wanted}, and this is ${kindOf(value)}${quotes ? '; put it in quotes' : ''}`
}

/** The complaints of the branch of a union that the value was most likely meant for; null where it fits none. */
function likelyBranch(
  branches: readonly (readonly Issue[])[],
  value: unknown,
): readonly Issue[] | null {
  const fits = (issues: readonly Issue[], refusals: readonly string[]) =>
    !issues.some(({ code, path }) => path.length === 0 && refusals.includes(code))
  const fitting = branches
    .filter((issues) => fits(issues, ['invalid_type', 'invalid_value']))
    .toSorted((one, other) => one.length - other.length)
  const choice = branches.find((issues) => fits(issues, ['invalid_type']))
  return fitting[0] ?? (typeof value === 'string' ? choice : null) ?? null
}

/** Text that came from a variable becomes the number or boolean that the schema asks for, where it reads as one. */
function converted(issue: Issue, data: unknown, settings: Settings, at: Path): unknown {
  if (issue.code !== 'invalid_type') return undefined
  const text = valueAt(data, issue.path)
  if (typeof text !== 'string' || !settings.replaced.has(pathName([...at, ...issue.path]))) return
  if (issue.expected === 'boolean') return { true: true, false: false }[text]
  const number = text.trim() === '' ? Number.NaN : Number(text)
  const wanted = issue.expected === 'number' || issue.expected === 'int'
  return wanted && Number.isFinite(number) ? number : undefined
}

const units: Readonly<Record<string, string>> = { string: 'characters', array: 'entries' }

/** A limit in words, where the schema has none of its own. */
function limit(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.code !== 'too_big' && issue.code !== 'too_small') return undefined
  const [bound, word] =
    issue.code === 'too_big'
      ? [issue.maximum, issue.inclusive === false ? 'below' : 'at most']
      : [issue.minimum, issue.inclusive === false ? 'above' : 'at least']
  const unit = units[issue.origin]
  return unit === undefined ? `must be ${word} ${bound}` : `must have ${word} ${bound} ${unit}`
}

/** A key as people know it; an entry of a list by its number. */
function named(path: Path): string {
  const own = path.at(-1) ?? ''
  return typeof own === 'number' ? `entry ${own + 1} of ${named(path.slice(0, -1))}` : `"${own}"`
}

class Explanation {
  readonly #schema: z.core.$ZodType
  readonly #settings: Settings
  readonly #data: unknown
  readonly #at: Path

  constructor(schema: z.core.$ZodType, settings: Settings, data: unknown, at: Path) {
    this.#schema = schema
    this.#settings = settings
    this.#data = data
    this.#at = at
  }

  problems(issue: Issue, parents: readonly PropertyKey[] = []): readonly Problem[] {
    const inside = [...parents, ...issue.path]
    const path = [...this.#at, ...inside] as Path
    if (this.#settings.failed.has(pathName(path))) return []
    const { places } = this.#settings
    const value = valueAt(this.#data, inside)
    const own = named(path)
    const say = (rest: string) => [
      {
        message: path.length === 0 ? `the file ${rest}` : `${own} ${rest}`,
        position: places.value(path),
      },
    ]
    switch (issue.code) {
      case 'unrecognized_keys':
        return issue.keys.map((key) => ({
          message: `unknown key "${key}"${didYouMean(key, keysAt(this.#schema, inside))}`,
          position: places.key([...path, key]),
        }))
      case 'invalid_type':
        return say(value === undefined ? 'is missing' : wrongType([issue.expected], value))
      case 'invalid_value':
        return say(value === undefined ? 'is missing' : this.#notAmong(issue.values, value, path))
      case 'invalid_union': {
        const branch = likelyBranch(issue.errors, value)
        if (branch !== null) return branch.flatMap((inner) => this.problems(inner, inside))
        const types = issue.errors
          .flat()
          .map((inner) => (inner.code === 'invalid_type' ? inner.expected : null))
          .filter((expected) => expected !== null)
        const expected = [...new Set(types)]
        if (value === undefined) return say('is missing')
        return say(expected.length > 0 ? wrongType(expected, value) : 'is not understood')
      }
      default:
        return [
          {
            message: `${own}${this.#joined(issue.message, value, path)}`,
            position: places.value(path),
          },
        ]
    }
  }

  #notAmong(values: readonly unknown[], value: unknown, path: Path): string {
    const names = values.map(String)
    const hidden = this.#settings.replaced.has(pathName(path)) || typeof value === 'object'
    const shown = hidden ? 'the value that it was given' : JSON.stringify(value)
    const meant = hidden ? null : closest(String(value), names)
    const hint = meant === null ? '' : `; did you mean "${meant}"?`
    return `takes ${oneOf(names)}, not ${shown}${hint}`
  }

  /**
   * A schema's own message, to go behind the key. It may repeat what it complains of: a variable's value must not
   * be seen.
   */
  #joined(message: string, value: unknown, path: Path): string {
    const hidden = this.#settings.replaced.has(pathName(path))
    const shown =
      hidden && typeof value === 'string' && value !== ''
        ? message.replaceAll(value, '***')
        : message
    return /^(must|takes|cannot|has|is) /.test(shown) ? ` ${shown}` : `: ${shown}`
  }
}

/** By itself zod makes code for each schema, which takes longer than to check the files of a project. */
const howToParse = { jitless: true, error: limit }

/**
 * What stands at `at`, validated. Null where it is not valid: `problems` then says why, unless all that is wrong is
 * a variable that is missing.
 */
export function validate<T>(
  schema: z.ZodMiniType<T>,
  settings: Settings,
  problems: Problem[],
  at: Path = [],
  data: unknown = valueAt(settings.data, at),
): T | null {
  let first = schema.safeParse(data, howToParse)
  if (first.success) return first.data
  let better = data
  for (const issue of first.error.issues) {
    const value = converted(issue, better, settings, at)
    if (value !== undefined) better = withValueAt(better, issue.path, value)
  }
  if (better !== data) first = schema.safeParse(better, howToParse)
  if (first.success) return first.data
  const explanation = new Explanation(schema, settings, better, at)
  problems.push(...first.error.issues.flatMap((issue) => explanation.problems(issue)))
  return null
}
