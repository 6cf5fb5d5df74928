import { afterEach, describe, expect, test } from 'vitest'
import { findAttribute } from '../../../connectors/intercom/attribute-problems.ts'
import {
  type Column,
  ConfigurationError,
  StopRunError,
  TryAgainError,
} from '../../../src/connector/index.ts'
import { closeAll, never, type PlanInput, runAll, session } from './harness.ts'

afterEach(closeAll)

const attributes = [
  'contact.plan:string',
  'contact.seats:integer',
  'contact.active:boolean',
  'contact.tier:options(gold|silver)',
  'contact.since:date',
  'company.industry_code:string',
]

type Columns = Record<string, Partial<Column>>

async function prepare(
  fields: readonly string[],
  columns: Columns = {},
  { plan = {}, options = {} }: { plan?: Partial<PlanInput>; options?: object } = {},
) {
  const { sandbox, clock, notices, open } = await session({ attributes, ...options })
  sandbox.seed({
    attributes: [
      { model: 'contact', name: 'old', type: 'string', archived: true },
      { model: 'contact', name: 'ordr', type: 'string', archived: true },
      'contact.order:string',
    ],
  })
  const target = await open({
    object: 'contact',
    identifier: 'external_id',
    columns,
    fields: ['external_id', ...fields],
    ...plan,
  })
  const failure = await runAll(clock, () => target.prepare(never)).catch((error) => error)
  return { failure, target, sandbox, clock, notices }
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
  test('an unknown attribute, with the closest one and its type', async () => {
    const fields = ['custom_attributes.plna', 'custom_attributes.Seat-s']
    const { failure, target } = await prepare(fields)
    expect(failure).toBeInstanceOf(ConfigurationError)
    expect(failure.problems.map((problem: { field: string }) => problem.field)).toEqual(fields)
    expect(failure.message).toMatch(
      /custom_attributes\.plna: the workspace has no contact attribute plna\. Did you mean custom_attributes\.plan \(string\)\?/,
    )
    expect(failure.message).toMatch(/Did you mean custom_attributes\.seats \(integer\)\?/)
    expect(target.requests.byEndpoint).toEqual({ 'GET /data_attributes': 2 })
  })

  test.each([
    ['old', /old is archived in Intercom; unarchive it there/],
    ['ordr', /ordr is archived .* Did you mean custom_attributes\.order \(string\)\?/],
    ['email', /email is a standard field of a contact: map it as email,/],
    ['browser', /browser is a standard field .* it cannot be written/],
    ['industry_code', /industry_code is a company attribute, .* target: company/],
    ['seats.total', /a name consists of letters/],
    [
      'zzz',
      /the workspace has no contact attribute zzz\. Otherwise create it .* create_attributes/,
    ],
  ])('the name %s', async (name, message) => {
    const { failure } = await prepare([`custom_attributes.${name}`])
    expect(failure).toBeInstanceOf(ConfigurationError)
    expect(failure.message).toMatch(message)
  })

  test.each(['old', 'email', 'browser', 'industry_code', 'seats.total'])(
    'the name %s is not created either, nor is anything beside it',
    async (name) => {
      const fields = ['custom_attributes.brand_new', `custom_attributes.${name}`]
      const { failure, target } = await prepare(fields, {}, { plan: { createAttributes: true } })
      expect(failure).toBeInstanceOf(ConfigurationError)
      expect(failure.problems).toHaveLength(1)
      expect(target.requests.byEndpoint).toEqual({ 'GET /data_attributes': 2 })
    },
  )

  test.each([
    ['seats', 'boolean', 'whole numbers (integer)'],
    ['seats', 'timestamp', 'whole numbers (integer)'],
    ['active', 'date', 'true or false (boolean)'],
    ['since', 'boolean', 'dates (date)'],
    ['plan', 'timestamptz', 'text (string)'],
    ['tier', 'date', 'one of a list of options (options)'],
  ] as const)('%s from a %s column', async (name, type, held) => {
    const field = `custom_attributes.${name}`
    const { failure } = await prepare([field], { [field]: { type, sourceType: type } })
    expect(failure).toBeInstanceOf(ConfigurationError)
    expect(failure.message).toContain(`holds ${held}, which the column`)
    expect(failure.message).toContain(`(${type}) never fits; cast it in the query.`)
  })
})

