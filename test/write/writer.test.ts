import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  ConfigurationError,
  type Delivery,
  StopRunError,
  type Target,
  TryAgainError,
} from '../../src/connector/index.ts'
import { writeOperations } from '../../src/write/writer.ts'
import { VirtualClock } from '../support/virtual-clock.ts'
import { applied, fakeTarget, Memory, operation, operations, retry } from './fakes.ts'

async function write(
  memory: Memory,
  target: Target,
  options: { signal?: AbortSignal; random?: () => number; clock?: VirtualClock } = {},
): Promise<StopRunError | null> {
  const {
    signal = new AbortController().signal,
    random = () => 0.5,
    clock = new VirtualClock(),
  } = options
  return await clock.runAll(
    writeOperations({
      target,
      queue: memory,
      journal: memory,
      operations: memory.size,
      clock,
      random,
      signal,
      onOutcome: () => null,
    }),
  )
}

describe('delivering a plan', () => {
  it('records exactly one outcome for each operation, in groups', async () => {
    const memory = new Memory(operations(1_050))
    const { target, tries } = fakeTarget(() => applied)
    expect(await write(memory, target)).toBeNull()
    expect(memory.statuses()).toEqual(Array(1_050).fill('applied'))
    expect([...tries.values()].every((count) => count === 1)).toBe(true)
    expect(Math.max(...memory.groups)).toBeLessThanOrEqual(200)
  })

  it('marks operations as being sent before the target sees them', async () => {
    const memory = new Memory(operations(25))
    const { target } = fakeTarget(({ ordinal }) => {
      expect(memory.sent).toContain(ordinal)
      return applied
    })
    await write(memory, target)
  })

  it('has no more batches under way than the target allows', async () => {
    const memory = new Memory(operations(200))
    const { target, mostUnderWay } = fakeTarget(async () => {
      await new Promise((resolve) => setImmediate(resolve))
      return applied
    })
    await write(memory, target)
    expect(mostUnderWay()).toBe(2)
  })

  it('keeps what was learnt of a row that is refused, and goes on with the others', async () => {
    const memory = new Memory(operations(3))
    const { target } = fakeTarget(({ ordinal }) =>
      ordinal === 1
        ? {
            result: 'rejected',
            id: 'archived id',
            failure: { code: 'archived', message: 'is archived' },
          }
        : applied,
    )
    expect(await write(memory, target)).toBeNull()
    expect(memory.statuses()).toEqual(['applied', 'rejected', 'applied'])
    expect(memory.outcomes.get(1)).toMatchObject({ id: 'archived id', attempts: 1 })
  })

  it('hides only whole values, and never a part of the name of a field', async () => {
    const values = { name: 'whol', 'custom_attributes.seats': 'seats', phone: 'Bond Street' }
    const memory = new Memory([operation(0, values)])
    const { target } = fakeTarget(() => ({
      result: 'rejected',
      failure: {
        code: 'rejected',
        field: 'custom_attributes.seats',
        message: "custom_attributes.seats has to be a whole number, not 'Bond Street'",
      },
    }))
    await write(memory, target)
    expect(memory.outcomes.get(0)?.failure?.message).toBe(
      "custom_attributes.seats has to be a whole number, not '***'",
    )
  })

  it('hides the values of a row that the target echoes', async () => {
    const memory = new Memory([operation(0, { name: 'Ada Lovelace' })])
    const { target } = fakeTarget(() => ({
      result: 'rejected',
      failure: { code: 'rejected', message: "'Ada Lovelace' <person0@example.com> is no good" },
    }))
    await write(memory, target)
    expect(memory.outcomes.get(0)?.failure?.message).toBe("'***' <***> is no good")
  })

  it('counts an operation that the target said nothing of as in doubt', async () => {
    const memory = new Memory(operations(2))
    const { target } = fakeTarget(({ ordinal }) => (ordinal === 0 ? 'silence' : applied))
    await write(memory, target)
    expect(memory.statuses()).toEqual(['in_doubt', 'applied'])
  })
})

