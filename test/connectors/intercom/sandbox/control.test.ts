import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { startSandbox } from '../../../../connectors/intercom/sandbox/index.ts'
import { VirtualClock } from '../../../support/virtual-clock.ts'
import { closeAfterEach, type Harness, start } from './harness.ts'

closeAfterEach()

const bare = {
  Authorization: undefined,
  Accept: undefined,
  'Intercom-Version': undefined,
}

const control = ({ call }: Harness, method: string, path: string, body?: unknown) =>
  call(method, `/_sandbox${path}`, body, bare)

test('needs no token, and lists its commands to who asks for another', async () => {
  const harness = await start()
  const answer = await control(harness, 'GET', '/nothing')
  expect(answer.status).toBe(404)
  expect(answer.body.commands).toContain('POST /_sandbox/seed')
})

test('seeds what Intercom may hold, and lists it', async () => {
  const harness = await start()
  const seeded = await control(harness, 'POST', '/seed', {
    attributes: [
      'contact.seats:integer',
      { model: 'company', name: 'tier', type: 'options', options: ['a', 'b'] },
    ],
    contacts: [
      { external_id: 'u1', email: 'ann@example.com', custom_attributes: { seats: 3 } },
      { id: 'abc', email: 'ann@example.com', state: 'deleted' },
    ],
    companies: [{ company_id: 'c1', name: 'Acme', custom_attributes: { tier: 'a' } }],
  })
  expect(seeded.status).toBe(200)
  expect(seeded.body.contacts[1]).toBe('abc')
  const { body } = await control(harness, 'GET', '/contents')
  expect(body.contacts).toMatchObject([
    { id: seeded.body.contacts[0], custom_attributes: { seats: 3 }, state: 'active' },
    { id: 'abc', state: 'deleted' },
  ])
  expect(body.companies).toMatchObject([{ company_id: 'c1', custom_attributes: { tier: 'a' } }])
})

test.each([
  [{ people: [] }, 'people'],
  [{ contacts: [{ state: 'lost' }] }, 'contacts.0.state'],
  [{ contacts: [{ custom_attributes: { nope: 1 } }] }, "'nope' does not exist"],
  [{ attributes: ['seats'] }, 'attributes.0'],
  [{ contacts: [{ companies: ['c9'] }] }, "no company with the company_id 'c9'"],
  [{ contacts: [{ state: 'merged' }] }, 'merged_into'],
  [{ contacts: [{ merged_into: 'b' }] }, 'merged_into'],
  [{ contacts: [{ state: 'merged', merged_into: 'b' }] }, "no contact with the id 'b'"],
  [{ tags: ['vip', { id: '7', name: 'VIP' }] }, "There is a tag 'vip' already"],
  ['no JSON', 'not JSON'],
])('says what is wrong with the seed %j', async (body, part) => {
  const answer = await control(await start(), 'POST', '/seed', body)
  expect(answer.status).toBe(400)
  expect(answer.body.error).toContain(part)
})

test('seeds tags, companies, conversations and admins, and lists them by name', async () => {
  const harness = await start()
  const seeded = await control(harness, 'POST', '/seed', {
    admins: [{ id: '9' }],
    tags: ['vip', { id: '70', name: 'old' }],
    companies: [{ company_id: 'c1', tags: ['VIP'] }],
    contacts: [{ external_id: 'u1', tags: ['new', 'old'], companies: ['c1'] }],
    conversations: [{ id: '5', tags: ['vip'] }],
  })
  expect(seeded.body).toMatchObject({ tags: ['1', '70'], conversations: ['5'] })
  expect((await control(harness, 'GET', '/contents')).body).toMatchObject({
    tags: ['vip', 'old', 'new'],
    companies: [{ company_id: 'c1', tags: ['vip'] }],
    contacts: [{ external_id: 'u1', tags: ['new', 'old'], companies: ['c1'] }],
    conversations: [{ id: '5', tags: ['vip'] }],
    attributes: [],
  })
  await control(harness, 'POST', '/reset')
  expect((await control(harness, 'GET', '/contents')).body.tags).toEqual([])
})

test('counts requests by endpoint and by status, and keeps the latest', async () => {
  const harness = await start({ rate_limit: 4, keep_requests: 2 })
  const { call } = harness
  const { id } = (await call('POST', '/contacts', { external_id: 'u1' })).body
  await call('PUT', `/contacts/${id}`, { name: 'Ann' })
  await call('GET', '/companies?company_id=c1')
  await call('GET', '/nowhere')
  await call('GET', '/me')
  const report = (await control(harness, 'GET', '/requests')).body
  expect(report).toMatchObject({
    total: 5,
    rateLimited: 1,
    byEndpoint: {
      'POST /contacts': 1,
      'PUT /contacts/{id}': 1,
      'GET /companies': 1,
      'GET /nowhere': 1,
      'GET /me': 1,
    },
    byStatus: { 200: 2, 404: 2, 429: 1 },
  })
  expect(report.log.map((entry: { path: string }) => entry.path)).toEqual(['/nowhere', '/me'])
  await control(harness, 'DELETE', '/requests')
  expect((await control(harness, 'GET', '/requests')).body.total).toBe(0)
})

