import { describe, expect, test } from 'vitest'
import { WindowBudget } from '../../../connectors/intercom/window-budget.ts'
import { saturate } from './saturation.ts'

const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0)
const least = (windows: readonly (readonly number[])[]) => Math.min(...windows.map(sum))
const most = (windows: readonly (readonly number[])[]) => Math.max(...windows.map(sum))

describe("Intercom's limit is used up, window by window, without a refusal", () => {
  for (const [limit, latency] of [
    [1666, 150],
    [1666, 40],
    [1666, 500],
    [167, 150],
    [83, 300],
  ] as const) {
    test(`${limit} per window, ${latency} ms`, async () => {
      const { windows, refusedShare } = await saturate({ limit, latency, seconds: 65 })
      expect(windows.length).toBeGreaterThanOrEqual(5)
      expect(refusedShare).toBe(0)
      expect(least(windows)).toBeGreaterThanOrEqual(Math.floor(0.98 * limit))
    })
  }
})

test('another app that takes a fifth causes hardly a refusal, and what it leaves is used', async () => {
  for (const limit of [1666, 167]) {
    const others = Math.floor(limit / 5)
    const { windows, refusedShare } = await saturate({ limit, latency: 150, seconds: 65, others })
    expect(refusedShare).toBeLessThanOrEqual(0.01)
    expect(least(windows) + others).toBeGreaterThanOrEqual(0.95 * limit)
  }
})

describe('processes with one token share its limit, and none starves', () => {
  for (const [processes, limit, jitter] of [
    [2, 1666, 0],
    [2, 1666, 0.5],
    [2, 167, 0.5],
    [3, 1666, 0.5],
    [3, 167, 0],
  ] as const) {
    test(`${processes} of them, ${limit} per window, latencies that vary by ${jitter}`, async () => {
      const shares = Array.from({ length: processes }, () => ({ share: 1 }))
      const run = { limit, latency: 150, jitter, seconds: 65, shares }
      const { windows, refusedShare } = await saturate(run)
      expect(refusedShare).toBeLessThanOrEqual(0.002)
      expect(least(windows)).toBeGreaterThanOrEqual(0.98 * limit)
      const all = sum(windows.map(sum))
      for (const who of shares.keys()) {
        const own = sum(windows.map((window) => window[who] ?? 0))
        expect(own).toBeGreaterThanOrEqual((0.75 * all) / processes)
      }
    })
  }
})

describe('never more than the share of a window that may be used, and hardly less', () => {
  for (const [share, limit, quota] of [
    [{ share: 0.8 }, 1666, 1332],
    [{ share: 0.8 }, 167, 133],
    [{ share: 0.01 }, 167, 1],
    [{ count: 500 }, 1666, 500],
    [{ count: 500 }, 167, 167],
  ] as const) {
    test(`${JSON.stringify(share)} of ${limit}`, async () => {
      const { windows } = await saturate({ limit, latency: 150, seconds: 65, shares: [share] })
      expect(most(windows)).toBeLessThanOrEqual(quota)
      expect(least(windows)).toBeGreaterThanOrEqual(Math.floor(0.98 * quota))
    })
  }
})

test('what an earlier activation took of the first window counts', () => {
  const budget = new WindowBudget({ share: 0.5 })
  const now = Date.UTC(2026, 10, 21, 12, 0, 3)
  const start = now - 3_000
  const headers = { limit: 100, remaining: 70, start, reset: start + 12_000 }
  budget.end(budget.start(now), now, { kind: 'answered', headers, succeeded: true })
  const held = new WindowBudget()
  held.end(held.start(now), now, { kind: 'answered', headers, succeeded: true })
  expect(held.allowance(now).room - budget.allowance(now).room).toBeGreaterThanOrEqual(44)
  expect(budget.allowance(now).room).toBeLessThanOrEqual(50 - 31)
})

test('two processes with a share of a half each leave no window unused', async () => {
  const shares = [{ share: 0.5 }, { share: 0.5 }]
  const { windows } = await saturate({ limit: 1666, latency: 150, seconds: 65, shares })
  expect(Math.max(...windows.flat())).toBeLessThanOrEqual(833)
  expect(least(windows)).toBeGreaterThanOrEqual(0.98 * 1666)
})

test('the number of requests under way follows the latency and the limit', async () => {
  const underWay = async (limit: number, latency: number) =>
    (await saturate({ limit, latency, seconds: 25 })).underWay[0]
  expect(await underWay(1666, 100)).toBe(25)
  expect(await underWay(1666, 300)).toBe(75)
  expect(await underWay(1666, 2_000)).toBe(100)
  expect(await underWay(167, 150)).toBe(8)
})
