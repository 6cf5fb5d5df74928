import {
  type ColumnType,
  ConfigurationError,
  type DeliveryPlan,
  StopRunError,
  TryAgainError,
} from '../../src/connector/index.ts'
import { type Answered, errorsOf, list, property, text } from './answer.ts'
import { customPrefix } from './body.ts'
import type { Client } from './client.ts'
import { closest } from './closest.ts'
import { judge, stopMessage } from './failures.ts'
import { priorities } from './limits.ts'

/** A custom attribute of the workspace. Source: FACTS 3.9, OAS:29214. */
interface Attribute {
  readonly name: string
  readonly dataType: string
  readonly archived: boolean
}

/** Column types that no row of can ever be a value of the attribute's type; text may, row by row. */
const neverFit: Readonly<Record<string, readonly ColumnType[]>> = {
  string: ['date', 'timestamp', 'timestamptz'],
  options: ['date', 'timestamp', 'timestamptz'],
  integer: ['boolean'],
  float: ['boolean'],
  boolean: ['integer', 'decimal', 'float', 'date', 'timestamp', 'timestamptz'],
  date: ['boolean'],
}

/**
 * Checks the custom attributes that are mapped against those of the workspace: one request, none where no custom
 * attribute is mapped. Resolves to the names of those that hold text. An unknown attribute would make Intercom
 * refuse every row (FACTS 3.9), so it is a `ConfigurationError`, as is a column that can never fit.
 * Throws `StopRunError` where the token is refused and `TryAgainError` where Intercom cannot be reached.
 */
export async function checkAttributes(
  client: Client,
  plan: DeliveryPlan,
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  const mapped = plan.fields.filter((field) => field.field.startsWith(customPrefix))
  if (mapped.length === 0) return new Set()
  const attributes = await listAttributes(client, plan.object, signal)
  const problems = mapped.flatMap(({ field, column }) => {
    const name = field.slice(customPrefix.length)
    const attribute = attributes.find((each) => each.name === name && !each.archived)
    if (attribute === undefined) return [{ message: missing(field, plan.object, attributes) }]
    if (column === null || !neverFit[attribute.dataType]?.includes(column.type)) return []
    return [{ message: misfit(field, attribute, column) }]
  })
  if (problems.length > 0) throw new ConfigurationError(problems)
  const texts = attributes.filter(({ dataType }) => dataType === 'string' || dataType === 'options')
  return new Set(texts.map(({ name }) => name))
}

async function listAttributes(
  client: Client,
  object: string,
  signal: AbortSignal,
): Promise<readonly Attribute[]> {
  const reply = await client.call(
    {
      method: 'GET',
      endpoint: '/data_attributes',
      path: `/data_attributes?model=${object}&include_archived=true`,
      priority: priorities.search,
    },
    signal,
  )
  if (reply.kind === 'stopped')
    throw new StopRunError('The run was stopped before the first write.')
  if (reply.kind === 'answered' && reply.status === 200) {
    const entries = property(reply.body, 'data')
    if (Array.isArray(entries)) return readAttributes(reply)
  }
  const delivery = judge(reply, {})
  if (delivery.result === 'retry') {
    throw new TryAgainError(delivery.failure.message, delivery.waitMilliseconds ?? null)
  }
  const refusal = reply as Answered
  throw new StopRunError(stopMessage(refusal, errorsOf(refusal.body)[0] ?? null))
}

function readAttributes(reply: Answered): readonly Attribute[] {
  return list(reply.body, 'data').flatMap((entry) => {
    const name = text(entry, 'name')
    if (name === null || property(entry, 'custom') !== true) return []
    const dataType = text(entry, 'data_type') ?? ''
    return [{ name, dataType, archived: property(entry, 'archived') === true }]
  })
}

function missing(field: string, object: string, attributes: readonly Attribute[]): string {
  const name = field.slice(customPrefix.length)
  if (attributes.some((attribute) => attribute.name === name)) {
    return `${field}: the ${object} attribute ${name} is archived in Intercom; unarchive it there (Settings, Data) or take it out of the mapping.`
  }
  const known = attributes.filter((attribute) => !attribute.archived).map((each) => each.name)
  const near = closest(name, known)
  const remedy = near === null ? '' : ` Did you mean ${customPrefix}${near}?`
  return `${field}: the workspace has no ${object} attribute ${name}.${remedy} Otherwise create it in Intercom (Settings, Data).`
}

function misfit(
  field: string,
  attribute: Attribute,
  column: { readonly name: string; readonly sourceType: string },
): string {
  const kind = attribute.dataType === 'string' ? 'text' : attribute.dataType
  return `${field}: the attribute holds ${kind}, which the column ${column.name} (${column.sourceType}) never fits; cast it in the query.`
}
