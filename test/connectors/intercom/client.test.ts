import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { inspect } from 'node:util'
import { afterEach, describe, expect, test } from 'vitest'
import { intercom } from '../../../connectors/intercom/index.ts'
import type { Fault } from '../../../connectors/intercom/sandbox/index.ts'
import { StopRunError } from '../../../src/connector/index.ts'
import { VirtualClock } from '../../support/virtual-clock.ts'
import {
  closeAll,
  defaults,
  deliverAll,
  noIds,
  noon,
  operation,
  runAll,
  session,
} from './harness.ts'

afterEach(closeAll)

const plan = { object: 'contact', identifier: 'external_id', fields: ['external_id', 'name'] }
const record = { external_id: 'u1', name: 'Person' }

/** Delivers a new contact while its create meets a fault, and then once more. */
async function deliverThrough(fault: Fault) {
  const { sandbox, clock, open } = await session()
  sandbox.faults.add({ method: 'POST', path: '/contacts', fault })
  const target = await open(plan)
  const [first] = await runAll(clock, () => deliverAll(target, [operation(0, record)]))
  const [second] = await runAll(clock, () => deliverAll(target, [operation(0, record)]))
  return { first, second, contacts: sandbox.contents().contacts }
}

describe('answers that confirm nothing are tried again, and the contact is there once', () => {
  const cases: readonly (readonly [string, Fault, string])[] = [
    ['no JSON', { kind: 'garbage', applied: true }, 'server_error'],
    ['cut off', { kind: 'truncated', applied: true }, 'server_error'],
    ['empty', { kind: 'empty', applied: true }, 'server_error'],
    ['a reset before the effect', { kind: 'reset', applied: false }, 'network'],
    ['a reset after the effect', { kind: 'reset', applied: true }, 'network'],
    ['no answer', { kind: 'hang', applied: true }, 'timeout'],
    [
      'a page of a gateway',
      { kind: 'status', status: 502, body: 'html', headers: {}, applied: false },
      'server_error',
    ],
    [
      'a server error after the effect',
      { kind: 'status', status: 500, body: 'empty', headers: {}, applied: true },
      'server_error',
    ],
  ]
  for (const [name, fault, code] of cases) {
    test(name, async () => {
      const { first, second, contacts } = await deliverThrough(fault)
      expect(first).toMatchObject({ result: 'retry', failure: { code } })
      expect(second).toMatchObject({ result: 'applied' })
      expect(contacts).toHaveLength(1)
    })
  }
})

