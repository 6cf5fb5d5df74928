import { describe, expect, test } from 'vitest'
import { closeAfterEach, errorOf, start } from './harness.ts'

closeAfterEach()

describe('values', () => {
  const attributes = [
    'contact.text:string',
    'contact.whole:integer',
    'contact.part:float',
    'contact.flag:boolean',
    'contact.day:date',
    'contact.tier:options(gold|silver)',
    'company.other:string',
  ]
  const accepted: readonly (readonly [string, unknown])[] = [
    ['text', 'abc'],
    ['text', ''],
    ['whole', 42],
    ['part', 4.2],
    ['part', 4],
    ['flag', false],
    ['day', 1_700_000_000],
    ['tier', 'gold'],
    ['text', null],
    ['whole', null],
  ]
  test.each(accepted)('%s takes %j', async (name, value) => {
    const { call } = await start({ attributes })
    const answer = await call('POST', '/contacts', {
      external_id: 'u1',
      custom_attributes: { [name]: value },
    })
    expect(answer.status).toBe(200)
    expect(answer.body.custom_attributes).toEqual({ [name]: value })
  })

  const refused: readonly (readonly [string, unknown, string])[] = [
    ['text', 42, 'type_mismatch'],
    ['text', ['a'], 'type_mismatch'],
    ['whole', '42', 'type_mismatch'],
    ['whole', 4.2, 'type_mismatch'],
    ['part', '4.2', 'type_mismatch'],
    ['flag', 'true', 'type_mismatch'],
    ['flag', 1, 'type_mismatch'],
    ['day', '2026-01-01', 'type_mismatch'],
    ['day', 1.5, 'type_mismatch'],
    ['tier', 'bronze', 'parameter_invalid'],
  ]
  test.each(refused)('%s refuses %j', async (name, value, code) => {
    const { call, sandbox } = await start({ attributes })
    const answer = await call('POST', '/contacts', {
      external_id: 'u1',
      custom_attributes: { [name]: value },
    })
    expect(answer.body.errors).toEqual([
      expect.objectContaining({ code, field: `custom_attributes.${name}` }),
    ])
    expect(answer.status).toBe(400)
    expect(sandbox.contents().contacts).toHaveLength(0)
  })

  test.each(['nope', 'Text', 'other'])('%s does not exist for contacts', async (name) => {
    const { call } = await start({ attributes })
    const custom_attributes = { text: 'fine', [name]: 'x' }
    const answer = await call('POST', '/contacts', { external_id: 'u1', custom_attributes })
    expect(errorOf(answer)).toEqual({
      status: 400,
      code: 'parameter_invalid',
      message: `Custom attribute '${name}' does not exist`,
    })
  })

  test('an archived attribute does not exist, until it comes back', async () => {
    const { call } = await start()
    const made = await call('POST', '/data_attributes', {
      name: 'seats',
      model: 'contact',
      data_type: 'integer',
    })
    const write = () =>
      call('POST', '/companies', { company_id: 'c' }).then(() =>
        call('POST', '/contacts', { email: 'a@example.com', custom_attributes: { seats: 1 } }),
      )
    await call('PUT', `/data_attributes/${made.body.id}`, { archived: true })
    expect(errorOf(await write()).message).toBe("Custom attribute 'seats' does not exist")
    await call('PUT', `/data_attributes/${made.body.id}`, { archived: false })
    expect((await write()).status).toBe(200)
  })

  test('a value beside the options may be taken', async () => {
    const { call } = await start({ attributes, unknown_choices: 'accept' })
    const custom_attributes = { tier: 'bronze' }
    const { body } = await call('POST', '/contacts', { external_id: 'u1', custom_attributes })
    expect(body.custom_attributes).toEqual({ tier: 'bronze' })
  })

  test('more than 255 characters are cut off, or refused where that is asked for', async () => {
    const body = { external_id: 'u1', custom_attributes: { text: 'x'.repeat(256) } }
    const cutting = await start({ attributes })
    const { custom_attributes } = (await cutting.call('POST', '/contacts', body)).body
    expect(custom_attributes.text).toHaveLength(255)
    const refusing = await start({ attributes, long_strings: 'reject' })
    expect((await refusing.call('POST', '/contacts', body)).status).toBe(400)
  })
})

