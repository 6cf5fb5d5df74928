import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { simulate } from './window-simulation.ts'

const start = Date.UTC(2026, 10, 21, 12, 0, 3)
const usual = Array.from(
  { length: 97 },
  (_, at) => [20 + ((at * 37) % 60), 30 + ((at * 53) % 140)] as const,
)

function fill(windows: readonly number[], limit: number): number {
  return Math.min(...windows) / limit
}

describe('every window is used and none is overdrawn', () => {
  for (const limit of [83, 167, 1666]) {
    for (const skew of [0, 400, -400, 5000, 30_000, -30_000]) {
      test(`limit ${limit}, clocks ${skew} ms apart`, () => {
        const run = { limit, skew, concurrency: 50, latencies: usual, milliseconds: 70_000, start }
        const { windows, refused, most } = simulate(run)
        expect(windows.length).toBeGreaterThanOrEqual(5)
        expect(refused).toBe(0)
        expect(most).toBeLessThanOrEqual(limit)
        expect(fill(windows, limit)).toBeGreaterThanOrEqual(0.97)
      })
    }
  }
})

test('another app takes a fifth: hardly a request is refused, and what it leaves is used', () => {
  for (const limit of [167, 1666]) {
    const run = {
      limit,
      skew: 2500,
      concurrency: 50,
      latencies: usual,
      milliseconds: 100_000,
      start,
    }
    const { windows, refused } = simulate({ ...run, others: Math.floor(limit / 5) })
    expect(refused / (limit * 10)).toBeLessThanOrEqual(0.01)
    expect(fill(windows, limit)).toBeGreaterThanOrEqual(0.9)
  }
})

test('whatever the latencies and the clocks, no window takes more than its limit', () => {
  const latency = fc.tuple(fc.integer({ min: 0, max: 2500 }), fc.integer({ min: 0, max: 2500 }))
  fc.assert(
    fc.property(
      fc.integer({ min: 4, max: 400 }),
      fc.integer({ min: -40_000, max: 40_000 }),
      fc.integer({ min: 1, max: 60 }),
      fc.array(latency, { minLength: 1, maxLength: 40 }),
      fc.integer({ min: 0, max: 9999 }),
      (limit, skew, concurrency, latencies, offset) => {
        const run = {
          limit,
          skew,
          concurrency,
          latencies,
          milliseconds: 45_000,
          start: start + offset,
        }
        expect(simulate(run).refused).toBe(0)
      },
    ),
    { numRuns: 150, seed: 20261121 },
  )
})
