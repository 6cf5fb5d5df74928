import { getEventListeners } from 'node:events'
import { afterEach, expect, test } from 'vitest'
import { intercom } from '../../../connectors/intercom/index.ts'
import { Limiter } from '../../../connectors/intercom/limits.ts'
import { startSandbox } from '../../../connectors/intercom/sandbox/index.ts'
import type { SandboxOptions } from '../../../connectors/intercom/sandbox/options.ts'
import { priorities } from '../../../connectors/intercom/waiting-line.ts'
import { VirtualClock } from '../../support/virtual-clock.ts'
import {
  closeAll,
  defaults,
  deliverAll,
  noIds,
  noon,
  numbers,
  operation,
  runAll,
  session,
} from './harness.ts'

afterEach(closeAll)

/** How many requests of ours each window of the server's clock took. */
async function windows(
  options: Partial<SandboxOptions>,
  contacts: number,
  skew: number,
  more: Record<string, unknown> = {},
) {
  const clock = new VirtualClock(noon)
  const serverClock = {
    now: () => clock.now() + skew,
    sleep: (milliseconds: number, signal?: AbortSignal) => clock.sleep(milliseconds, signal),
  }
  const random = numbers(3)
  const sandbox = await startSandbox(options, { clock: serverClock, random })
  const people = Array.from({ length: contacts }, (_, at) => ({ external_id: `u${at}` }))
  const { contacts: ids } = sandbox.seed({ contacts: people })
  const fields = [{ field: 'external_id', column: null }]
  const target = await intercom.open(
    intercom.options.parse({ token: sandbox.token, base_url: sandbox.url, ...more }),
    { ...defaults, object: 'contact', identifier: 'external_id', fields },
    { clock, random, projectFolder: '.', notice: () => {}, knownIds: noIds },
  )
  const operations = people.map((record, at) => operation(at, record, ids[at]))
  const results = await runAll(clock, () => deliverAll(target, operations))
  expect(results.filter((result) => result.result === 'applied')).toHaveLength(contacts)
  const counts = new Map<number, number>()
  for (const { time, status } of sandbox.requests().log) {
    const window = Math.floor(time / 10_000)
    if (status !== 429) counts.set(window, (counts.get(window) ?? 0) + 1)
  }
  const { total, rateLimited } = sandbox.requests()
  await target.close()
  await sandbox.close()
  return { counts: [...counts.values()], total, rateLimited }
}

test('a limit of 167, with a server whose clock is 30 seconds behind', async () => {
  const { counts, rateLimited } = await windows({ rate_limit: 167, latency_ms: 120 }, 620, -30_000)
  expect(rateLimited).toBe(0)
  const full = counts.slice(1, -1)
  expect(full.length).toBeGreaterThanOrEqual(2)
  expect(Math.min(...full)).toBeGreaterThanOrEqual(164)
}, 60_000)

test('a limit of 1666 and answers after 150 ms, with a server whose clock is ahead', async () => {
  const { counts, rateLimited } = await windows({ rate_limit: 1666, latency_ms: 150 }, 4500, 4_000)
  expect(rateLimited).toBe(0)
  expect(counts[1]).toBeGreaterThanOrEqual(1633)
}, 60_000)

test('a target that may use half of the limit never takes more', async () => {
  const options = { rate_limit: 167, latency_ms: 100 }
  const { counts } = await windows(options, 300, 0, { rate_limit: '50%' })
  expect(Math.max(...counts)).toBeLessThanOrEqual(83)
  expect(Math.min(...counts.slice(1, -1))).toBeGreaterThanOrEqual(81)
}, 60_000)

test('another app that takes a fifth of the limit causes hardly a refusal, and no failure', async () => {
  const options = { rate_limit: 167, latency_ms: 100, other_app_calls: 33 }
  const { total, rateLimited } = await windows(options, 500, 3_000)
  expect(rateLimited / total).toBeLessThanOrEqual(0.01)
}, 60_000)

function openLimiter(concurrency: number): Limiter {
  return new Limiter({ concurrency, share: { share: 1 }, clock: new VirtualClock(noon) })
}

