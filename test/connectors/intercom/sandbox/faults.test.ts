import { expect, test } from 'vitest'
import type { FaultRuleInput } from '../../../../connectors/intercom/sandbox/index.ts'
import { closeAfterEach, errorOf, start } from './harness.ts'

closeAfterEach()

const create = { external_id: 'u1' }

interface Case {
  readonly what: string
  readonly fault: FaultRuleInput['fault']
  readonly status: number
  readonly text: RegExp
  readonly applied: boolean
}

const answers: readonly Case[] = [
  {
    what: '500 as JSON',
    fault: { kind: 'status', status: 500, code: 'server_error', message: 'Sorry' },
    status: 500,
    text: /"code":"server_error","message":"Sorry"/,
    applied: false,
  },
  {
    what: '502 as HTML',
    fault: { kind: 'status', status: 502, body: 'html' },
    status: 502,
    text: /^<html>/,
    applied: false,
  },
  {
    what: '503 without a body, after the write',
    fault: { kind: 'status', status: 503, body: 'empty', applied: true },
    status: 503,
    text: /^$/,
    applied: true,
  },
  {
    what: '429',
    fault: { kind: 'status', status: 429, headers: { 'Retry-After': '7' } },
    status: 429,
    text: /"code":"rate_limit_exceeded"/,
    applied: false,
  },
  { what: 'garbage', fault: { kind: 'garbage' }, status: 200, text: /<<</, applied: true },
  { what: 'an empty 200', fault: { kind: 'empty' }, status: 200, text: /^$/, applied: true },
  {
    what: 'half an answer',
    fault: { kind: 'truncated' },
    status: 200,
    text: /^\{"type":"contact".*[^}]$/,
    applied: true,
  },
  {
    what: 'garbage before the write',
    fault: { kind: 'garbage', applied: false },
    status: 200,
    text: /<<</,
    applied: false,
  },
]

test.each(answers)('answers $what', async ({ fault, status, text, applied }) => {
  const { call, sandbox } = await start({ rate_limit: 10 })
  sandbox.faults.add({ fault })
  const answer = await call('POST', '/contacts', create)
  expect(answer.status).toBe(status)
  expect(answer.text).toMatch(text)
  expect(answer.headers['x-ratelimit-remaining']).toBe('10')
  expect(sandbox.contents().contacts).toHaveLength(applied ? 1 : 0)
  const second = await call('POST', '/contacts', create)
  expect(second.status).toBe(applied ? 409 : 200)
})

test('a fault may bring headers', async () => {
  const { call, sandbox } = await start()
  sandbox.faults.add({ fault: { kind: 'status', status: 429, headers: { 'Retry-After': '7' } } })
  expect((await call('GET', '/me')).headers['retry-after']).toBe('7')
})

test.each([true, false])('cuts the connection, the write applied: %s', async (applied) => {
  const { call, sandbox } = await start()
  sandbox.faults.add({ fault: { kind: 'reset', applied } })
  await expect(call('POST', '/contacts', create)).rejects.toThrow('ECONNRESET')
  expect(sandbox.contents().contacts).toHaveLength(applied ? 1 : 0)
  expect(sandbox.requests().log).toMatchObject([{ status: null, fault: 'reset' }])
})

test('never answers, and the sandbox stops all the same', async () => {
  const { call, sandbox } = await start()
  sandbox.faults.add({ fault: { kind: 'hang', applied: true } })
  const answer = call('POST', '/contacts', create).then(
    () => 'answered',
    () => 'broken off',
  )
  while (sandbox.contents().contacts.length === 0) await new Promise(setImmediate)
  await sandbox.close()
  expect(await answer).toBe('broken off')
})

test('answers late, by the clock', async () => {
  const { call, clock, sandbox } = await start()
  sandbox.faults.add({ fault: { kind: 'slow', milliseconds: 3_000 } })
  const before = clock.now()
  const answer = await clock.runAll(call('POST', '/contacts', create))
  expect(answer.status).toBe(200)
  expect(clock.now() - before).toBe(3_000)
})

const fault = { kind: 'status', status: 500 } as const

/** Which of five requests fail: a create of u1, of u2, an update of u1, a look at u1, a company. */
const rules: readonly (readonly [string, Omit<FaultRuleInput, 'fault'>, string])[] = [
  ['the next request', {}, 'x....'],
  ['two requests', { times: 2 }, 'xx...'],
  ['every request', { times: null }, 'xxxxx'],
  ['the third request', { skip: 2 }, '..x..'],
  ['a method', { method: 'put' }, '..x..'],
  ['an endpoint', { path: '/contacts/{id}', times: null }, '..xx.'],
  ['a method of an endpoint', { method: 'GET', path: '/contacts/{id}' }, '...x.'],
  ['one path', { path: '/companies', times: null }, '....x'],
  ['a value in the body', { body: { external_id: 'u2' }, times: null }, '.x...'],
  ['a value deeper in the body', { body: { 'custom_attributes.seats': 3 } }, '..x..'],
  ['a body that no request has', { body: { external_id: 'u9' } }, '.....'],
]
test.each(rules)('a rule meets %s', async (_what, rule, expected) => {
  const { call, sandbox } = await start({ attributes: ['contact.seats:integer'] })
  const { contacts } = sandbox.seed({ contacts: [{ external_id: 'u0' }] })
  sandbox.faults.add({ ...rule, fault })
  const path = `/contacts/${contacts[0]}`
  const requests: readonly (readonly [string, string, object?])[] = [
    ['POST', '/contacts', { external_id: 'u1' }],
    ['POST', '/contacts', { external_id: 'u2' }],
    ['PUT', path, { custom_attributes: { seats: 3 } }],
    ['GET', path],
    ['POST', '/companies', { company_id: 'c1' }],
  ]
  let met = ''
  for (const request of requests) met += (await call(...request)).status === 500 ? 'x' : '.'
  expect(met).toBe(expected)
})

test('rules are met in order, and one that is used up is gone', async () => {
  const { call, sandbox } = await start()
  sandbox.faults.add([
    { path: '/me', fault: { kind: 'status', status: 503 } },
    { path: '/me', fault: { kind: 'status', status: 502 }, times: 2 },
  ])
  const statuses = []
  for (let count = 0; count < 4; count++) statuses.push((await call('GET', '/me')).status)
  expect(statuses).toEqual([503, 502, 502, 200])
  expect(sandbox.faults.list()).toEqual([])
})

test('a rule that is none is refused', async () => {
  const { sandbox } = await start()
  const wrong = { fault: { kind: 'explode' } } as unknown as FaultRuleInput
  expect(() => sandbox.faults.add(wrong)).toThrow()
  expect(() => sandbox.faults.add({ fault, times: 0 })).toThrow()
})

test('a refused token meets no fault', async () => {
  const { call, sandbox } = await start()
  sandbox.faults.add({ fault })
  const answer = await call('GET', '/me', undefined, { Authorization: undefined })
  expect(errorOf(answer).status).toBe(401)
  expect(sandbox.faults.list()).toHaveLength(1)
})
