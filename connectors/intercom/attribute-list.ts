import { StopRunError, TryAgainError } from '../../src/connector/index.ts'
import { type Answered, errorsOf, list, property, text } from './answer.ts'
import type { Client } from './client.ts'
import { judge, stopMessage } from './failures.ts'
import { priorities } from './waiting-line.ts'

/** What an attribute holds. `options` is one text of a list, `date` unix seconds. */
export const attributeTypes = ['string', 'options', 'integer', 'float', 'boolean', 'date'] as const

export type AttributeType = (typeof attributeTypes)[number]

/** An attribute of the workspace, custom or standard. Source: FACTS 3.9, OAS:29214. */
export interface Attribute {
  /** For standard ones with what it is part of: `location.country`. */
  readonly name: string
  /** Null for a type that this connector does not write. */
  readonly type: AttributeType | null
  /** Intercom's own name of the type. */
  readonly dataType: string
  /** The texts that it takes; null where it takes any. */
  readonly options: readonly string[] | null
  readonly custom: boolean
  readonly archived: boolean
}

export type AttributeModel = 'contact' | 'company'

/**
 * Reads every attribute of a model, archived ones too: one request, the answer has no pages (OAS:14654).
 * Throws `StopRunError` where the token is refused, `TryAgainError` where Intercom cannot be reached.
 */
export async function listAttributes(
  client: Client,
  model: AttributeModel,
  signal: AbortSignal,
): Promise<readonly Attribute[]> {
  const reply = await client.call(
    {
      method: 'GET',
      endpoint: '/data_attributes',
      path: `/data_attributes?model=${model}&include_archived=true`,
      priority: priorities.search,
    },
    signal,
  )
  if (reply.kind === 'stopped') {
    throw new StopRunError('The run was stopped before the first write.')
  }
  if (reply.kind === 'answered' && reply.status === 200) {
    if (Array.isArray(property(reply.body, 'data'))) {
      return list(reply.body, 'data').flatMap(readAttribute)
    }
  }
  const delivery = judge(reply, {})
  if (delivery.result === 'retry') {
    throw new TryAgainError(delivery.failure.message, delivery.waitMilliseconds ?? null)
  }
  const refusal = reply as Answered
  throw new StopRunError(stopMessage(refusal, errorsOf(refusal.body)[0] ?? null))
}

/** An attribute as Intercom answers it; nothing where it has no name. */
export function readAttribute(entry: unknown): readonly Attribute[] {
  const custom = property(entry, 'custom') === true
  const name = (custom ? null : text(entry, 'full_name')) ?? text(entry, 'name')
  if (name === null) return []
  const dataType = text(entry, 'data_type') ?? ''
  const options = readOptions(entry)
  return [
    {
      name,
      type: options !== null ? 'options' : typeOf(dataType),
      dataType,
      options,
      custom,
      archived: property(entry, 'archived') === true,
    },
  ]
}

/** Up to 2.13 options are texts, since then objects with a value (FACTS 3.9). */
function readOptions(entry: unknown): readonly string[] | null {
  const options = list(entry, 'options').flatMap((option) =>
    typeof option === 'string' ? [option] : (text(option, 'value') ?? []),
  )
  return options.length === 0 ? null : options
}

function typeOf(dataType: string): AttributeType | null {
  if (dataType === 'datetime') return 'date'
  return attributeTypes.find((type) => type === dataType) ?? null
}