test('keeps the body and the time of a request', async () => {
  const { call, clock, sandbox } = await start()
  await call('POST', '/contacts', { external_id: 'u1' })
  expect(sandbox.requests().log).toEqual([
    {
      time: clock.now(),
      ended: clock.now(),
      method: 'POST',
      path: '/contacts',
      endpoint: 'POST /contacts',
      body: { external_id: 'u1' },
      status: 200,
      fault: null,
    },
  ])
})

test('changes settings while it runs', async () => {
  const harness = await start()
  const changed = await control(harness, 'PATCH', '/settings', { rate_limit: 5, token: 'new' })
  expect(changed.body).toMatchObject({ rate_limit: 5, token: 'new', search_lag_ms: 0 })
  expect((await harness.call('GET', '/me')).status).toBe(401)
  const answer = await harness.call('GET', '/me', undefined, { Authorization: 'Bearer new' })
  expect(answer.headers['x-ratelimit-limit']).toBe('5')
  expect((await control(harness, 'PATCH', '/settings', { port: 1 })).status).toBe(400)
  expect((await control(harness, 'PATCH', '/settings', { rate_limit: -1 })).status).toBe(400)
  expect((await control(harness, 'GET', '/settings')).body.rate_limit).toBe(5)
})

test('takes rules for faults, lists and clears them', async () => {
  const harness = await start()
  const rule = { method: 'GET', path: '/me', times: null, fault: { kind: 'status', status: 503 } }
  await control(harness, 'POST', '/faults', rule)
  expect((await harness.call('GET', '/me')).status).toBe(503)
  expect((await control(harness, 'GET', '/faults')).body).toMatchObject([rule])
  await control(harness, 'DELETE', '/faults')
  expect((await harness.call('GET', '/me')).status).toBe(200)
  expect((await control(harness, 'POST', '/faults', { fault: { kind: 'x' } })).status).toBe(400)
})

test('puts time forward and spends requests', async () => {
  const harness = await start({ rate_limit: 10, search_lag_ms: 60_000 })
  const { call, clock } = harness
  await call('POST', '/contacts', { external_id: 'u1' })
  await control(harness, 'POST', '/spend', { requests: 8 })
  const last = await call('GET', '/me')
  expect(last.headers['x-ratelimit-remaining']).toBe('1')
  await control(harness, 'POST', '/advance', { milliseconds: 60_000 })
  const query = { field: 'external_id', operator: '=', value: 'u1' }
  const { body, headers } = await call('POST', '/contacts/search', { query })
  expect(body.total_count).toBe(1)
  expect(headers['x-ratelimit-remaining']).toBe('10')
  expect(headers.date).toBe(new Date(clock.now() + 60_000).toUTCString())
})

test('goes back to how it started, seed file included', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-sandbox-'))
  const seed = join(folder, 'seed.json')
  try {
    await writeFile(seed, JSON.stringify({ contacts: [{ external_id: 'first' }] }))
    const harness = await start({ seed, rate_limit: 100 })
    const { sandbox, call } = harness
    await call('POST', '/contacts', { external_id: 'second' })
    sandbox.change({ rate_limit: 1 })
    sandbox.faults.add({ times: null, fault: { kind: 'reset' } })
    await control(harness, 'POST', '/reset')
    expect(sandbox.contents().contacts).toMatchObject([{ external_id: 'first' }])
    expect(sandbox.requests().total).toBe(0)
    expect((await call('GET', '/me')).headers).toMatchObject({
      'x-ratelimit-limit': '100',
      'x-ratelimit-remaining': '100',
    })
  } finally {
    await rm(folder, { recursive: true })
  }
})

test('the same start and the same requests give the same answers', async () => {
  const once = async () => {
    const { call } = await start()
    return (await call('POST', '/contacts', { role: 'lead', email: 'a@example.com' })).text
  }
  expect(await once()).toBe(await once())
})

test('a hundred thousand contacts are found by index', async () => {
  const { call, sandbox } = await start()
  const contacts = Array.from({ length: 100_000 }, (_, n) => ({
    external_id: `u${n}`,
    email: `u${n}@example.com`,
  }))
  const ids = sandbox.seed({ contacts }).contacts
  const query = { field: 'email', operator: 'IN', value: ['U5@example.com', 'u99999@example.com'] }
  const found = (await call('POST', '/contacts/search', { query })).body.data
  expect(found.map((contact: { id: string }) => contact.id)).toEqual([ids[5], ids[99_999]])
  expect((await call('POST', '/contacts', { external_id: 'u77777' })).status).toBe(409)
})

const context = { clock: new VirtualClock(), random: () => 0 }

test.each([
  [{ rate_limit: -1 }, 'sandbox option rate_limit: Too small'],
  [{ timezone: 'Mars/Olympus' }, 'sandbox option timezone: must be the name of a time zone'],
  [{ attributes: ['seats'] }, 'sandbox option attributes.0: must read contact.NAME:TYPE'],
  [{ seed: '/no/such/file.json' }, 'The seed file /no/such/file.json cannot be read: ENOENT'],
  [{ attributes: ['contact.a:string', 'company.a:string'] }, "You already have 'a'"],
])('refuses to start with %j', async (options, message) => {
  const failure = await startSandbox(options, context).catch((error: unknown) => error)
  expect(failure).toMatchObject({ name: 'ConfigurationError' })
  expect((failure as Error).message).toContain(message)
})

test('refuses a port that is taken', async () => {
  const { sandbox } = await start()
  const port = Number(new URL(sandbox.url).port)
  await expect(startSandbox({ port }, context)).rejects.toThrow(`Port ${port} is taken`)
})
