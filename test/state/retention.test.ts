import { describe, expect, it } from 'vitest'
import { defaultRetention, type Retention } from '../../src/config/retention.ts'
import type { Database } from '../../src/state/database.ts'
import { stateStore } from '../../src/state/open.ts'
import { openSqlite } from '../../src/state/sqlite.ts'
import { VirtualClock } from '../support/virtual-clock.ts'
import { about, applied, failure, failuresOf, lock, operation, unapplied } from './builders.ts'

const day = 24 * 60 * 60_000

interface History {
  readonly database: Database
  readonly clock: VirtualClock
  /** A run on a day of its own, in which this key is delivered, or fails. */
  run(key: string, ended?: 'applied' | 'rejected'): Promise<void>
  /** The runs that are remembered, and those of them whose outcomes are. */
  kept(): Promise<{ runs: number[]; outcomes: number[] }>
  /** The failures that the state has, open or resolved. */
  failures(): Promise<string[]>
}

async function withHistory(
  retention: Retention,
  work: (history: History) => Promise<void>,
): Promise<void> {
  const database = await openSqlite(':memory:')
  const clock = new VirtualClock()
  const store = stateStore(database, clock, { retention })
  const numbers = async (sql: string) => {
    const rows = await database.read((session) => session.all<{ id: number }>(sql))
    return rows.map(({ id }) => id)
  }
  try {
    await work({
      database,
      clock,
      async run(key, ended = 'applied') {
        await clock.advance(day)
        const held = await lock(store)
        const run = await store.startRun(held, about())
        const planned = operation(0, { key })
        await run.sink.add([planned])
        await run.record([
          ended === 'applied'
            ? applied(planned)
            : unapplied(planned, 'rejected', { failure: failure('invalid_value') }),
        ])
        await run.finish('failures', clock.now(), '{}')
        await store.releaseLock(held)
      },
      kept: async () => ({
        runs: await numbers('select id from runs order by id'),
        outcomes: await numbers(
          'select run_id as id from outcomes union select run_id from applied order by id',
        ),
      }),
      async failures() {
        const rows = await database.read((session) =>
          session.all<{ key: string }>('select key from failures order by key'),
        )
        return rows.map(({ key }) => key)
      },
    })
  } finally {
    await database.close()
  }
}

describe('history', () => {
  it('is kept by the number of runs', async () => {
    await withHistory({ runs: { runs: 5 }, outcomes: { runs: 2 } }, async (history) => {
      for (let count = 0; count < 8; count += 1) await history.run('a')
      expect(await history.kept()).toEqual({ runs: [4, 5, 6, 7, 8], outcomes: [7, 8] })
    })
  })

  it('is kept by the time that has passed, as a clock says that a test holds', async () => {
    await withHistory(
      { runs: { milliseconds: 5 * day }, outcomes: { milliseconds: 2 * day } },
      async (history) => {
        for (let count = 0; count < 8; count += 1) await history.run('a')
        // Those that are exactly as old are kept.
        expect(await history.kept()).toEqual({ runs: [3, 4, 5, 6, 7, 8], outcomes: [6, 7, 8] })
        await history.clock.advance(30 * day)
        await history.run('a')
        expect(await history.kept()).toEqual({ runs: [9], outcomes: [9] })
      },
    )
  })

  it('keeps the last run however long ago it was', async () => {
    const retention: Retention = { runs: { milliseconds: day }, outcomes: { milliseconds: day } }
    await withHistory(retention, async ({ run, database, clock, kept }) => {
      await run('a')
      await run('a')
      await clock.advance(90 * day)
      const { prune } = await import('../../src/state/retention.ts')
      await prune(database, 1, retention, clock.now())
      expect(await kept()).toEqual({ runs: [2], outcomes: [2] })
    })
  })

  it('keeps all for ever, and no outcomes of runs that are gone', async () => {
    await withHistory({ runs: null, outcomes: null }, async (history) => {
      for (let count = 0; count < 4; count += 1) await history.run('a')
      expect(await history.kept()).toEqual({ runs: [1, 2, 3, 4], outcomes: [1, 2, 3, 4] })
    })
    await withHistory({ runs: { runs: 2 }, outcomes: null }, async (history) => {
      for (let count = 0; count < 4; count += 1) await history.run('a')
      expect(await history.kept()).toEqual({ runs: [3, 4], outcomes: [3, 4] })
    })
  })

  it('drops failures that were resolved, and never open ones', async () => {
    await withHistory({ runs: null, outcomes: { runs: 1 } }, async (history) => {
      await history.run('cured', 'rejected')
      await history.run('cured')
      await history.run('open', 'rejected')
      expect(await history.failures()).toEqual(['open'])
      for (let count = 0; count < 3; count += 1) {
        const store = stateStore(history.database, history.clock)
        const held = await lock(store)
        const run = await store.startRun(held, about())
        await run.finish('stopped', history.clock.now(), '{}')
        await store.releaseLock(held)
      }
      const store = stateStore(history.database, history.clock)
      expect(await failuresOf(store)).toMatchObject([{ key: 'open' }])
    })
  })

  it('does not lose the first run of a full pass that goes on', async () => {
    await withHistory({ runs: { runs: 1 }, outcomes: { runs: 1 } }, async (history) => {
      const { database, clock } = history
      const store = stateStore(database, clock, {
        retention: { runs: { runs: 1 }, outcomes: { runs: 1 } },
      })
      const pass = async () => {
        const held = await lock(store)
        const run = await store.startRun(held, { ...about(), full: 'everything' })
        await run.finish('stopped', clock.now(), '{}')
        await store.releaseLock(held)
      }
      for (let count = 0; count < 3; count += 1) await pass()
      const rows = await database.read((session) =>
        session.all<{ full_pass: number }>('select distinct full_pass from runs'),
      )
      expect(rows).toEqual([{ full_pass: 1 }])
    })
  })

  it('is kept for 1000 runs, and for 100 row by row, where nothing else is said', () => {
    expect(defaultRetention).toEqual({ runs: { runs: 1_000 }, outcomes: { runs: 100 } })
  })
})
