import { describe, expect, test } from 'vitest'
import { closeAfterEach, errorOf, start } from './harness.ts'

closeAfterEach()

const day = 86_400
const morning = Date.UTC(2026, 0, 10, 9) / 1000

const people = [
  { external_id: 'u0', email: 'Ann@example.com', name: 'Ann', custom_attributes: { seats: 1 } },
  { external_id: 'u1', email: 'bob@example.com', name: 'Bob', custom_attributes: { seats: 5 } },
  { external_id: 'u2', email: 'ann@example.com', name: 'Anna', signed_up_at: morning },
  { external_id: 'u3', signed_up_at: morning + day, unsubscribed_from_emails: true },
  { external_id: 'u4', role: 'lead' as const, email: 'eve@example.org' },
  { external_id: 'gone', email: 'bob@example.com', state: 'archived' as const },
]

async function workspace(options = {}) {
  const harness = await start({ attributes: ['contact.seats:integer'], ...options })
  harness.sandbox.seed({ contacts: people })
  return harness
}

type Filter = { field: string; operator: string; value: unknown }
const filter = (field: string, operator: string, value: unknown): Filter => ({
  field,
  operator,
  value,
})
const and = (...value: object[]) => ({ operator: 'AND', value })
const or = (...value: object[]) => ({ operator: 'OR', value })

describe('finds', () => {
  const cases: readonly (readonly [object, string])[] = [
    [filter('external_id', '=', 'u1'), 'u1'],
    [filter('external_id', 'IN', ['u3', 'u1', 'u1', 'nobody']), 'u1 u3'],
    [filter('external_id', 'IN', []), ''],
    [filter('external_id', '=', 'gone'), ''],
    [filter('email', '=', 'ANN@example.com'), 'u0 u2'],
    [filter('email', 'IN', ['bob@example.com', 'eve@example.org']), 'u1 u4'],
    [filter('email', '=', null), 'u3'],
    [filter('email', '!=', 'ann@example.com'), 'u1 u3 u4'],
    [filter('external_id', 'NIN', ['u0', 'u1', 'u2']), 'u3 u4'],
    [filter('role', '=', 'lead'), 'u4'],
    [filter('email_domain', '=', 'example.org'), 'u4'],
    [filter('name', '~', 'nn'), 'u0 u2'],
    [filter('name', '!~', 'nn'), 'u1 u3 u4'],
    [filter('name', '^', 'ann'), 'u0 u2'],
    [filter('name', '$', 'a'), 'u2'],
    [filter('unsubscribed_from_emails', '=', true), 'u3'],
    [filter('custom_attributes.seats', '=', 5), 'u1'],
    [filter('custom_attributes.seats', '>', 1), 'u1'],
    [filter('custom_attributes.seats', '>=', 1), 'u0 u1'],
    [filter('custom_attributes.seats', '<', 5), 'u0'],
    [filter('signed_up_at', '=', morning + 3_600), 'u2'],
    [filter('signed_up_at', '=', String(morning)), 'u2'],
    [filter('signed_up_at', '>', morning - 3_600), 'u3'],
    [filter('signed_up_at', '>', morning - day), 'u2 u3'],
    [filter('signed_up_at', '<', morning + day), 'u2'],
    [and(filter('email', '=', 'ann@example.com'), filter('name', '=', 'Anna')), 'u2'],
    [or(filter('external_id', '=', 'u3'), filter('name', '=', 'Bob')), 'u1 u3'],
    [or(filter('external_id', '=', 'u3'), filter('email', '=', 'bob@example.com')), 'u1 u3'],
    [
      and(
        or(filter('name', '=', 'Ann'), filter('name', '=', 'Bob')),
        or(filter('custom_attributes.seats', '=', 5), filter('role', '=', 'lead')),
      ),
      'u1',
    ],
  ]
  test.each(cases)('%j', async (query, expected) => {
    const { call } = await workspace()
    const { status, body } = await call('POST', '/contacts/search', { query })
    expect(status).toBe(200)
    const found = body.data.map((contact: { external_id: string }) => contact.external_id)
    expect(found.join(' ')).toBe(expected)
    expect(body.total_count).toBe(found.length)
  })
})