describe('create_attributes', () => {
  const created = { plan: { createAttributes: true } }

  test('makes what is missing with the type of its column, and says so', async () => {
    const types = {
      a_text: 'text',
      a_document: 'json',
      an_integer: 'integer',
      a_decimal: 'decimal',
      a_float: 'float',
      a_flag: 'boolean',
      a_day: 'date',
      a_time: 'timestamp',
      a_moment: 'timestamptz',
    } as const
    const columns = Object.fromEntries(
      Object.entries(types).map(([name, type]) => [`custom_attributes.${name}`, { type }]),
    )
    const fields = [...Object.keys(columns), 'custom_attributes.seats']
    const { failure, sandbox, target, notices } = await prepare(
      fields,
      { ...columns, 'custom_attributes.seats': { type: 'integer' } },
      created,
    )
    expect(failure).toBeUndefined()
    const answer = await fetch(`${sandbox.url}/data_attributes?model=contact`, {
      headers: { authorization: `Bearer ${sandbox.token}`, 'intercom-version': '2.16' },
    })
    const { data } = (await answer.json()) as { data: { name: string; data_type: string }[] }
    const made = Object.fromEntries(
      data.filter(({ name }) => name in types).map(({ name, data_type }) => [name, data_type]),
    )
    expect(made).toEqual({
      a_text: 'string',
      a_document: 'string',
      an_integer: 'integer',
      a_decimal: 'float',
      a_float: 'float',
      a_flag: 'boolean',
      a_day: 'date',
      a_time: 'date',
      a_moment: 'date',
    })
    expect(target.requests.byEndpoint).toEqual({
      'GET /data_attributes': 2,
      'POST /data_attributes': 9,
    })
    expect(notices).toContain('Created the contact attribute a_day (date) in Intercom.')
  })

  test('takes no type from a constant', () => {
    const workspace = { model: 'contact', own: [], otherNames: new Set<string>() } as const
    const mapped = { field: 'custom_attributes.origin', column: null }
    expect(findAttribute(mapped, workspace, true)).toMatchObject({
      field: 'custom_attributes.origin',
      message: expect.stringMatching(/origin cannot be created, since a constant has no column/),
    })
  })

  test('a workspace that is full is a configuration error', async () => {
    const { failure } = await prepare(
      ['custom_attributes.one_more'],
      {},
      {
        ...created,
        options: { attribute_limit: 7 },
      },
    )
    expect(failure).toBeInstanceOf(ConfigurationError)
    expect(failure.message).toMatch(
      /custom_attributes\.one_more: Intercom did not create the contact attribute one_more \(400 custom_data_limit_reached\): /,
    )
  })

  test.each(['unauthorized', 'forbidden'] as const)(
    'a token that may not stops the run (%s)',
    async (missing_scope) => {
      const options = { without_scopes: ['write_data_attributes'], missing_scope }
      const { failure } = await prepare(['custom_attributes.more'], {}, { ...created, options })
      expect(failure).toBeInstanceOf(StopRunError)
      expect(failure.message).toMatch(
        /may not create the contact attribute more .* write data attributes/,
      )
    },
  )

  test('a lost answer is tried again, and finds what was made', async () => {
    const { sandbox, clock, open } = await session({ attributes })
    sandbox.faults.add({
      method: 'POST',
      path: '/data_attributes',
      fault: { kind: 'reset', applied: true },
    })
    const target = await open({
      object: 'contact',
      fields: ['custom_attributes.fresh'],
      createAttributes: true,
    })
    const failure = await runAll(clock, () => target.prepare(never)).catch((error) => error)
    expect(failure).toBeInstanceOf(TryAgainError)
    await runAll(clock, () => target.prepare(never))
    expect(target.requests.byEndpoint['POST /data_attributes']).toBe(1)
  })
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
