import * as z from 'zod/mini'
import type { Connectors, TargetObject } from '../connector/index.ts'
import { activationSchema } from './activation-schema.ts'
import { projectSchema } from './project-schema.ts'
import { valueAt } from './settings.ts'
import { type Unavailable, unavailableInActivations } from './unavailable.ts'

/** A JSON Schema (draft 7, which editors know), as data. */
export type JsonSchema = { [key: string]: unknown }

function generate(schema: z.ZodMiniType): JsonSchema {
  return z.toJSONSchema(schema, { io: 'input', target: 'draft-7', unrepresentable: 'any' })
}

function isSchema(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

const variable: JsonSchema = { type: 'string', pattern: '\\$\\{' }

const restrictions = ['enum', 'format', 'pattern', 'maxLength']

/** What is no free text may be given by a variable as well; the schema has to say so. */
function allowVariables(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(allowVariables)
  if (!isSchema(schema)) return schema
  const fixed =
    ['number', 'integer', 'boolean'].includes(String(schema.type)) ||
    restrictions.some((keyword) => schema[keyword] !== undefined && !isSchema(schema[keyword]))
  if (!fixed) {
    return Object.fromEntries(
      Object.entries(schema).map(([key, value]) => [key, allowVariables(value)]),
    )
  }
  const { description, default: preset, ...rest } = schema
  return {
    anyOf: [rest, variable],
    ...(description === undefined ? {} : { description }),
    ...(preset === undefined ? {} : { default: preset }),
  }
}

/** Takes out of a schema what this version refuses, so that editors neither offer nor accept it. */
function withoutUnavailable(schema: JsonSchema, { key, values }: Unavailable): void {
  const inside = valueAt(schema, ['properties', key])
  if (!isSchema(inside)) return
  const possible = inside.type === 'boolean' ? [true, false] : inside.enum
  if (Array.isArray(possible)) inside.enum = possible.filter((value) => !values.includes(value))
}

async function connectionsSchema(
  loaders: Readonly<Record<string, () => Promise<{ type: string; options: z.ZodMiniType }>>>,
): Promise<JsonSchema> {
  const connectors = await Promise.all(Object.values(loaders).map((load) => load()))
  const branches = connectors.map(({ type, options }) => {
    const { $schema: _, ...schema } = allowVariables(generate(options)) as JsonSchema
    const properties = isSchema(schema.properties) ? schema.properties : {}
    const required = Array.isArray(schema.required) ? schema.required : []
    return {
      if: { properties: { type: { const: type } }, required: ['type'] },
      // biome-ignore lint/suspicious/noThenProperty: the keyword of JSON Schema
      then: {
        ...schema,
        properties: { type: { const: type }, ...properties },
        required: ['type', ...required],
      },
    }
  })
  return {
    type: 'object',
    properties: { type: { enum: connectors.map(({ type }) => type) } },
    required: ['type'],
    allOf: branches,
  }
}

/** The JSON Schema of `millrace.yaml`, the options of every connector of this build included. */
export async function projectJsonSchema(connectors: Connectors): Promise<JsonSchema> {
  const schema = generate(projectSchema)
  const [source, target] = await Promise.all([
    connectionsSchema(connectors.sources),
    connectionsSchema(connectors.targets),
  ])
  for (const [name, connection] of Object.entries({ sources: source, targets: target })) {
    const properties = schema.properties as Record<string, JsonSchema>
    properties[name] = { ...properties[name], additionalProperties: connection }
  }
  return schema
}

function objectSchema(object: TargetObject): Readonly<Record<string, JsonSchema | boolean>> {
  const modes = Object.entries(object.modes)
  const identifiers = [...new Set(modes.flatMap(([, names]) => names))]
  const names: JsonSchema[] = [{ enum: object.fields.map(({ name }) => name) }]
  if (object.custom !== undefined) {
    const prefix = object.custom.prefix.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
    names.push({ pattern: `^${prefix}.` })
  }
  const among = (values: readonly string[]) => ({ anyOf: [{ enum: values }, variable] })
  const missing = (['tags', 'companies'] as const).filter((list) => !object.lists.includes(list))
  return {
    ...Object.fromEntries(missing.map((list) => [list, false])),
    mode: among(modes.map(([mode]) => mode)),
    identifier: among(identifiers),
    on_removed: among(object.removals),
    on_archived: among(object.unarchives ? ['fail', 'unarchive'] : ['fail']),
    fields: {
      propertyNames: { anyOf: names },
      properties: Object.fromEntries(
        object.fields.map(({ name, description }) => [name, { description }]),
      ),
    },
  }
}

/** The JSON Schema of an activation file: fields, modes and identifiers as the targets of this build have them. */
export async function activationJsonSchema(connectors: Connectors): Promise<JsonSchema> {
  const schema = generate(activationSchema)
  for (const entry of unavailableInActivations) withoutUnavailable(schema, entry)
  const targets = await Promise.all(Object.values(connectors.targets).map((load) => load()))
  const objects = targets.flatMap((target) => target.objects)
  const known = objects.filter(
    ({ name }) => objects.filter((other) => other.name === name).length === 1,
  )
  const withVariables = allowVariables(schema) as JsonSchema
  return {
    ...withVariables,
    oneOf: [{ required: ['query'] }, { required: ['query_file'] }],
    allOf: known.map((object) => ({
      if: { properties: { target: { pattern: `^([^.]+\\.)?${object.name}$` } } },
      // biome-ignore lint/suspicious/noThenProperty: the keyword of JSON Schema
      then: { properties: objectSchema(object) },
    })),
  }
}
