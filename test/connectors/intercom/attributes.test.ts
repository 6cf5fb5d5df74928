import { afterEach, describe, expect, test } from 'vitest'
import {
  type Column,
  ConfigurationError,
  StopRunError,
  TryAgainError,
} from '../../../src/connector/index.ts'
import { closeAll, deliverAll, never, operation, runAll, session } from './harness.ts'

afterEach(closeAll)

const attributes = [
  'contact.plan:string',
  'contact.seats:integer',
  'contact.active:boolean',
  'contact.tier:options(gold|silver)',
  'contact.since:date',
]

async function prepare(fields: readonly string[], columns: Record<string, Partial<Column>> = {}) {
  const { sandbox, clock, open } = await session({ attributes })
  sandbox.seed({
    attributes: [{ model: 'contact', name: 'old', type: 'string', archived: true }],
  })
  const plan = { object: 'contact', identifier: 'external_id', columns }
  const target = await open({ ...plan, fields: ['external_id', ...fields] })
  const failure = await runAll(clock, () => target.prepare(never)).catch((error) => error)
  return { failure, target, sandbox, clock }
}

test('without custom attributes nothing is asked', async () => {
  const { target } = await prepare(['email'])
  expect(target.requests.total).toBe(0)
})

test('attributes that exist and fit cost one request', async () => {
  const columns = { 'custom_attributes.seats': { type: 'integer' } } as const
  const { failure, target } = await prepare(
    ['custom_attributes.seats', 'custom_attributes.plan'],
    columns,
  )
  expect(failure).toBeUndefined()
  expect(target.requests.byEndpoint).toEqual({ 'GET /data_attributes': 1 })
})

describe('configuration errors', () => {
  test('an unknown attribute, with the closest one', async () => {
    const { failure } = await prepare(['custom_attributes.plna', 'custom_attributes.seat'])
    expect(failure).toBeInstanceOf(ConfigurationError)
    expect(failure.problems).toHaveLength(2)
    expect(failure.message).toMatch(
      /custom_attributes\.plna.*Did you mean custom_attributes\.plan\?/,
    )
    expect(failure.message).toMatch(/Did you mean custom_attributes\.seats\?/)
  })

  test('an archived attribute', async () => {
    const { failure } = await prepare(['custom_attributes.old'])
    expect(failure.message).toMatch(/old is archived/)
  })

  for (const [name, type] of [
    ['seats', 'boolean'],
    ['active', 'integer'],
    ['since', 'boolean'],
    ['plan', 'timestamptz'],
  ] as const) {
    test(`a ${type} column for ${name}`, async () => {
      const field = `custom_attributes.${name}`
      const { failure } = await prepare([field], { [field]: { type, sourceType: type } })
      expect(failure).toBeInstanceOf(ConfigurationError)
      expect(failure.message).toContain(`(${type}) never fits`)
    })
  }
})

test('numbers and booleans are sent as text to attributes that hold text', async () => {
  const columns = {
    'custom_attributes.plan': { type: 'integer' },
    'custom_attributes.tier': { type: 'text' },
    'custom_attributes.seats': { type: 'integer' },
  } as const
  const { target, sandbox, clock } = await prepare(Object.keys(columns), columns)
  const record = {
    external_id: 'u1',
    'custom_attributes.plan': 7,
    'custom_attributes.tier': 'gold',
    'custom_attributes.seats': 3,
  }
  const [result] = await runAll(clock, () => deliverAll(target, [operation(0, record)]))
  expect(result).toMatchObject({ result: 'applied' })
  const [contact] = sandbox.contents().contacts
  expect(contact?.custom_attributes).toEqual({ plan: '7', tier: 'gold', seats: 3 })
})

test('a refused token stops the run, and the message says what to check', async () => {
  const { clock, open } = await session()
  const plan = { object: 'contact', identifier: 'email', fields: ['custom_attributes.plan'] }
  const target = await open(plan, { token: 'another-secret' })
  const failure = await runAll(clock, () => target.prepare(never)).catch((error) => error)
  expect(failure).toBeInstanceOf(StopRunError)
  expect(failure.message).toMatch(/refused the token \(401 unauthorized\)/)
  expect(failure.message).not.toContain('another-secret')
})

test('an Intercom that cannot be reached is tried again', async () => {
  const { sandbox, clock, open } = await session()
  const plan = { object: 'contact', identifier: 'email', fields: ['custom_attributes.plan'] }
  const target = await open(plan)
  await sandbox.close()
  const failure = await runAll(clock, () => target.prepare(never)).catch((error) => error)
  expect(failure).toBeInstanceOf(TryAgainError)
  expect(failure.message).toMatch(
    /could not be reached at http:\/\/127\.0\.0\.1:\d+ \(ECONNREFUSED\)/,
  )
})
