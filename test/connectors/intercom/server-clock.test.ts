import { expect, test } from 'vitest'
import { ServerClock } from '../../../connectors/intercom/server-clock.ts'

test('every answer narrows what is known of the offset', () => {
  const clock = new ServerClock()
  clock.learn(10_000, 20_000, 5000, 5100)
  expect([clock.low, clock.high]).toEqual([4900, 15_000])
  // Sent at the end of a window, and answered from the next one: the boundary lies between.
  clock.learn(10_000, 20_000, 7900, 8000)
  clock.learn(20_000, 30_000, 8100, 8200)
  expect(clock.low).toBeCloseTo(11_800, 0)
  expect(clock.high).toBeCloseTo(12_100, 0)
})

test('a clock that was set is learnt anew', () => {
  const clock = new ServerClock()
  clock.learn(10_000, 20_000, 5000, 5100)
  clock.learn(3_600_000, 3_610_000, 6000, 6100)
  expect([clock.low, clock.high]).toEqual([3_593_900, 3_604_000])
})

test('clocks that drift apart by seconds in a day contradict nothing', () => {
  const clock = new ServerClock()
  for (let window = 0; window < 500; window += 1) {
    const drifted = window * 10_000 * (1 + 5e-5)
    clock.learn(window * 10_000, (window + 1) * 10_000, drifted + 10, drifted + 60)
    clock.learn(window * 10_000, (window + 1) * 10_000, drifted + 9890, drifted + 9940)
    expect(clock.high - clock.low).toBeLessThan(10_000)
  }
  const truth = -500 * 10_000 * 5e-5
  expect(clock.low).toBeLessThanOrEqual(truth + 1)
  expect(clock.high).toBeGreaterThanOrEqual(truth - 1)
})