describe('refuses', () => {
  const fine = filter('name', '=', 'x')
  const cases: readonly (readonly [string, object, number, string])[] = [
    ['no query', {}, 400, 'parameter_invalid'],
    ['a number for a text', { query: filter('external_id', '=', 5) }, 400, 'type_mismatch'],
    [
      'a number in a list of texts',
      { query: filter('external_id', 'IN', ['a', 5]) },
      400,
      'type_mismatch',
    ],
    ['IN without a list', { query: filter('email', 'IN', 'a') }, 400, 'type_mismatch'],
    [
      'a text for a number',
      { query: filter('custom_attributes.seats', '=', '5') },
      400,
      'type_mismatch',
    ],
    ['a text for a date', { query: filter('created_at', '>', 'foobar') }, 400, 'type_mismatch'],
    ['IN on a date', { query: filter('created_at', 'IN', [1]) }, 422, 'parameter_invalid'],
    ['!= on a date', { query: filter('created_at', '!=', 1) }, 422, 'parameter_invalid'],
    ['> on a text', { query: filter('name', '>', 'a') }, 400, 'parameter_invalid'],
    ['IN on tag_id', { query: filter('tag_id', 'IN', ['1']) }, 400, 'parameter_invalid'],
    ['an unknown operator', { query: filter('name', 'LIKE', 'a') }, 400, 'parameter_invalid'],
    ['an unknown field', { query: filter('company_id', '=', 'a') }, 400, 'parameter_invalid'],
    [
      'an unknown attribute',
      { query: filter('custom_attributes.no', '=', 'a') },
      400,
      'parameter_invalid',
    ],
    ['three levels', { query: and(or(and(fine))) }, 400, 'parameter_invalid'],
    [
      '16 filters',
      { query: or(...Array.from({ length: 16 }, () => fine)) },
      400,
      'parameter_invalid',
    ],
    ['151 a page', { query: fine, pagination: { per_page: 151 } }, 400, 'parameter_invalid'],
    ['none a page', { query: fine, pagination: { per_page: 0 } }, 400, 'parameter_invalid'],
    [
      'a made-up cursor',
      { query: fine, pagination: { starting_after: 'x' } },
      400,
      'parameter_invalid',
    ],
    [
      'an unknown order',
      { query: fine, sort: { field: 'name', order: 'desc' } },
      400,
      'invalid_sort_order',
    ],
  ]
  test.each(cases)('%s', async (_what, body, status, code) => {
    const { call } = await workspace()
    expect(errorOf(await call('POST', '/contacts/search', body))).toMatchObject({ status, code })
  })

  test('nothing of 15 filters in two levels', async () => {
    const { call } = await workspace()
    const group = or(...Array.from({ length: 15 }, () => fine))
    const answer = await call('POST', '/contacts/search', { query: and(group, group) })
    expect(answer.status).toBe(200)
  })
})

test('trails behind writes by the lag, for new contacts and for changes', async () => {
  const { call, clock } = await workspace({ search_lag_ms: 60_000 })
  const found = async (field: string, value: string) =>
    (await call('POST', '/contacts/search', { query: filter(field, '=', value) })).body.data.length
  expect(await found('external_id', 'u0')).toBe(1)

  const { id } = (await call('POST', '/contacts', { external_id: 'new', email: 'n@x.org' })).body
  expect(await found('external_id', 'new')).toBe(0)
  expect((await call('GET', '/contacts/find_by_external_id/new')).body.id).toBe(id)
  await clock.advance(59_999)
  expect(await found('external_id', 'new')).toBe(0)
  await clock.advance(1)
  expect(await found('external_id', 'new')).toBe(1)

  await call('PUT', `/contacts/${id}`, { email: 'other@x.org' })
  expect(await found('email', 'n@x.org')).toBe(1)
  expect(await found('email', 'other@x.org')).toBe(0)
  await call('POST', `/contacts/${id}/archive`)
  await clock.advance(60_000)
  expect(await found('external_id', 'new')).toBe(0)
})

test('leaves out merged contacts', async () => {
  const { call } = await workspace()
  const query = filter('email', '=', 'eve@example.org')
  const [lead] = (await call('POST', '/contacts/search', { query })).body.data
  const user = (await call('POST', '/contacts', { external_id: 'e', email: 'eve@example.org' }))
    .body
  await call('POST', '/contacts/merge', { from: lead.id, into: user.id })
  const { data } = (await call('POST', '/contacts/search', { query })).body
  expect(data.map((contact: { id: string }) => contact.id)).toEqual([user.id])
})

test('pages by cursor in the body, in either order', async () => {
  const { call, sandbox } = await start()
  const names = ['d', 'b', 'a', 'e', 'c']
  sandbox.seed({ contacts: names.map((name) => ({ external_id: name, name })) })
  const walk = async (sort?: object) => {
    const seen: string[] = []
    let starting_after: string | undefined
    do {
      const pagination = { per_page: 2, ...(starting_after !== undefined && { starting_after }) }
      const query = filter('role', '=', 'user')
      const { body } = await call('POST', '/contacts/search', { query, pagination, sort })
      expect(body).toMatchObject({ total_count: 5, pages: { per_page: 2, total_pages: 3 } })
      seen.push(...body.data.map((contact: { name: string }) => contact.name))
      starting_after = body.pages.next?.starting_after
    } while (starting_after !== undefined)
    return seen.join('')
  }
  expect(await walk()).toBe('dbaec')
  expect(await walk({ field: 'name', order: 'ascending' })).toBe('abcde')
  expect(await walk({ field: 'name' })).toBe('edcba')
})

test("matches dates by the calendar day of the workspace's time zone", async () => {
  const { call, sandbox } = await start({ timezone: 'America/Los_Angeles' })
  const at = (hour: number) => Date.UTC(2026, 0, 10, hour) / 1000
  sandbox.seed({ contacts: [{ external_id: 'u1', signed_up_at: at(7) }] })
  const matches = async (seconds: number) => {
    const query = filter('signed_up_at', '=', seconds)
    return (await call('POST', '/contacts/search', { query })).body.total_count
  }
  expect(await matches(at(0))).toBe(1)
  expect(await matches(at(9))).toBe(0)
})

test('IN may take so many values at most', async () => {
  const { call } = await start({ search_in_limit: 2 })
  const find = (operator: string, count: number) => {
    const value = Array.from({ length: count }, (_, number) => `u${number}`)
    return call('POST', '/contacts/search', { query: { field: 'external_id', operator, value } })
  }
  expect((await find('IN', 2)).status).toBe(200)
  expect(errorOf(await find('IN', 3))).toMatchObject({ status: 400, code: 'parameter_invalid' })
  expect((await find('NIN', 3)).status).toBe(400)
})
