import { afterEach, describe, expect, test } from 'vitest'
import {
  type Attribute,
  type AttributeType,
  readAttribute,
} from '../../../connectors/intercom/attribute-list.ts'
import { fitRecord } from '../../../connectors/intercom/attribute-values.ts'
import type { Scalar } from '../../../src/connector/index.ts'
import { closeAll, deliverAll, never, operation, runAll, session } from './harness.ts'

afterEach(closeAll)

const field = 'custom_attributes.it'

function taken(type: AttributeType, value: Scalar, options: readonly string[] | null = null) {
  const attribute: Attribute = {
    name: 'it',
    type,
    dataType: type,
    options,
    custom: true,
    archived: false,
  }
  const result = fitRecord({ external_id: 'u1', [field]: value }, new Map([[field, attribute]]))
  return 'failure' in result ? result.failure : result.fitted[field]
}

describe('what an attribute takes, converted where nothing is lost', () => {
  test.each<[AttributeType, Scalar, Scalar]>([
    ['string', 'gold', 'gold'],
    ['string', 7, '7'],
    ['string', 0.5, '0.5'],
    ['string', true, 'true'],
    ['string', 'é'.repeat(255), 'é'.repeat(255)],
    ['string', '😀'.repeat(255), '😀'.repeat(255)],
    ['integer', 12, 12],
    ['integer', '12', 12],
    ['integer', ' -12 ', -12],
    ['integer', '12.0', 12],
    ['integer', 1e15, 1e15],
    ['float', 3, 3],
    ['float', '3.25', 3.25],
    ['float', '-1.5e3', -1500],
    ['float', '.5', 0.5],
    ['boolean', false, false],
    ['boolean', 'TRUE', true],
    ['boolean', ' false ', false],
    ['boolean', 'Yes', true],
    ['boolean', 'off', false],
    ['boolean', 1, true],
    ['boolean', 0, false],
    ['date', 1_700_000_000, 1_700_000_000],
    ['date', 1_700_000_000.9, 1_700_000_000],
    ['date', '1970-01-02', 86_400],
    ['date', '1970-01-01T00:01', 60],
    ['date', '1970-01-01 00:01:01.9Z', 61],
    ['date', '1970-01-01T01:00:00+01', 0],
    ['date', '1970-01-01T01:00:00+0030', 1800],
    ['date', '1969-12-31T23:59:59Z', -1],
    ['string', null, null],
    ['integer', null, null],
  ])('%s takes %j', (type, value, sent) => {
    expect(taken(type, value)).toBe(sent)
  })

  test('an option that is offered', () => {
    expect(taken('options', 'gold', ['gold', '7'])).toBe('gold')
    expect(taken('options', 7, ['gold', '7'])).toBe('7')
  })
})

describe('what it does not take fails with field, reason and hint, and without the value', () => {
  test.each<[AttributeType, Scalar, RegExp]>([
    ['string', 'secret'.repeat(50), /takes 255 characters at most/],
    ['integer', 'secret', /holds whole numbers, and the row has something else/],
    ['integer', '', /holds whole numbers/],
    ['integer', true, /holds whole numbers/],
    ['integer', 1.5, /a fraction or more/],
    ['integer', '9007199254740993', /a fraction or more/],
    ['float', 'secret', /holds numbers, and the row has something else/],
    ['float', '1e999', /holds numbers/],
    ['float', '0x10', /holds numbers/],
    ['integer', '1e3', /holds whole numbers/],
    ['boolean', 'secret', /holds true or false/],
    ['boolean', 2, /holds true or false/],
    ['boolean', '', /holds true or false/],
    ['date', 'secret', /holds dates, and the row has something else/],
    ['date', '2026-02-30', /holds dates/],
    ['date', '2026-02-28T25:00', /holds dates/],
    ['date', 1_700_000_000_000, /too large for unix seconds/],
    ['date', true, /holds dates/],
  ])('%s does not take %j', (type, value, reason) => {
    const failure = taken(type, value)
    expect(failure).toEqual({
      code: 'invalid_value',
      field,
      message: expect.stringMatching(reason),
      hint: expect.any(String),
    })
    expect(JSON.stringify(failure)).not.toContain('secret')
  })

  test('an option that is not offered, with those that are', () => {
    const options = Array.from({ length: 12 }, (_, index) => `option ${index}`)
    expect(taken('options', 'Option 1', options)).toMatchObject({
      code: 'invalid_value',
      field,
      hint: expect.stringMatching(
        /^It offers option 0, .* option 9 and 2 more; letter case counts/,
      ),
    })
  })
})