test('every request carries the token, the version and the types', async () => {
  const headers: unknown[] = []
  const server = createServer((request, response) => {
    headers.push(request.headers)
    request.resume().on('end', () => response.end('{"id":"1"}'))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const clock = new VirtualClock(noon)
  const target = await intercom.open(
    intercom.options.parse({
      token: 'secret-token',
      base_url: `http://127.0.0.1:${port}/`,
      api_version: '2.15',
    }),
    { ...defaults, object: 'company', identifier: 'company_id', fields: [] },
    { clock, random: () => 0.5, projectFolder: '.', notice: () => {}, knownIds: noIds },
  )
  const results = await runAll(clock, () => deliverAll(target, [operation(0, { company_id: 'c' })]))
  expect(results).toMatchObject([{ result: 'applied', id: '1' }])
  expect(headers).toMatchObject([
    {
      authorization: 'Bearer secret-token',
      accept: 'application/json',
      'content-type': 'application/json',
      'intercom-version': '2.15',
    },
  ])
  expect(inspect(target, { depth: 9, showHidden: true })).not.toContain('secret-token')
  await target.close()
  server.close()
})

test('a token that Intercom echoes is shown to nobody', async () => {
  const { sandbox, clock, open } = await session({ token: 'echoed-token' })
  sandbox.faults.add({
    method: 'POST',
    path: '/contacts',
    fault: { kind: 'status', status: 400, code: 'bad_request', message: 'no: Bearer echoed-token' },
  })
  const target = await open(plan)
  const [result] = await runAll(clock, () => deliverAll(target, [operation(0, record)]))
  expect(result).toMatchObject({ result: 'rejected' })
  expect(JSON.stringify(result)).toContain('***')
  expect(JSON.stringify(result)).not.toContain('echoed-token')
})

test('a token with a line break or a space is a mistake of the configuration', () => {
  for (const token of ['word\n', 'two words', 'wörd']) {
    const { error } = intercom.options.safeParse({ token })
    expect(error?.issues.map(({ path }) => path.join('.'))).toEqual(['token'])
    expect(error?.message).toContain('no token has')
    expect(error?.message).not.toContain('word')
  }
})

test('a wait of hours is handed to the engine, not waited out', async () => {
  const { sandbox, clock, open } = await session()
  sandbox.faults.add({
    times: null,
    fault: { kind: 'status', status: 429, headers: { 'Retry-After': '99999' } },
  })
  const target = await open(plan)
  const before = clock.now()
  const [result] = await runAll(clock, () => deliverAll(target, [operation(0, record, 'id')]))
  expect(result).toMatchObject({ result: 'retry', waitMilliseconds: 99_999_000 })
  expect(clock.now() - before).toBeLessThan(60_000)
})

test('a token that is revoked on the way stops the run; what was delivered is reported', async () => {
  const { sandbox, clock, open } = await session()
  const target = await open(plan, { concurrency: 1 })
  const ids = sandbox.seed({ contacts: [{ external_id: 'u0' }, { external_id: 'u1' }] }).contacts
  const operations = Array.from({ length: 20 }, (_, at) => operation(at, record, ids[1]))
  sandbox.faults.add({
    skip: 5,
    times: null,
    fault: { kind: 'status', status: 401, code: 'token_revoked' },
  })
  const error = await runAll(clock, () => deliverAll(target, operations)).catch((thrown) => thrown)
  expect(error).toBeInstanceOf(StopRunError)
  expect(error.message).toMatch(/401 token_revoked/)
  expect(error.results.filter(Boolean)).toHaveLength(5)
  expect(sandbox.requests().total).toBe(6)
})

test('a refusal of the token is the last answer, whoever has more to send', async () => {
  const { sandbox, clock, open } = await session()
  const companies = ['a', 'b', 'c']
  const [id] = sandbox.seed({
    contacts: [{ external_id: 'u0', tags: ['old'] }],
    companies: companies.map((company_id) => ({ company_id })),
  }).contacts
  const target = await open({ ...plan, lists: ['tags', 'companies'] }, { concurrency: 1 })
  const path = '/contacts/{id}/tags/{id}'
  sandbox.faults.add({ path, times: null, fault: { kind: 'status', status: 401 } })
  const change = {
    ...operation(0, { ...record, tags: [], companies }, id),
    held: { ...record, tags: ['old'], companies: [] },
    changed: ['tags', 'companies'],
  }
  await expect(runAll(clock, () => deliverAll(target, [change]))).rejects.toThrow(StopRunError)
  expect(sandbox.requests().log.at(-1)).toMatchObject({ method: 'DELETE', status: 401 })
})

test('once the signal aborts no request is started, and those under way are reported', async () => {
  const { sandbox, clock, open } = await session({ latency_ms: 1000 })
  const [id] = sandbox.seed({ contacts: [record] }).contacts
  const target = await open(plan, { concurrency: 3 })
  const operations = Array.from({ length: 30 }, (_, at) => operation(at, record, id))
  const stop = new AbortController()
  const results = await runAll(clock, async () => {
    const delivered = deliverAll(target, operations, stop.signal)
    await clock.sleep(1500)
    stop.abort()
    return delivered
  })
  const reported = results.filter(Boolean)
  expect(reported.every(({ result }) => result === 'applied')).toBe(true)
  expect(reported).toHaveLength(6)
  expect(sandbox.requests().total).toBe(6)
})

test('an abort while the limit is waited out ends the wait at once', async () => {
  const { sandbox, clock, open } = await session({ rate_limit: 167 })
  const [id] = sandbox.seed({ contacts: [record] }).contacts
  const target = await open(plan)
  sandbox.spend(167)
  const stop = new AbortController()
  const results = await runAll(clock, async () => {
    const delivered = deliverAll(target, [operation(0, record, id)], stop.signal)
    await clock.sleep(2000)
    stop.abort()
    return delivered
  })
  expect(results).toEqual([])
  expect(clock.now()).toBe(noon + 2000)
})
