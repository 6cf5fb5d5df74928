import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import type { StateLocation } from '../../src/config/project.ts'
import { Secret } from '../../src/connector/index.ts'
import {
  countApplied,
  isAnyApplied,
  recordApplied,
  settledOrdinals,
} from '../../src/state/applied.ts'
import type { Database } from '../../src/state/database.ts'
import { openDatabase, stateStore } from '../../src/state/open.ts'
import { postgresServer, skippedWithoutPostgres } from '../support/postgres.ts'
import { VirtualClock } from '../support/virtual-clock.ts'
import { about, applied, lock, operation, pendingOrdinals, unapplied } from './builders.ts'

const server = await postgresServer()
const withoutPostgres = skippedWithoutPostgres(server)

afterAll(async () => {
  if (!('reason' in server)) await server.stop()
})

async function opened(location: StateLocation): Promise<Database> {
  const database = await openDatabase({ location, create: true })
  if (database === null) throw new Error('no state was made')
  return database
}

describe.each([
  ['SQLite', false],
  ['Postgres', withoutPostgres],
] as const)('what was applied, in %s', (name, skipped) => {
  async function withLocation(work: (location: StateLocation) => Promise<void>): Promise<void> {
    if (name === 'Postgres') {
      if ('reason' in server) throw new Error(server.reason)
      return work({ kind: 'postgres', url: new Secret(await server.createDatabase()) })
    }
    const folder = await mkdtemp(join(tmpdir(), 'millrace-state-'))
    try {
      await work({ kind: 'sqlite', file: join(folder, 'state.db') })
    } finally {
      await rm(folder, { recursive: true })
    }
  }

  it.skipIf(skipped)('is known operation by operation, and each is taken once', async () => {
    await withLocation(async (location) => {
      const database = await opened(location)
      const ordinals = fc.uniqueArray(fc.nat(30), { minLength: 1, maxLength: 12 })
      let run = 0
      await fc.assert(
        fc.asyncProperty(fc.array(ordinals, { maxLength: 8 }), async (groups) => {
          run += 1
          const known = new Set<number>()
          for (const group of groups) {
            const isNew = group.every((ordinal) => !known.has(ordinal))
            const outcomes = group.map((ordinal) => applied(operation(ordinal)))
            const recorded = database.write(async (session) => {
              expect(await isAnyApplied(session, run, group)).toBe(!isNew)
              if (!(await recordApplied(session, run, outcomes))) throw new Error('again')
            })
            if (isNew) for (const ordinal of group) known.add(ordinal)
            await (isNew ? recorded : expect(recorded).rejects.toThrow('again'))
          }
          for (const [first, last] of [
            [0, 30],
            [7, 7],
            [11, 19],
          ] as const) {
            const settled = await database.read((session) =>
              settledOrdinals(session, run, first, last),
            )
            const expected = [...known].filter((one) => one >= first && one <= last)
            expect([...settled].sort()).toEqual(expected.sort())
          }
          expect(await database.read((session) => countApplied(session, run))).toBe(known.size)
        }),
        { numRuns: 40 },
      )
      const twice = [applied(operation(40)), applied(operation(41)), applied(operation(40))]
      expect(await database.read((session) => recordApplied(session, run, twice))).toBe(false)
      await database.close()
    })
  })

  it.skipIf(skipped)('was a row for each operation once, which is read as well', async () => {
    await withLocation(async (location) => {
      const clock = new VirtualClock()
      const old = await opened(location)
      const store = stateStore(old, clock)
      const run = await store.startRun(await lock(store, 'people', 1_000), about())
      await run.sink.add(Array.from({ length: 9 }, (_, ordinal) => operation(ordinal)))
      await run.pending(9)[Symbol.asyncIterator]().next()
      await run.sending([operation(3), operation(4), operation(5)])
      await run.record([unapplied(operation(2), 'rejected')])
      await old.write(async (session) => {
        await session.run('drop table applied')
        await session.run('drop table confirmations')
        await session.run("delete from schema_migrations where name >= '0007'")
        await session.runEach(
          "insert into outcomes (run_id, ordinal, status, created, attempts) values (?, ?, 'applied', ?, ?)",
          [0, 1, 3, 5, 6, 7].map((ordinal) => [run.run, ordinal, ordinal === 5 ? 0 : 1, 1]),
        )
        await session.run('alter table operations drop column packed')
        const lines = Array.from({ length: 9 }, (_, ordinal) => {
          const { key, kind, record } = operation(ordinal)
          return JSON.stringify({ ordinal, key, kind, record: ordinal === 0 ? record : ['x'] })
        })
        await session.run('update operations set lines = ?', [lines.join('\n')])
        await session.run("delete from schema_migrations where name > '0007'")
      })
      await old.close()

      const database = await opened(location)
      const rows = (sql: string) => database.read((session) => session.all(sql))
      expect(await rows('select * from applied order by first_ordinal')).toEqual([
        { run_id: run.run, first_ordinal: 0, last_ordinal: 1, created: 2, attempts: 2 },
        { run_id: run.run, first_ordinal: 3, last_ordinal: 3, created: 1, attempts: 1 },
        { run_id: run.run, first_ordinal: 5, last_ordinal: 7, created: 2, attempts: 3 },
      ])
      expect(await rows('select ordinal, status from outcomes')).toEqual([
        { ordinal: 2, status: 'rejected' },
      ])
      const again = stateStore(database, clock)
      await clock.advance(1_001)
      const next = await again.startRun(await lock(again), about())
      // Of those that were being sent, only one has no outcome.
      expect([...(await next.snapshot.entries(['key-3', 'key-4', 'key-5'])).keys()]).toEqual([
        'key-4',
      ])
      await next.sink.add([operation(0)])
      expect(await pendingOrdinals(next)).toEqual([0])
      await database.close()
    })
  })
})