test('options are read as texts and as objects', () => {
  const entry = { name: 'tier', custom: true, data_type: 'string', options: ['gold', 'silver'] }
  expect(readAttribute(entry)).toMatchObject([{ type: 'options', options: ['gold', 'silver'] }])
  const newer = { ...entry, data_type: 'options', options: [{ value: 'gold' }] }
  expect(readAttribute(newer)).toMatchObject([{ type: 'options', options: ['gold'] }])
  const preview = { name: 'at', custom: true, data_type: 'datetime' }
  expect(readAttribute(preview)).toMatchObject([{ type: 'date', options: null }])
  expect(readAttribute({ name: 'x', custom: true, data_type: 'relationship' })).toMatchObject([
    { type: null, dataType: 'relationship' },
  ])
})

const attributes = ['contact.plan:string', 'contact.seats:integer', 'contact.tier:options(a|b)']
const fields = attributes.map((line) => `custom_attributes.${/\.(\w+):/.exec(line)?.[1]}`)

async function prepared() {
  const opened = await session({ attributes })
  const plan = { object: 'contact', identifier: 'external_id', fields: ['external_id', ...fields] }
  const target = await opened.open(plan)
  await runAll(opened.clock, () => target.prepare(never))
  return { ...opened, target }
}

test('values are sent as the attributes take them', async () => {
  const { target, sandbox, clock } = await prepared()
  const record = {
    external_id: 'u1',
    'custom_attributes.plan': 7,
    'custom_attributes.seats': '12',
    'custom_attributes.tier': 'a',
  }
  const [result] = await runAll(clock, () => deliverAll(target, [operation(0, record)]))
  expect(result).toMatchObject({ result: 'applied' })
  const [contact] = sandbox.contents().contacts
  expect(contact?.custom_attributes).toEqual({ plan: '7', seats: 12, tier: 'a' })
})

test('a row that does not fit costs no call, and those beside it are delivered', async () => {
  const { target, sandbox, clock } = await prepared()
  const results = await runAll(clock, () =>
    deliverAll(target, [
      operation(0, { external_id: 'u0', 'custom_attributes.tier': 'c' }, 'known-id'),
      operation(1, { external_id: 'u1', 'custom_attributes.tier': 'b' }),
    ]),
  )
  expect(results).toMatchObject([
    { result: 'rejected', failure: { code: 'invalid_value', field: 'custom_attributes.tier' } },
    { result: 'applied' },
  ])
  expect(sandbox.contents().contacts).toHaveLength(1)
  expect(target.requests.byEndpoint['PUT /contacts/{id}']).toBeUndefined()
})

test('a change of tags alone is not held up by a value', async () => {
  const { open, clock, sandbox } = await session({ attributes })
  const { contacts } = sandbox.seed({ contacts: [{ external_id: 'u0' }] })
  const plan = { object: 'contact', identifier: 'external_id', fields: ['external_id', ...fields] }
  const target = await open({ ...plan, lists: ['tags'] })
  await runAll(clock, () => target.prepare(never))
  const record = { external_id: 'u0', 'custom_attributes.tier': 'gone', tags: ['VIP'] }
  const more = { changed: ['tags'], held: { ...record, tags: [] } }
  const [result] = await runAll(clock, () =>
    deliverAll(target, [operation(0, record, contacts[0] ?? null, more)]),
  )
  expect(result).toMatchObject({ result: 'applied' })
})

test('an attribute that was archived since the check fails as unknown_attribute', async () => {
  const { target, sandbox, clock } = await prepared()
  const headers = {
    authorization: `Bearer ${sandbox.token}`,
    'intercom-version': '2.16',
    'content-type': 'application/json',
  }
  const listed = await fetch(`${sandbox.url}/data_attributes?model=contact`, { headers })
  const { data } = (await listed.json()) as { data: { id: number; name: string }[] }
  const id = data.find(({ name }) => name === 'seats')?.id
  const body = JSON.stringify({ archived: true })
  await fetch(`${sandbox.url}/data_attributes/${id}`, { method: 'PUT', headers, body })
  const record = { external_id: 'u1', 'custom_attributes.seats': 3 }
  const [result] = await runAll(clock, () => deliverAll(target, [operation(0, record)]))
  expect(result).toMatchObject({
    result: 'rejected',
    failure: { code: 'unknown_attribute', field: 'custom_attributes.seats' },
  })
})
