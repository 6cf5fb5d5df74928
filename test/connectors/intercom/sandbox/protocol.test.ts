import { expect, test } from 'vitest'
import { closeAfterEach, errorOf, type Headers, start } from './harness.ts'

closeAfterEach()

const unauthorized = { status: 401, code: 'unauthorized', message: 'Access Token Invalid' }
const notInThisVersion = {
  status: 400,
  code: 'intercom_version_invalid',
  message: 'Requested resource is not available in current API version.',
}

interface Refusal {
  readonly what: string
  readonly path?: string
  readonly method?: string
  readonly body?: unknown
  readonly headers?: Headers
  readonly error: { status: number; code: string; message?: string }
}

const refusals: readonly Refusal[] = [
  { what: 'no token', headers: { Authorization: undefined }, error: unauthorized },
  { what: 'another token', headers: { Authorization: 'Bearer nonsense' }, error: unauthorized },
  { what: 'another scheme', headers: { Authorization: 'Basic abc' }, error: unauthorized },
  {
    what: 'no Accept header',
    headers: { Accept: undefined },
    error: { status: 406, code: 'not_acceptable' },
  },
  {
    what: 'an Accept header without JSON',
    headers: { Accept: 'text/html' },
    error: { status: 406, code: 'not_acceptable' },
  },
  {
    what: 'an unknown version',
    headers: { 'Intercom-Version': '2.99' },
    error: { status: 400, code: 'intercom_version_invalid' },
  },
  {
    what: 'no version, where the app is set to none and so to 1.0',
    path: '/contacts',
    headers: { 'Intercom-Version': undefined },
    error: notInThisVersion,
  },
  {
    what: 'find_by_external_id before 2.13',
    path: '/contacts/find_by_external_id/a',
    headers: { 'Intercom-Version': '2.12' },
    error: notInThisVersion,
  },
  {
    what: 'an unknown path',
    path: '/people',
    error: { status: 404, code: 'not_found', message: 'Resource Not Found' },
  },
  {
    what: 'an unknown method of a known path',
    method: 'PATCH',
    path: '/contacts',
    error: { status: 404, code: 'not_found', message: 'Resource Not Found' },
  },
  {
    what: 'a body that is no JSON',
    method: 'POST',
    path: '/contacts',
    body: '{"email":',
    error: { status: 400, code: 'invalid_document' },
  },
  {
    what: 'a body that is no object',
    method: 'POST',
    path: '/contacts',
    body: [1],
    error: { status: 400, code: 'invalid_document' },
  },
  {
    what: 'a path that is not encoded',
    path: '/contacts/%E0%A4%A',
    error: { status: 400, code: 'parameter_invalid' },
  },
]

test.each(refusals)('refuses $what', async ({ method = 'GET', path = '/me', ...refusal }) => {
  const { call } = await start()
  const answer = await call(method, path, refusal.body, refusal.headers)
  expect(errorOf(answer)).toMatchObject(refusal.error)
  expect(answer.body).toEqual({
    type: 'error.list',
    request_id: answer.headers['x-request-id'],
    errors: [expect.objectContaining({ code: refusal.error.code })],
  })
})

test('echoes the version and gives every answer an id of its own', async () => {
  const { call } = await start({ app_version: '2.10' })
  const [first, second] = [await call('GET', '/me'), await call('GET', '/me')]
  expect(first?.headers['intercom-version']).toBe('2.16')
  expect(first?.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/)
  expect(first?.headers['x-request-id']).not.toBe(second?.headers['x-request-id'])
  const unpinned = await call('GET', '/contacts', undefined, { 'Intercom-Version': undefined })
  expect(unpinned.status).toBe(200)
  expect(unpinned.headers['intercom-version']).toBe('2.10')
})

test('accepts what a browser and fetch accept', async () => {
  const { call } = await start()
  for (const Accept of ['*/*', 'application/*', 'text/html,application/json;q=0.5']) {
    expect((await call('GET', '/me', undefined, { Accept })).status).toBe(200)
  }
})

test('GET /me names the workspace', async () => {
  const { call } = await start({ app_id: 'abc', region: 'EU', timezone: 'Europe/Dublin' })
  const { app } = (await call('GET', '/me')).body
  expect(app).toMatchObject({ id_code: 'abc', region: 'EU', timezone: 'Europe/Dublin' })
})

test('many may wait at once without a warning', async () => {
  const warnings: string[] = []
  const listen = (warning: Error) => warnings.push(warning.name)
  process.on('warning', listen)
  const { call, clock } = await start({ latency_ms: 250 })
  const answers = await clock.runAll(
    Promise.all(Array.from({ length: 30 }, () => call('GET', '/me'))),
    { isIdle: () => clock.sleeping === 30 || clock.now() > Date.UTC(2026, 0, 1) },
  )
  // A warning comes with the next turn of the event loop.
  await new Promise((resolve) => setImmediate(resolve))
  process.off('warning', listen)
  expect(answers.every(({ status }) => status === 200)).toBe(true)
  expect(warnings).toEqual([])
})

test('closing ends those who wait', async () => {
  const { call, clock, sandbox } = await start({ latency_ms: 250 })
  const broken = Promise.allSettled(Array.from({ length: 3 }, () => call('GET', '/me')))
  while (clock.sleeping < 3) await new Promise((resolve) => setImmediate(resolve))
  await sandbox.close()
  expect((await broken).map(({ status }) => status)).toEqual(Array(3).fill('rejected'))
  expect(clock.sleeping).toBe(0)
})

test('answers take as long as they are told to, by the clock', async () => {
  const { call, clock } = await start({ latency_ms: 250 })
  const before = clock.now()
  const answer = await clock.runAll(call('GET', '/me'))
  expect(clock.now() - before).toBe(250)
  expect(answer.headers.date).toBe(new Date(clock.now()).toUTCString())
})