describe('trying again', () => {
  it('sends again what may be sent again, with the id that was learnt', async () => {
    const memory = new Memory(operations(1))
    const { target, tries } = fakeTarget((each, attempt) => {
      if (attempt < 3) return { ...retry(), id: 'learnt' } as Delivery
      expect(each.id).toBe('learnt')
      return applied
    })
    expect(await write(memory, target)).toBeNull()
    expect(tries.get(0)).toBe(3)
    expect(memory.outcomes.get(0)).toMatchObject({ status: 'applied', attempts: 3 })
  })

  it('never waits less than the target asked for', async () => {
    const clock = new VirtualClock()
    const memory = new Memory(operations(1))
    const times: number[] = []
    const { target } = fakeTarget((_, attempt) => {
      times.push(clock.now())
      return attempt === 1
        ? {
            result: 'retry',
            failure: { code: 'rate_limited', message: 'slow' },
            waitMilliseconds: 45_000,
          }
        : applied
    })
    await write(memory, target, { clock, random: () => 0 })
    expect((times[1] as number) - (times[0] as number)).toBeGreaterThanOrEqual(45_000)
  })

  it('tries again as one batch what failed as one batch', async () => {
    const clock = new VirtualClock()
    const memory = new Memory(operations(40))
    const batches: number[] = []
    const { target } = fakeTarget((_, attempt) => (attempt === 1 ? retry() : applied), {
      batchSize: 50,
    })
    const { deliver } = target
    const counting: Target = {
      ...target,
      deliver: (batch, report, signal) => {
        batches.push(batch.length)
        return deliver(batch, report, signal)
      },
    }
    let chance = 0
    const random = () => {
      chance = (chance + 0.37) % 1
      return chance
    }
    expect(await write(memory, counting, { clock, random })).toBeNull()
    expect(batches).toEqual([40, 40])
  })

  it('leaves a target that asks for hours to the next run', async () => {
    const memory = new Memory(operations(1))
    const { target } = fakeTarget(() => ({
      ...(retry() as Extract<Delivery, { result: 'retry' }>),
      waitMilliseconds: 99_999_000,
    }))
    const stopped = await write(memory, target)
    expect(stopped?.message).toContain('left alone for 1,667 minutes')
    expect(memory.statuses()).toEqual(['failed'])
  })

  it('fails a row whose tries are spent, while others succeed', async () => {
    const memory = new Memory(operations(20))
    const { target, tries } = fakeTarget(({ ordinal }) => (ordinal === 19 ? retry() : applied))
    expect(await write(memory, target)).toBeNull()
    expect(memory.outcomes.get(19)).toMatchObject({
      status: 'failed',
      attempts: 5,
      failure: { code: 'server_error' },
    })
    expect(tries.get(19)).toBe(5)
  })
})

