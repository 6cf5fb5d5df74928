import { Option } from 'commander'
import * as z from 'zod/mini'
import { ConfigurationError, type Sandbox } from '../connector/index.ts'

/** A property of a JSON Schema, as far as it decides what a flag takes. */
interface Property {
  readonly type?: string
  readonly description?: string
  readonly default?: unknown
  readonly enum?: readonly string[]
}

/** A sandbox's options as flags, and back. */
export interface SandboxFlags {
  readonly options: readonly Option[]
  /** The options that commander read, checked by the sandbox. Throws `ConfigurationError` that names flags. */
  read(values: Readonly<Record<string, unknown>>): unknown
}

/** Makes a flag of every option: `rate_limit` is `--rate-limit <number>`. */
export function sandboxFlags(sandbox: Sandbox): SandboxFlags {
  const schema = z.toJSONSchema(sandbox.options, { io: 'input', unrepresentable: 'any' })
  const properties = Object.entries((schema.properties ?? {}) as Record<string, Property>)
  const options = properties.map(([name, property]) => flag(name, property))
  const names = new Map(
    properties.map(([name], index) => [options[index]?.attributeName() ?? name, name]),
  )
  return {
    options,
    read(values) {
      const named = Object.entries(values).map(([key, value]) => [names.get(key) ?? key, value])
      const checked = sandbox.options.safeParse(Object.fromEntries(named))
      if (checked.success) return checked.data
      throw new ConfigurationError(
        checked.error.issues.map(({ path, message }) => ({
          message: `${flagName(String(path[0] ?? ''))}: ${message}`,
        })),
      )
    },
  }
}

function flagName(name: string): string {
  return `--${name.replaceAll('_', '-')}`
}

function flag(name: string, property: Property): Option {
  const { description = '', type } = property
  const initial = Array.isArray(property.default) ? undefined : property.default
  const shown = initial === undefined ? description : `${description} (default: ${initial})`
  if (type === 'boolean') return new Option(flagName(name), shown)
  const option = new Option(`${flagName(name)} <${placeholder(type)}>`, shown)
  if (property.enum !== undefined) return option.choices(property.enum)
  if (type === 'integer' || type === 'number') return option.argParser(number)
  if (type === 'array') return option.argParser(collect)
  return option
}

function placeholder(type: string | undefined): string {
  if (type === 'integer' || type === 'number') return 'number'
  return type === 'array' ? 'item' : 'value'
}

/** What is no number is left for the sandbox's own check to refuse. */
function number(text: string): number | string {
  return text.trim() === '' || Number.isNaN(Number(text)) ? text : Number(text)
}

function collect(text: string, previous: readonly string[] | undefined): readonly string[] {
  return [...(previous ?? []), text]
}
