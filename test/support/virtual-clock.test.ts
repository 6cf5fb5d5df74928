import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { VirtualClock } from './virtual-clock.ts'

test('time stands still until it is advanced', async () => {
  const clock = new VirtualClock(1000)
  let awake = false
  const sleep = clock.sleep(50).then(() => {
    awake = true
  })
  await clock.advance(49)
  expect(awake).toBe(false)
  expect(clock.now()).toBe(1049)
  await clock.advance(1)
  await sleep
  expect(awake).toBe(true)
  expect(clock.sleeping).toBe(0)
})

test('sleepers wake in order of time, then of arrival, each at its own time', async () => {
  const clock = new VirtualClock(0)
  const woken: [string, number][] = []
  const sleeper = (name: string, milliseconds: number) =>
    clock.sleep(milliseconds).then(() => woken.push([name, clock.now()]))
  void sleeper('late', 30)
  void sleeper('first', 10).then(() => sleeper('again', 5))
  void sleeper('second', 10)
  await clock.advance(100)
  expect(woken).toEqual([
    ['first', 10],
    ['second', 10],
    ['again', 15],
    ['late', 30],
  ])
  expect(clock.now()).toBe(100)
})

test('an abort ends a sleep with its reason', async () => {
  const clock = new VirtualClock()
  const controller = new AbortController()
  const sleep = clock.sleep(1000, controller.signal)
  controller.abort(new Error('enough'))
  await expect(sleep).rejects.toThrow('enough')
  expect(clock.sleeping).toBe(0)
  await expect(clock.sleep(1, controller.signal)).rejects.toThrow('enough')
})

test('runAll drives hours of waiting around real HTTP at once', async () => {
  const clock = new VirtualClock(0)
  const seen: number[] = []
  const server = createServer((_request, response) => {
    void clock.sleep(60_000).then(() => {
      seen.push(clock.now())
      response.end('ok')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  let inFlight = 0
  try {
    const answer = await clock.runAll(async () => {
      for (let count = 0; count < 5; count++) {
        inFlight++
        await (await fetch(url)).text()
        inFlight--
        await clock.sleep(3_540_000)
      }
      return 'done'
    })
    expect(answer).toBe('done')
  } finally {
    server.closeAllConnections()
    server.close()
  }
  expect(inFlight).toBe(0)
  expect(seen).toEqual([60_000, 3_660_000, 7_260_000, 10_860_000, 14_460_000])
  expect(clock.now()).toBe(5 * 3_600_000)
})

test('auto waits for the work that isIdle names', async () => {
  const clock = new VirtualClock(0)
  let busy = true
  const stop = clock.auto({ isIdle: () => !busy })
  let awake = false
  const sleep = clock.sleep(10).then(() => {
    awake = true
  })
  for (let count = 0; count < 50; count++) await new Promise((resolve) => setImmediate(resolve))
  expect(awake).toBe(false)
  busy = false
  await sleep
  expect(clock.now()).toBe(10)
  stop()
})