describe('stopping early', () => {
  it('ends with the reason when the target refuses everything, and says so of every row', async () => {
    const memory = new Memory(operations(100))
    const { target } = fakeTarget(({ ordinal }) => {
      if (ordinal === 15) throw new StopRunError('the token was revoked')
      return applied
    })
    const stopped = await write(memory, target)
    expect(stopped?.message).toBe('the token was revoked')
    expect(memory.outcomes.size).toBe(100)
    expect(memory.outcomes.get(15)?.status).toBe('not_attempted')
    expect(memory.outcomes.get(99)?.failure?.message).toContain('the token was revoked')
  })

  it('does not wait for hours when the target asks for that', async () => {
    const clock = new VirtualClock()
    const began = clock.now()
    const memory = new Memory(operations(50))
    const { target } = fakeTarget(({ ordinal }) =>
      ordinal === 0
        ? {
            result: 'retry',
            failure: { code: 'rate_limited', message: 'too many requests' },
            waitMilliseconds: 27 * 3_600_000,
          }
        : applied,
    )
    const stopped = await write(memory, target, { clock })
    expect(stopped?.message).toBe(
      'The target asks to be left alone for 1,620 minutes: too many requests',
    )
    expect(clock.now() - began).toBeLessThan(60_000)
    expect(memory.outcomes.get(0)).toMatchObject({ status: 'failed' })
  })

  it('does not go through every row when the target is down', async () => {
    const memory = new Memory(operations(5_000))
    const { target, tries } = fakeTarget(() => retry('network'))
    const stopped = await write(memory, target)
    expect(stopped?.message).toMatch(/requests in a row failed, the last one so: no luck/)
    expect(tries.size).toBeLessThan(2_000)
    expect(memory.outcomes.size).toBe(5_000)
    expect(memory.statuses()).not.toContain('applied')
  })

  /** Everything from the `first` try on and for `lasts` milliseconds goes wrong with `code`. */
  function outage(clock: VirtualClock, first: number, lasts: number, code?: 'network') {
    let tries = 0
    let began: number | null = null
    return fakeTarget(async () => {
      tries += 1
      await clock.sleep(20)
      if (tries > first) began ??= clock.now()
      return began !== null && clock.now() < began + lasts ? retry(code) : applied
    })
  }

  it.each([100, 1_500])(
    'ends soon, and with few requests, when the target goes down for good, at %d rows',
    async (rows) => {
      const clock = new VirtualClock()
      const began = clock.now()
      const memory = new Memory(operations(rows))
      const { target, tries } = outage(clock, 40, Number.POSITIVE_INFINITY)
      const stopped = await write(memory, target, { clock })
      expect(stopped?.message).toMatch(/requests in a row failed/)
      expect(clock.now() - began).toBeLessThan(60_000)
      expect([...tries.values()].reduce((sum, count) => sum + count, 0)).toBeLessThan(250)
      expect(memory.outcomes.size).toBe(rows)
    },
  )

  it.each(['server_error', 'network'] as const)(
    'bridges an outage of half a minute (%s) without a row that fails',
    async (code) => {
      const clock = new VirtualClock()
      const memory = new Memory(operations(1_500))
      const { target } = outage(clock, 200, 29_000, code === 'network' ? code : undefined)
      expect(await write(memory, target, { clock })).toBeNull()
      expect(memory.statuses()).toEqual(Array(1_500).fill('applied'))
    },
  )

  it('needs no retries in store to find out whether the target is well again', async () => {
    const clock = new VirtualClock()
    const memory = new Memory(operations(3_000))
    let down = 0
    const { target } = fakeTarget(async ({ ordinal }, attempt) => {
      await clock.sleep(20)
      if (ordinal >= 1_800) down ||= clock.now() + 20_000
      // Most rows go wrong twice before: that takes all retries.
      const isWrong = ordinal < 1_800 && ordinal % 4 > 0 && attempt < 3
      return isWrong || clock.now() < down ? retry() : applied
    })
    expect(await write(memory, target, { clock })).toBeNull()
    const failed = memory
      .statuses()
      .slice(1_800)
      .filter((status) => status === 'failed')
    expect(failed.length).toBeGreaterThan(0)
    expect(failed.length).toBeLessThan(80)
  })

  it('does not take a few rows that the target has errors of its own with for an outage', async () => {
    const clock = new VirtualClock()
    const memory = new Memory(operations(4))
    const { target, tries } = fakeTarget(async () => {
      await clock.sleep(3_000)
      return retry('server_error')
    })
    expect(await write(memory, target, { clock })).toBeNull()
    expect([...tries.values()]).toEqual([5, 5, 5, 5])
    expect(memory.statuses()).toEqual(Array(4).fill('failed'))
  })

  it('says of a row that was tried before why that failed, not that it was not attempted', async () => {
    const memory = new Memory(operations(30))
    const { target } = fakeTarget(
      ({ ordinal }, attempt) => {
        if (ordinal === 3 && attempt === 2) throw new StopRunError('the token was revoked')
        return ordinal < 6 ? retry() : applied
      },
      { concurrency: 1 },
    )
    expect((await write(memory, target))?.message).toBe('the token was revoked')
    for (const ordinal of [3, 4, 5]) {
      expect(memory.outcomes.get(ordinal)).toMatchObject({
        status: 'failed',
        failure: { code: 'server_error' },
      })
    }
  })

  it('makes no more retries in a run than a fifth of its operations, and a thousand in any case', async () => {
    const retriesIn = async (count: number) => {
      const memory = new Memory(operations(count))
      let deliveries = 0
      const { target } = fakeTarget(() => {
        deliveries += 1
        return { result: 'retry', failure: { code: 'conflict', message: 'not now' } }
      })
      expect(await write(memory, target)).toBeNull()
      expect(memory.statuses()).toEqual(Array(count).fill('failed'))
      return deliveries - count
    }
    expect(await retriesIn(200)).toBe(800)
    expect(await retriesIn(400)).toBe(1_000)
    expect(await retriesIn(6_000)).toBe(1_200)
  })

  it('takes an answer that asks for another try for an answer', async () => {
    const memory = new Memory(operations(60))
    const { target } = fakeTarget(() => ({
      result: 'retry',
      failure: { code: 'not_found', message: 'gone' },
      id: null,
    }))
    expect(await write(memory, target)).toBeNull()
    expect(memory.statuses()).toEqual(Array(60).fill('failed'))
  })

  it('stops for a single row too when nothing was ever answered', async () => {
    const memory = new Memory(operations(1))
    const { target } = fakeTarget(() => retry('network'))
    expect(await write(memory, target)).toBeInstanceOf(StopRunError)
    expect(memory.statuses()).toEqual(['failed'])
  })

  it('finishes what is under way when it is interrupted', async () => {
    const memory = new Memory(operations(100))
    const user = new AbortController()
    const { target } = fakeTarget(({ ordinal }) => {
      if (ordinal === 5) user.abort()
      return applied
    })
    expect(await write(memory, target, { signal: user.signal })).toBeNull()
    expect(memory.outcomes.size).toBe(100)
    expect(memory.outcomes.get(5)?.status).toBe('applied')
    expect(memory.outcomes.get(99)?.status).toBe('not_attempted')
  })

  it('sends nothing more once the journal fails, and throws what it threw', async () => {
    const memory = new Memory(operations(10_000))
    memory.failRecording = new Error('disk full')
    const { target, tries } = fakeTarget(() => applied)
    await expect(write(memory, target)).rejects.toThrow('disk full')
    expect(tries.size).toBeLessThan(3_000)
  })
})

