import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { StateLocation } from '../../src/config/project.ts'
import { defaultRetention } from '../../src/config/retention.ts'
import { Secret } from '../../src/connector/index.ts'
import { compact } from '../../src/state/compact.ts'
import type { Database } from '../../src/state/database.ts'
import { exportState } from '../../src/state/export.ts'
import { carried } from '../../src/state/export-format.ts'
import { forget, knownActivations } from '../../src/state/forget.ts'
import { importState } from '../../src/state/import.ts'
import { inspect } from '../../src/state/inspect.ts'
import { openDatabase, stateStore } from '../../src/state/open.ts'
import { postgresServer, skippedWithoutPostgres } from '../support/postgres.ts'
import { VirtualClock } from '../support/virtual-clock.ts'
import { about, applied, failure, lock, operation, unapplied, wholeSnapshot } from './builders.ts'

const clock = new VirtualClock()
const claim = () => ({ now: clock.now(), hasEnded: () => false })
const server = await postgresServer()
const withoutPostgres = skippedWithoutPostgres(server)

afterAll(async () => {
  if (!('reason' in server)) await server.stop()
})

async function sqliteFile(): Promise<{ location: StateLocation; remove: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-state-'))
  return {
    location: { kind: 'sqlite', file: join(folder, 'state.db') },
    remove: () => rm(folder, { recursive: true }),
  }
}

async function postgresDatabase(): Promise<{
  location: StateLocation
  remove: () => Promise<void>
}> {
  if ('reason' in server) throw new Error(server.reason)
  return {
    location: { kind: 'postgres', url: new Secret(await server.createDatabase()) },
    remove: async () => undefined,
  }
}

/** Works with a state that was made. */
async function withDatabase(
  make: typeof sqliteFile,
  work: (database: Database) => Promise<void>,
): Promise<void> {
  const { location, remove } = await make()
  const database = await openDatabase({ location, create: true })
  if (database === null) throw new Error('no state was made')
  try {
    await work(database)
  } finally {
    await database.close()
    await remove()
  }
}

const hostile = [
  '__proto__',
  'a\u0000b',
  'a\\u0000b',
  'half \ud83d',
  'line\u2028break\nand "quotes"',
  '😀',
]

/** A run that delivered some keys, and failed with one. */
async function deliver(database: Database, activation: string, count: number): Promise<void> {
  const store = stateStore(database, clock)
  const held = await lock(store, activation)
  const run = await store.startRun(held, about('external_id'))
  const operations = Array.from({ length: count }, (_, ordinal) =>
    operation(ordinal, {
      key: hostile[ordinal] ?? `key-${ordinal}`,
      record: JSON.parse(
        JSON.stringify({ name: `${hostile[ordinal % hostile.length]}`, n: ordinal, none: null }),
      ),
    }),
  )
  await run.sink.add(operations)
  await run.record(
    operations.map((each, index) =>
      index === count - 1
        ? unapplied(each, 'rejected', { failure: failure('invalid_value') })
        : applied(each),
    ),
  )
  await run.finish('failures', clock.now(), '{}')
  await store.releaseLock(held)
}

async function exported(database: Database, activations: readonly string[]): Promise<string[]> {
  let text = ''
  for await (const piece of exportState(database, activations, claim())) text += piece
  return text.trimEnd().split('\n')
}

async function* linesOf(lines: readonly string[]): AsyncGenerator<string> {
  yield* lines
}

const read = (database: Database, lines: readonly string[], replace = false) =>
  importState(database, linesOf(lines), { ...claim(), file: 'state.jsonl', replace })

const snapshotOf = (database: Database, activation: string) =>
  wholeSnapshot(stateStore(database, clock).snapshot(activation))

