import {
  type Column,
  ConfigurationError,
  StopRunError,
  TryAgainError,
} from '../../src/connector/index.ts'
import { errorsOf } from './answer.ts'
import { typeFor } from './attribute-fit.ts'
import { type Attribute, type AttributeModel, readAttribute } from './attribute-list.ts'
import type { Client } from './client.ts'
import { judge } from './failures.ts'

export interface NewAttribute {
  readonly model: AttributeModel
  /** As the activation has it: `custom_attributes.seats`. */
  readonly field: string
  readonly name: string
  readonly column: Column
}

/**
 * Creates a custom attribute with the type of its column, which cannot be changed afterwards (OAS:28210, FACTS 3.9).
 * Throws `ConfigurationError` where Intercom does not take it (its name, 250 are there already), `StopRunError` where
 * the token may not create any, `TryAgainError` where no answer came.
 */
export async function createAttribute(
  client: Client,
  { model, field, name, column }: NewAttribute,
  signal: AbortSignal,
): Promise<Attribute> {
  const body = { name, model, data_type: typeFor(column) }
  const reply = await client.call({ method: 'POST', endpoint: '/data_attributes', body }, signal)
  if (reply.kind === 'stopped') {
    throw new StopRunError('The run was stopped before the first write.')
  }
  if (reply.kind === 'answered') {
    const [created] = reply.status === 200 ? readAttribute(reply.body) : []
    if (created !== undefined) return created
    const error = errorsOf(reply.body)[0]
    const code = `${reply.status}${error === undefined ? '' : ` ${error.code}`}`
    if (reply.status === 403 || error?.code === 'token_unauthorized') {
      throw new StopRunError(
        `The token may not create the ${model} attribute ${name} (${code}). Allow the app to write data attributes in Intercom's Developer Hub, or create the attribute in Intercom (Settings, Data).`,
      )
    }
    if (reply.status === 400 || reply.status === 422) {
      const said = error === undefined || error.message === '' ? '' : `: ${error.message}`
      const message = `${field}: Intercom did not create the ${model} attribute ${name} (${code})${said}`
      throw new ConfigurationError([{ message, field }])
    }
  }
  const delivery = judge(reply, {})
  if (delivery.result === 'applied') throw new TryAgainError('Intercom gave no usable answer.')
  const wait = delivery.result === 'retry' ? delivery.waitMilliseconds : undefined
  throw new TryAgainError(delivery.failure.message, wait ?? null)
}