test('signals have no listeners left when their requests are done, and closing twice does no harm', async () => {
  const limiter = openLimiter(2)
  const { signal } = new AbortController()
  const paced = { result: 1, end: { kind: 'answered', headers: null, succeeded: true } } as const
  const runs = Array.from({ length: 9 }, () => limiter.run(5, signal, async () => paced))
  expect(getEventListeners(signal, 'abort')).toHaveLength(1)
  expect(await Promise.all(runs)).toEqual(Array(9).fill(1))
  expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  limiter.close()
  limiter.close()
  expect(await limiter.run(5, signal, async () => paced)).toBeNull()
})

test('what has to be looked up goes before what waits to be written', async () => {
  const limiter = openLimiter(1)
  const { signal } = new AbortController()
  const order: string[] = []
  const paced = { result: 1, end: { kind: 'answered', headers: null, succeeded: true } } as const
  const send = (name: string) => async () => {
    order.push(name)
    return paced
  }
  const first = limiter.run(priorities.write, signal, async () => {
    await new Promise((resolve) => setImmediate(resolve))
    return paced
  })
  await Promise.all([
    first,
    limiter.run(priorities.write, signal, send('write')),
    limiter.run(priorities.repair, signal, send('repair')),
    limiter.run(priorities.search, signal, send('search')),
  ])
  expect(order).toEqual(['search', 'repair', 'write'])
  limiter.close()
})

test('a server that states no limit is not waited for', async () => {
  const here = await session({ rate_limit: 0 })
  const target = await here.open({ object: 'company', identifier: 'company_id', fields: [] })
  const operations = Array.from({ length: 400 }, (_, at) => operation(at, { company_id: `c${at}` }))
  const results = await runAll(here.clock, () => deliverAll(target, operations))
  expect(results.every(({ result }) => result === 'applied')).toBe(true)
  expect(here.clock.now()).toBe(noon)
})

test('a limit that another app has used up is waited out, without counting as an attempt', async () => {
  const here = await session({ rate_limit: 167 })
  const [id] = here.sandbox.seed({ contacts: [{ external_id: 'u1' }] }).contacts
  here.sandbox.spend(167)
  const fields = ['external_id']
  const target = await here.open({ object: 'contact', identifier: 'external_id', fields })
  const before = here.clock.now()
  const [result] = await runAll(here.clock, () =>
    deliverAll(target, [operation(0, { external_id: 'u1' }, id)]),
  )
  expect(result).toMatchObject({ result: 'applied' })
  expect(target.requests).toMatchObject({ total: 2, rateLimited: 1 })
  const reset = (Math.floor(before / 10_000) * 10 + 12) * 1000
  expect(here.clock.now()).toBeGreaterThanOrEqual(reset)
})

test('refusals without an end are handed to the engine, with what the server asked to wait', async () => {
  const here = await session()
  here.sandbox.faults.add({
    times: null,
    fault: {
      kind: 'status',
      status: 429,
      code: 'too_many_requests',
      headers: { 'Retry-After': '7' },
    },
  })
  const target = await here.open({ object: 'company', identifier: 'company_id', fields: [] })
  const before = here.clock.now()
  const [result] = await runAll(here.clock, () =>
    deliverAll(target, [operation(0, { company_id: 'c1' })]),
  )
  expect(result).toMatchObject({
    result: 'retry',
    waitMilliseconds: 7000,
    failure: { code: 'rate_limited', httpStatus: 429 },
  })
  expect(target.requests).toMatchObject({ total: 6, rateLimited: 6 })
  expect(here.clock.now() - before).toBeGreaterThanOrEqual(35_000)
})

test('a pause of hours is handed to the engine at once', async () => {
  const here = await session()
  here.sandbox.faults.add({
    times: null,
    fault: { kind: 'status', status: 429, headers: { 'Retry-After': '99999' } },
  })
  const target = await here.open({ object: 'company', identifier: 'company_id', fields: [] })
  const before = here.clock.now()
  const [result] = await runAll(here.clock, () =>
    deliverAll(target, [operation(0, { company_id: 'c1' })]),
  )
  expect(result).toMatchObject({ result: 'retry', failure: { code: 'rate_limited' } })
  const { waitMilliseconds } = result as { waitMilliseconds: number }
  expect(waitMilliseconds).toBeGreaterThan(99_000_000)
  expect(here.clock.now() - before).toBeLessThan(10_000)
})
