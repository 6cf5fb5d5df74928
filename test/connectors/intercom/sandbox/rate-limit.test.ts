import { expect, test } from 'vitest'
import { closeAfterEach, errorOf, start } from './harness.ts'

closeAfterEach()

const windowStart = Date.UTC(2026, 0, 1) / 1000

test('a window lets its requests pass, counts before each, and says a reset two seconds late', async () => {
  const { call, clock } = await start({ rate_limit: 3 })
  await clock.advance(4_000)
  const answers = []
  for (let count = 0; count < 5; count++) answers.push(await call('GET', '/me'))
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 429, 429])
  expect(answers.map(({ headers }) => headers['x-ratelimit-remaining'])).toEqual([
    '3',
    '2',
    '1',
    '0',
    '0',
  ])
  for (const { headers } of answers) {
    expect(headers).toMatchObject({
      'x-ratelimit-limit': '3',
      'x-ratelimit-reset': String(windowStart + 12),
    })
  }
  expect(errorOf(answers[3] as (typeof answers)[number])).toEqual({
    status: 429,
    code: 'rate_limit_exceeded',
    message: 'Exceeded rate limit of 3 in 10_seconds',
  })
  expect(answers[3]?.headers).not.toHaveProperty('retry-after')
})

test('windows are aligned to the clock', async () => {
  const { call, clock } = await start({ rate_limit: 1 })
  await clock.advance(9_999)
  expect((await call('GET', '/me')).status).toBe(200)
  expect((await call('GET', '/me')).status).toBe(429)
  await clock.advance(1)
  const { status, headers } = await call('GET', '/me')
  expect(status).toBe(200)
  expect(headers['x-ratelimit-reset']).toBe(String(windowStart + 22))
})

test('what is refused for other reasons counts; a wrong token neither counts nor is told', async () => {
  const { call } = await start({ rate_limit: 10 })
  const stranger = await call('GET', '/me', undefined, { Authorization: 'Bearer other' })
  expect(Object.keys(stranger.headers).filter((name) => name.startsWith('x-ratelimit'))).toEqual([])
  await call('GET', '/nothing')
  await call('POST', '/contacts', 'no JSON')
  expect((await call('GET', '/me')).headers['x-ratelimit-remaining']).toBe('8')
})

test('a request counts when it arrives, not when it is answered', async () => {
  const { call, clock } = await start({ rate_limit: 1, latency_ms: 15_000 })
  const answer = await clock.runAll(call('GET', '/me'))
  expect(answer.headers['x-ratelimit-reset']).toBe(String(windowStart + 12))
})

test('without a limit there are no headers', async () => {
  const { call } = await start({ rate_limit: 0 })
  expect((await call('GET', '/me')).headers).not.toHaveProperty('x-ratelimit-limit')
})

test('another app takes its share', async () => {
  const { call, clock, sandbox } = await start({ rate_limit: 100, other_app_calls: 50 })
  const remaining = async () => (await call('GET', '/me')).headers['x-ratelimit-remaining']
  expect(await remaining()).toBe('100')
  await clock.advance(5_000)
  expect(await remaining()).toBe('74')
  sandbox.spend(70)
  expect(await remaining()).toBe('3')
  await clock.advance(5_000)
  expect(await remaining()).toBe('100')
})
