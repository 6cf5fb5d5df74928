import { expect, test } from 'vitest'
import { Deadlines } from '../../../connectors/intercom/deadlines.ts'
import { VirtualClock } from '../../support/virtual-clock.ts'

test('each piece of work has its own time, all have one timer, and what is done in time is left alone', async () => {
  const clock = new VirtualClock()
  const deadlines = new Deadlines(30_000, clock)
  const late: string[] = []
  deadlines.start(() => late.push('first'))
  const inTime = deadlines.start(() => late.push('done in time'))
  await clock.advance(10_000)
  deadlines.start(() => late.push('second'))
  expect(clock.sleeping).toBe(1)
  inTime()
  await clock.advance(19_999)
  expect(late).toEqual([])
  await clock.advance(1)
  expect(late).toEqual(['first'])
  await clock.advance(10_000)
  expect(late).toEqual(['first', 'second'])
  expect(clock.sleeping).toBe(0)
})

test('no timer is left when nothing is under way', async () => {
  const clock = new VirtualClock()
  const deadlines = new Deadlines(30_000, clock)
  const calls = [deadlines.start(() => {}), deadlines.start(() => {})]
  for (const inTime of calls) inTime()
  expect(clock.sleeping).toBe(0)
  const late: string[] = []
  await clock.advance(20_000)
  deadlines.start(() => late.push('later'))
  await clock.advance(29_999)
  expect(late).toEqual([])
  await clock.advance(1)
  expect(late).toEqual(['later'])
})
