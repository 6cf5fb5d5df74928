import { afterAll, describe, expect, it } from 'vitest'
import { ConfigurationError, Secret, StopRunError } from '../../src/connector/index.ts'
import { openStateStore } from '../../src/state/index.ts'
import { stateConformance } from '../conformance/state.ts'
import { postgresServer, skippedWithoutPostgres } from '../support/postgres.ts'
import { VirtualClock } from '../support/virtual-clock.ts'
import { about, applied, lock, operation, unapplied, wholeSnapshot } from './builders.ts'

const server = await postgresServer()

describe.skipIf(skippedWithoutPostgres(server))('state in Postgres', () => {
  if ('reason' in server) return
  const clock = new VirtualClock()
  const open = (url: string, create = true) =>
    openStateStore({ location: { kind: 'postgres', url: new Secret(url) }, clock, create })
  const { execute } = server
  const nameOf = (url: string) => new URL(url).pathname.slice(1)

  afterAll(() => server.stop())

  stateConformance('Postgres', async () => {
    const url = await server.createDatabase()
    return {
      open: (clock) =>
        openStateStore({
          location: { kind: 'postgres', url: new Secret(url) },
          clock,
          create: true,
        }),
      remove: async () => {
        await server.execute(`drop database ${nameOf(url)}`)
      },
    }
  })

  it('is made by whoever comes first when several open it at once', async () => {
    const url = await server.createDatabase()
    const stores = await Promise.all(Array.from({ length: 6 }, () => open(url)))
    await Promise.all(
      stores.map(async (store, index) => {
        const held = await lock(store, `activation-${index}`)
        const run = await store.startRun(held, about())
        const operations = Array.from({ length: 300 }, (_, ordinal) => operation(ordinal))
        await run.sink.add(operations)
        await run.record(operations.map((one) => applied(one)))
        await run.finish('done', clock.now(), '{}')
      }),
    )
    for (const [index, store] of stores.entries()) {
      expect((await wholeSnapshot(store.snapshot(`activation-${index}`))).size).toBe(300)
      await store.close()
    }
  })

  it('gives one activation to one of two runners that ask at once', async () => {
    const url = await server.createDatabase()
    const stores = [await open(url), await open(url)]
    const answers = await Promise.all(
      stores.map((store, index) => store.acquireLock('people', `runner ${index}`, 60_000)),
    )
    expect(answers.filter((answer) => 'token' in answer)).toHaveLength(1)
    expect(answers.filter((answer) => 'holder' in answer)).toHaveLength(1)
    for (const store of stores) await store.close()
  })

  it('goes on over a new connection when the server ended the idle one', async () => {
    const url = await server.createDatabase()
    const store = await open(url)
    const held = await lock(store)
    await killConnections(nameOf(url))
    const run = await store.startRun(held, about())
    await run.sink.add([operation(0)])
    await killConnections(nameOf(url))
    await run.record([applied(operation(0))])
    expect((await wholeSnapshot(store.snapshot('people'))).size).toBe(1)
    await store.close()
  })

  it('keeps nothing of a transaction whose connection was killed', async () => {
    const url = await server.createDatabase()
    const store = await open(url)
    const run = await store.startRun(await lock(store), about())
    // Another session holds the lock's row, so that recording waits within its transaction.
    const name = nameOf(url)
    const blocker = server.execute(
      'begin; select 1 from millrace.locks for update; select pg_sleep(1.5); commit',
      name,
    )
    await waiting(name, '%pg_sleep%')
    const recorded = run.record([applied(operation(0))])
    const refused = expect(recorded).rejects.toThrow(StopRunError)
    await waiting(name, '%from locks%')
    await server.execute(
      `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${name}' and query like '%from locks%' and pid <> pg_backend_pid()`,
    )
    await refused
    await blocker
    expect((await wholeSnapshot(store.snapshot('people'))).size).toBe(0)
    await run.record([applied(operation(0))])
    await store.close()
  })

  it('takes what was confirmed into the snapshot at once', async () => {
    const url = await server.createDatabase()
    const store = await open(url)
    const run = await store.startRun(await lock(store), about())
    await run.record([applied(operation(0)), applied(operation(1))])
    await run.record([applied(operation(2)), unapplied(operation(3, { key: 'key-1' }), 'failed')])
    const rows = (table: string) =>
      server.execute(`select count(*)::int as rows from millrace.${table}`, nameOf(url))
    expect(await rows('confirmations')).toEqual([{ rows: 0 }])
    expect(await rows('snapshot')).toEqual([{ rows: 3 }])
    expect((await run.snapshot.entries(['key-0', 'key-1'])).get('key-1')).toMatchObject({
      id: 'id-key-1',
      fingerprint: null,
    })
    expect(await run.snapshot.count()).toBe(3)
    await store.close()
  })

  it('makes nothing where it may not', async () => {
    const url = await server.createDatabase()
    const store = await open(url, false)
    expect(await store.runs(null, 1)).toEqual([])
    await store.close()
    const found = await server.execute(
      "select 1 from pg_namespace where nspname = 'millrace'",
      nameOf(url),
    )
    expect(found).toEqual([])
  })

  it('lives in the schema that the url names', async () => {
    const url = await server.createDatabase()
    await (await open(`${url}&schema=Other%20one`)).close()
    const tables = await server.execute(
      "select 1 from information_schema.tables where table_schema = 'Other one' and table_name = 'snapshot'",
      nameOf(url),
    )
    expect(tables).toHaveLength(1)
  })

  it('refuses the schema of a newer millrace and that of another program', async () => {
    const url = await server.createDatabase()
    await (await open(url)).close()
    await server.execute(
      "insert into millrace.schema_migrations (name, batch) values ('9999', 9); create schema other; create table other.t (n int)",
      nameOf(url),
    )
    await expect(open(url)).rejects.toThrow(/written by a newer millrace.*9999/)
    await expect(open(`${url}&schema=other`)).rejects.toThrow('tables of another program')
  })

  it('says what is missing where the user may not make the schema, and needs no more than the schema', async () => {
    const url = await server.createDatabase()
    const name = nameOf(url)
    await server.execute('create role runner login', name)
    const theirs = url.replace('postgres@', 'runner:s3cret@')
    const refused = await open(theirs).catch((error: Error) => error)
    expect(refused).toBeInstanceOf(ConfigurationError)
    expect(String(refused)).toContain(`${server.host}:${server.port}/${name}`)
    expect(String(refused)).not.toContain('s3cret')
    await server.execute('create schema millrace authorization runner', name)
    await (await open(theirs)).close()
  })

  it('names host, port and database where the server cannot be reached', async () => {
    const refused = await open('postgres://u:s3cret@127.0.0.1:1/db').catch((error: Error) => error)
    expect(refused).toBeInstanceOf(StopRunError)
    expect(String(refused)).toContain('127.0.0.1:1/db cannot be reached')
    expect(String(refused)).not.toContain('s3cret')
    const noTls = server.url().replace('sslmode=disable', 'sslmode=require')
    await expect(open(noTls)).rejects.toThrow(/cannot be reached.*sslmode/)
    await expect(open('postgres://u:s3%ret@h:x/db')).rejects.toThrow('not well-formed')
  })

  async function killConnections(name: string) {
    await execute(
      `select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = '${name}'`,
    )
  }
  async function waiting(name: string, query: string) {
    for (;;) {
      const found = await execute(
        `select 1 from pg_stat_activity where datname = '${name}' and state = 'active' and query like '${query}' and pid <> pg_backend_pid()`,
      )
      if (found.length > 0) return
    }
  }
})