describe('data attributes', () => {
  const ring = { name: 'The One Ring', model: 'company', data_type: 'string' }

  test('are listed with the built-in ones, by model', async () => {
    const { call } = await start({ attributes: ['contact.seats:integer', 'company.tier:string'] })
    const names = async (query: string) => {
      const { data } = (await call('GET', `/data_attributes${query}`)).body
      return data.map((attribute: { full_name: string }) => attribute.full_name)
    }
    expect(await names('?model=contact')).toEqual(
      expect.arrayContaining(['external_id', 'email', 'custom_attributes.seats']),
    )
    expect(await names('?model=contact')).not.toContain('custom_attributes.tier')
    expect(await names('?model=company')).toContain('custom_attributes.tier')
    expect(await names('')).toEqual(
      expect.arrayContaining(['custom_attributes.seats', 'custom_attributes.tier']),
    )
    expect((await call('GET', '/data_attributes?model=conversation')).status).toBe(422)
  })

  test('are listed when archived only where that is asked for', async () => {
    const { call, sandbox } = await start()
    sandbox.seed({
      attributes: [{ model: 'contact', name: 'old', type: 'string', archived: true }],
    })
    const count = async (query: string) =>
      (await call('GET', `/data_attributes?model=contact${query}`)).body.data.filter(
        (attribute: { custom: boolean }) => attribute.custom,
      ).length
    expect(await count('')).toBe(0)
    expect(await count('&include_archived=true')).toBe(1)
  })

  test('that are lists are answered as their version answers them', async () => {
    const { call } = await start()
    const options = [{ value: '1-10' }, { value: '11-20' }]
    const body = { name: 'size class', model: 'company', data_type: 'options', options }
    const created = await call('POST', '/data_attributes', body)
    expect(created.body).toMatchObject({ data_type: 'options', options, custom: true })
    const path = `/data_attributes/${created.body.id}`
    const older = await call('PUT', path, {}, { 'Intercom-Version': '2.13' })
    expect(older.body).toMatchObject({ data_type: 'string', options: ['1-10', '11-20'] })
  })

  test.each([
    [
      { ...ring, model: 'contact' },
      "You already have 'The One Ring' in your company data. To save this as new people data, use a different name.",
    ],
    [
      ring,
      "You already have 'The One Ring' in your company data. To save this as new company data, use a different name.",
    ],
    [
      { ...ring, name: '!nv@l!d n@me' },
      'Your name for this attribute must only contain alphanumeric characters, currency symbols, and hyphens',
    ],
    [{ ...ring, name: 'B', data_type: 'mithril' }, "Data Type isn't an option"],
    [
      { ...ring, name: 'B', model: 'conversation' },
      'The Data Attribute model field must be either contact or company',
    ],
    [{ ...ring, name: 'B', data_type: 'options', options: {} }, "Options isn't an array"],
  ])('creating %j is refused', async (body, message) => {
    const { call } = await start()
    expect((await call('POST', '/data_attributes', ring)).status).toBe(200)
    const answer = await call('POST', '/data_attributes', body)
    expect(errorOf(answer)).toEqual({ status: 400, code: 'parameter_invalid', message })
  })

  test('that do not exist cannot be changed', async () => {
    const { call } = await start()
    expect(errorOf(await call('PUT', '/data_attributes/99', { archived: true }))).toEqual({
      status: 404,
      code: 'field_not_found',
      message: "We couldn't find that data attribute to update",
    })
  })

  test('do not take the name of a standard one of the same model', async () => {
    const { call } = await start()
    const create = (model: string, name: string) =>
      call('POST', '/data_attributes', { name, model, data_type: 'string' })
    expect(errorOf(await create('contact', 'email'))).toEqual({
      status: 400,
      code: 'parameter_invalid',
      message:
        "You already have 'email' in your people data. To save this as new people data, use a different name.",
    })
    expect((await create('company', 'industry')).status).toBe(400)
    expect((await create('contact', 'industry')).status).toBe(200)
  })

  test('that something depends on are not archived', async () => {
    const { call, sandbox } = await start()
    sandbox.seed({
      attributes: [{ model: 'contact', name: 'seats', type: 'integer', dependent: true }],
    })
    expect(errorOf(await call('PUT', '/data_attributes/1', { archived: true }))).toEqual({
      status: 422,
      code: 'data_invalid',
      message: 'The Data Attribute you are trying to archive has a dependant object',
    })
    expect((await call('PUT', '/data_attributes/1', { description: 'x' })).status).toBe(200)
    expect(sandbox.contents().attributes).toMatchObject([{ name: 'seats', archived: false }])
  })

  test('that come back count against the limit, which can be set', async () => {
    const { call } = await start({ attributes: ['contact.a:string'], attribute_limit: 1 })
    await call('PUT', '/data_attributes/1', { archived: true })
    expect((await call('POST', '/data_attributes', ring)).status).toBe(200)
    const answer = await call('PUT', '/data_attributes/1', { archived: false })
    expect(errorOf(answer).code).toBe('custom_data_limit_reached')
  })

  test('are 250 at most, archived ones aside', async () => {
    const attributes = Array.from({ length: 250 }, (_, n) => `contact.a${n}:string`)
    const { call } = await start({ attributes })
    expect(errorOf(await call('POST', '/data_attributes', ring))).toMatchObject({
      status: 400,
      code: 'custom_data_limit_reached',
    })
    await call('PUT', '/data_attributes/1', { archived: true })
    expect((await call('POST', '/data_attributes', ring)).status).toBe(200)
  })
})