describe.each([
  ['SQLite', sqliteFile, false],
  ['Postgres', postgresDatabase, withoutPostgres],
] as const)('looking after a state in %s', (_name, make, skipped) => {
  describe.skipIf(skipped)('which', () => {
    it('shows size, version, keys, failures, runs and holders', async () => {
      await withDatabase(make, async (database) => {
        await deliver(database, 'people', 20)
        await deliver(database, 'companies', 5)
        await lock(stateStore(database, clock), 'companies')
        const contents = await inspect(database, claim())
        expect(contents.schemaVersion).toBeGreaterThan(0)
        expect(contents.bytes).toBeGreaterThan(10_000)
        expect(contents.activations).toMatchObject([
          {
            activation: 'companies',
            keys: 4,
            openFailures: 1,
            runs: 1,
            heldBy: { holder: 'test' },
          },
          { activation: 'people', keys: 19, openFailures: 1, runs: 1, heldBy: null },
        ])
      })
    })

    it('carries a snapshot over whole, whatever its keys and values are', async () => {
      await withDatabase(make, async (database) => {
        await deliver(database, 'people', 2_345)
        await deliver(database, 'companies', 3)
        const lines = await exported(database, ['companies', 'people'])
        await withDatabase(sqliteFile, async (other) => {
          expect(await read(other, lines)).toEqual({
            activations: ['companies', 'people'],
            keys: 2_346,
          })
          for (const activation of ['people', 'companies']) {
            expect(await snapshotOf(other, activation)).toEqual(
              await snapshotOf(database, activation),
            )
          }
          expect((await exported(other, ['companies', 'people'])).slice(1)).toEqual(lines.slice(1))
        })
        // And back into what it came from.
        expect(await read(database, lines, true)).toMatchObject({ keys: 2_346 })
        expect((await exported(database, ['companies', 'people'])).slice(1)).toEqual(lines.slice(1))
      })
    })

    it('carries every column of both tables over, but those that mean nothing elsewhere', async () => {
      /** The rows of a table; throws where a column is empty, since then nothing would show that it is carried over. */
      const contents = async (database: Database, table: string, without: readonly string[]) => {
        const rows = await database.read((session) =>
          session.all<Record<string, unknown>>(`select * from ${table} order by 1, 2`),
        )
        expect(rows.length).toBeGreaterThan(0)
        return rows.map((row) => {
          const kept = Object.entries(row).filter(([column]) => !without.includes(column))
          const empty = kept.flatMap(([column, value]) => (value === null ? [column] : []))
          expect(empty, `columns of ${table} that the test leaves empty`).toEqual([])
          return Object.fromEntries(kept)
        })
      }
      const tables = [
        ['activations', ['id', 'login', 'holds_values', 'snapshot_token']],
        ['snapshot', ['activation_id', 'run_id']],
      ] as const
      await withDatabase(make, async (database) => {
        await deliver(database, 'people', 20)
        await compact(database, defaultRetention, claim())
        await database.write(async (session) => {
          await session.run("update snapshot set removed = 'archive', unanswered_since = 17")
          await session.run("update activations set keys_from = 'id', workspace = 'w', login = 'l'")
        })
        const lines = await exported(database, ['people'])
        await withDatabase(make, async (other) => {
          await read(other, lines)
          for (const [table, without] of tables) {
            expect(await contents(other, table, without)).toEqual(
              await contents(database, table, without),
            )
          }
        })
      })
    })

    it('takes over no key of an activation that is known, but with replace', async () => {
      await withDatabase(make, async (database) => {
        await deliver(database, 'people', 10)
        const lines = await exported(database, ['people'])
        await deliver(database, 'people', 30)
        await expect(read(database, lines)).rejects.toThrow(
          /knows 29 keys of people already.*--replace/,
        )
        expect((await snapshotOf(database, 'people')).size).toBe(29)
        await read(database, lines, true)
        expect((await snapshotOf(database, 'people')).size).toBe(9)
      })
    })

    it('takes nothing of a file that is not whole, was changed, or is something else', async () => {
      await withDatabase(make, async (database) => {
        await deliver(database, 'people', 1_200)
        const lines = await exported(database, ['people'])
        const [head = '', activation = '', first = '', ...rest] = lines
        const cases: [readonly string[], RegExp][] = [
          [lines.slice(0, -1), /was cut off/],
          [[...lines.slice(0, 600), lines.at(-1) ?? ''], /holds 598 keys and says it has 1199/],
          [[head, activation, first, first, ...rest], /repeats a key/],
          [
            [head, activation, first.slice(0, -5)],
            /state\.jsonl:3: this line is not a JSON object/,
          ],
          [[head, first], /state\.jsonl:2: this line is not a key/],
          [[head, activation, '{"key":1}'], /state\.jsonl:3: this line is not a key/],
          [['{"id":1}'], /state\.jsonl:1: this line does not begin an export/],
          [[head.replace(':1,', ':9,')], /has version 9; this millrace reads version 1/],
          [[...lines, first], /comes after the end/],
          [
            lines.with(4, (lines[4] ?? '').replace('"sent":{', '"sent":{"other":1,')),
            /was changed since/,
          ],
          [[], /was cut off/],
        ]
        await withDatabase(make, async (empty) => {
          for (const [wrong, message] of cases) {
            const error = await read(empty, wrong).catch((thrown: unknown) => thrown)
            expect(error).toMatchObject({
              name: 'ConfigurationError',
              message: expect.stringMatching(message),
            })
            expect(String(error)).not.toContain('quotes')
            expect(await knownActivations(empty)).toEqual([])
          }
        })
      })
    })

    it('forgets one activation whole, and no other', async () => {
      await withDatabase(make, async (database) => {
        await deliver(database, 'people', 10)
        await deliver(database, 'companies', 10)
        expect(await forget(database, 'people', claim())).toEqual({ keys: 9 })
        expect(await knownActivations(database)).toEqual(['companies'])
        for (const table of ['snapshot', 'confirmations', 'failures', 'runs']) {
          const [row] = await database.read((session) =>
            session.all<{ rows: number }>(
              `select count(*) as rows from ${table} where activation_id = (select id from activations where name = 'people')`,
            ),
          )
          expect(row, table).toEqual({ rows: 0 })
        }
        for (const table of ['outcomes', 'applied']) {
          const left = await database.read((session) =>
            session.all(`select 1 from ${table} where run_id not in (select id from runs)`),
          )
          expect(left, table).toEqual([])
        }
        expect((await snapshotOf(database, 'companies')).size).toBe(9)
      })
    })

    it('lets no holder that was paused write after its activation was forgotten or imported', async () => {
      await withDatabase(make, async (database) => {
        await deliver(database, 'people', 10)
        const lines = await exported(database, ['people'])
        const store = stateStore(database, clock)
        for (const change of [
          () => forget(database, 'people', claim()),
          () => read(database, lines),
        ]) {
          const held = await lock(store, 'people', 1_000)
          const run = await store.startRun(held, about())
          await run.sink.add([operation(0)])
          expect(await change()).toMatchObject({ heldBy: { activation: 'people', holder: 'test' } })
          await clock.advance(1_001)
          expect(await change()).not.toHaveProperty('heldBy')
          await expect(run.record([applied(operation(0))])).rejects.toThrow('took over')
          expect(await store.renewLock(held, 1_000)).toBe(false)
        }
      })
    })

    it('exports nothing that a run is changing, or was when it was killed', async () => {
      await withDatabase(make, async (database) => {
        await deliver(database, 'people', 2_500)
        const store = stateStore(database, clock)
        const pieces = exportState(database, ['people'], claim())
        for (let piece = 0; piece < 3; piece += 1) await pieces.next()
        const held = await lock(store, 'people', 1_000)
        const rest = async () => {
          for await (const _ of pieces);
        }
        await expect(rest()).rejects.toThrow('A run of people began while it was exported')
        await store.startRun(held, about())
        await expect(exported(database, ['people'])).rejects.toMatchObject({
          heldBy: { activation: 'people' },
        })
        await clock.advance(1_001)
        await expect(exported(database, ['people'])).rejects.toThrow(/Run 2 of people never ended/)
      })
    })

    it('becomes smaller when it is compacted, unless a run goes on', async () => {
      await withDatabase(make, async (database) => {
        await deliver(database, 'people', 4_000)
        await deliver(database, 'companies', 10)
        await forget(database, 'people', claim())
        const store = stateStore(database, clock)
        const held = await lock(store, 'companies')
        expect(await compact(database, defaultRetention, claim())).toMatchObject({
          heldBy: { activation: 'companies' },
        })
        await store.releaseLock(held)
        const done = await compact(database, defaultRetention, claim())
        if ('heldBy' in done) throw new Error('it was held')
        expect(done.after).toBeLessThan(done.before / 2)
        expect((await snapshotOf(database, 'companies')).size).toBe(9)
      })
    })
  })
})

it('carries over every column of the snapshot that means something elsewhere', async () => {
  await withDatabase(sqliteFile, async (database) => {
    const columns = await database.read((session) =>
      session.all<{ name: string }>("select name from pragma_table_info('snapshot')"),
    )
    const here = ['activation_id', 'run_id']
    expect([...carried, ...here].sort()).toEqual(columns.map(({ name }) => name).sort())
  })
})

it('forgets every table that is about runs or activations', async () => {
  await withDatabase(sqliteFile, async (database) => {
    const tables = await database.read((session) =>
      session.all<{ name: string }>(
        `select distinct t.name from sqlite_master t, pragma_table_info(t.name) c
         where t.type = 'table' and c.name in ('run_id', 'activation_id') order by 1`,
      ),
    )
    expect(tables.map(({ name }) => name)).toEqual([
      'applied',
      'confirmations',
      'failures',
      'locks',
      'operations',
      'outcomes',
      'runs',
      'sending',
      'snapshot',
    ])
  })
})