describe('preparing', () => {
  it('tries again, then stops the run with nothing sent', async () => {
    const memory = new Memory(operations(3))
    let prepared = 0
    const { target, tries } = fakeTarget(() => applied, {
      async prepare() {
        prepared += 1
        throw new TryAgainError('cannot reach the target')
      },
    })
    expect((await write(memory, target))?.message).toBe('cannot reach the target')
    expect(prepared).toBe(3)
    expect(tries.size).toBe(0)
    expect(memory.statuses()).toEqual(Array(3).fill('not_attempted'))
  })

  it('throws what only the configuration can mend, with nothing recorded', async () => {
    const memory = new Memory(operations(3))
    const { target } = fakeTarget(() => applied, {
      async prepare() {
        throw new ConfigurationError('no such attribute')
      },
    })
    await expect(write(memory, target)).rejects.toThrow('no such attribute')
    expect(memory.outcomes.size).toBe(0)
  })
})

it('ends every operation exactly once, whatever the target does', async () => {
  const answers = fc.constantFrom(
    'applied',
    'rejected',
    'retry',
    'silence',
    'in_doubt',
    'throw',
    'stop',
  )
  await fc.assert(
    fc.asyncProperty(
      fc.array(answers, { minLength: 1, maxLength: 60 }),
      fc.integer({ min: 1, max: 7 }),
      fc.integer({ min: 1, max: 4 }),
      async (script, batchSize, concurrency) => {
        const memory = new Memory(operations(script.length))
        const { target } = fakeTarget(
          ({ ordinal }, attempt) => {
            const answer = script[(ordinal + attempt) % script.length]
            if (answer === 'throw') throw new Error('bug')
            if (answer === 'stop') throw new StopRunError('refused')
            if (answer === 'silence') return 'silence'
            if (answer === 'retry') return retry()
            if (answer === 'applied') return applied
            return { result: answer as 'rejected', failure: { code: 'rejected', message: 'no' } }
          },
          { batchSize, concurrency },
        )
        await write(memory, target)
        expect(memory.outcomes.size).toBe(script.length)
        for (const outcome of memory.outcomes.values()) {
          expect(outcome.failure === undefined).toBe(outcome.status === 'applied')
        }
      },
    ),
    { numRuns: 60 },
  )
})
