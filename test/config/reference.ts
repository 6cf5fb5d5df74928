import * as z from 'zod/mini'
import { activationSchema } from '../../src/config/activation-schema.ts'
import { projectSchema } from '../../src/config/project-schema.ts'
import { oneOf } from '../../src/config/suggest.ts'
import { laterNames, unavailableInActivations } from '../../src/config/unavailable.ts'
import type { Connectors, TargetObject } from '../../src/connector/index.ts'

interface Schema {
  readonly type?: string | readonly string[]
  readonly enum?: readonly unknown[]
  readonly anyOf?: readonly Schema[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly items?: Schema
  readonly additionalProperties?: Schema | false
  readonly default?: unknown
  readonly description?: string
}

const kinds: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'number',
  integer: 'whole number',
  boolean: '`true` or `false`',
  object: 'keys with values',
  null: 'nothing',
}

function takes(schema: Schema): string {
  if (schema.anyOf !== undefined) return [...new Set(schema.anyOf.map(takes))].join(', or ')
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${value}\``).join(', ')
  if (schema.type === 'array') return `list of ${schema.items ? takes(schema.items) : 'values'}`
  const types = typeof schema.type === 'string' ? [schema.type] : (schema.type ?? [])
  return types.map((type) => kinds[type] ?? type).join(', or ') || 'anything'
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ')
}

function keysTable(schema: Schema, except: readonly string[] = []): string {
  const rows = Object.entries(schema.properties ?? {})
    .filter(([key]) => !except.includes(key))
    .map(([key, value]) => {
      const required = schema.required?.includes(key) ? '**required**' : ''
      const preset = value.default === undefined ? required : `\`${String(value.default)}\``
      return `| \`${key}\` | ${cell(takes(value))} | ${preset} | ${cell(value.description ?? '')} |`
    })
  return ['| key | takes | default | meaning |', '|---|---|---|---|', ...rows].join('\n')
}

function jsonSchema(schema: z.ZodMiniType): Schema {
  return z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Schema
}

/** The keys of what stands within a key of the activation: of a field, of an entry of a list. */
function inside(key: keyof typeof activationSchema.shape): Schema {
  const properties = jsonSchema(activationSchema).properties ?? {}
  const schema = properties[key] ?? {}
  const entry = schema.additionalProperties || schema.items || schema
  return entry.anyOf?.find(({ type }) => type === 'object') ?? entry
}

function objectTable(object: TargetObject): string {
  const custom = object.custom
  const rows = object.fields.map(
    ({ name, type, description }) => `| \`${name}\` | ${type} | ${cell(description)} |`,
  )
  if (custom !== undefined) {
    rows.push(`| \`${custom.prefix}NAME\` | ${custom.field.type} | ${custom.field.description} |`)
  }
  const modes = Object.entries(object.modes)
    .map(([mode, names]) => {
      const by = oneOf(names.map((name) => `\`${name}\``))
      return by === '' ? `\`${mode}\`` : `\`${mode}\` by ${by}`
    })
    .join('; ')
  return `Modes: ${modes}.\n\n| field | type | meaning |\n|---|---|---|\n${rows.join('\n')}`
}

function laterTable(): string {
  const keys = unavailableInActivations.flatMap(({ key, values }) =>
    values.map((value) => `\`${key}: ${value}\``),
  )
  const types = laterNames.sourceTypes.map((type) => `\`type: ${type}\``)
  return [...keys, ...types].map((name) => `- ${name}`).join('\n')
}

/** The reference that docs/configuration.md ends with, made from the schemas and the connectors. */
export async function reference(connectors: Connectors): Promise<string> {
  const later = unavailableInActivations.map(({ key }) => key)
  const parts = [
    '## Reference',
    '### Keys of the project file',
    keysTable(jsonSchema(projectSchema)),
    '### Keys of `retention`',
    keysTable(jsonSchema(projectSchema).properties?.retention ?? {}),
    '### Keys of an activation',
    keysTable(jsonSchema(activationSchema), later),
    '### Keys of one field',
    keysTable(inside('fields')),
    '### Keys of one tag',
    keysTable(inside('tags')),
    '### Keys of one entry of `companies`',
    keysTable(inside('companies')),
    '### Guards',
    keysTable(inside('guards')),
    '### Options of sources and targets',
  ]
  for (const [kind, loaders] of Object.entries({
    source: connectors.sources,
    target: connectors.targets,
  })) {
    for (const load of Object.values(loaders)) {
      const { type, options } = await load()
      parts.push(`#### ${kind}, \`type: ${type}\``, keysTable(jsonSchema(options)))
    }
  }
  for (const load of Object.values(connectors.targets)) {
    for (const object of (await load()).objects) {
      parts.push(`### Fields of a ${object.name}`, objectTable(object))
    }
  }
  parts.push(
    '### Not available in this version',
    'These are known, and refused by name until they work:',
    laterTable(),
  )
  return `${parts.join('\n\n')}\n`
}
