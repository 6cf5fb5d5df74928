import fc from 'fast-check'
import { expect, it } from 'vitest'
import { deliveryRetries, retryDelay } from '../../src/write/retry.ts'

it('doubles the longest wait with each try, up to the longest of all', () => {
  const longest = [1, 2, 3, 4, 5, 6, 7].map((attempt) =>
    retryDelay(deliveryRetries, attempt, () => 1),
  )
  expect(longest).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000])
})

it('is any part of the longest wait, as chance has it: clients that failed together come back apart', () => {
  const waits = [0, 0.25, 0.5, 0.75].map((chance) => retryDelay(deliveryRetries, 4, () => chance))
  expect(waits).toEqual([0, 2_000, 4_000, 6_000])
})

it('stays between nothing and the longest wait, and never below what was asked for', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 40 }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      fc.option(fc.integer({ min: 0, max: 120_000 })),
      (attempt, chance, asked) => {
        const delay = retryDelay(deliveryRetries, attempt, () => chance, asked)
        expect(delay).toBeGreaterThanOrEqual(asked ?? 0)
        expect(delay).toBeLessThanOrEqual(Math.max(asked ?? 0, deliveryRetries.longestDelay))
      },
    ),
  )
})
