import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { postgres } from '../../../connectors/postgres/index.ts'
import { openPostgres } from '../../../connectors/postgres/source.ts'
import {
  QueryError,
  type Source,
  StopRunError,
  TryAgainError,
} from '../../../src/connector/index.ts'
import { errorOf, notSupported, readAll, sourceConformance } from '../../conformance/source.ts'
import { postgresForTests } from '../../support/postgres.ts'
import { context } from './support.ts'

/** Any that Postgres has, as it writes it. */
const anyTime = fc
  .record({
    year: fc.oneof(fc.integer({ min: 1, max: 9999 }), fc.integer({ min: 1, max: 294_275 })),
    isBeforeChrist: fc.boolean(),
    second: fc.nat(365 * 86_400),
    microsecond: fc.oneof(fc.constant(0), fc.nat(999_999)),
  })
  .map(({ year, isBeforeChrist, second, microsecond }) => {
    const within = new Date(Date.UTC(2001, 0, 1) + second * 1000).toISOString().slice(4, -5)
    const isEarly = isBeforeChrist && year < 4713
    const fraction = String(microsecond).padStart(6, '0')
    return `${String(year).padStart(4, '0')}${within}.${fraction}+00${isEarly ? ' BC' : ''}`
  })

const { server, skipped } = await postgresForTests()

describe.skipIf(skipped)('postgres', () => {
  let url = ''
  let database = ''

  beforeAll(async () => {
    url = await server.createDatabase()
    database = new URL(url).pathname.slice(1)
    await server.execute(
      `create type mood as enum ('happy', 'sad');
       create table people (id int primary key, name text);
       insert into people values (1, 'Ann');
       create schema marts;
       create view marts.staff as select id, name from people;
       create domain amount as numeric(12, 2)`,
      database,
    )
  })
  afterAll(async () => {
    await server.stop()
  })

  const open = (options: Record<string, unknown> = {}): Promise<Source> =>
    postgres.open(postgres.options.parse({ url, ...options }), context)

  const sessions = async (): Promise<{ pid: number; state: string; query: string }[]> => {
    const rows = await server.execute(
      `select pid, state, query from pg_stat_activity
       where application_name = 'millrace' and datname = '${database}'`,
    )
    return rows as { pid: number; state: string; query: string }[]
  }

  describe.each([
    { name: 'postgres', mayReadFrames: true },
    { name: "postgres, through pg's cursor", mayReadFrames: false },
  ])('conformance', ({ name, mayReadFrames }) => {
    sourceConformance({
      name,
      open: () => openPostgres(postgres.options.parse({ url }), context, { mayReadFrames }),
      edges: {
        'smallest bigint': '(-9223372036854775808)::bigint',
        'largest bigint': '9223372036854775807::bigint',
        'largest integer that a number holds': '9007199254740991::bigint',
        'smallest integer that a number does not hold': '9007199254740992::bigint',
        smallint: '(-32768)::smallint',
        'decimal of 30 digits': "'-123456789012345678901234.567890'::numeric",
        'decimal with zeros at its end': '12.30::amount',
        'decimal below one': '(-0.05)::numeric(4, 2)',
        'decimal NaN': "'NaN'::numeric",
        'largest double': '1.7976931348623157e308::float8',
        'smallest double': "'5e-324'::float8",
        'double of 17 digits': '0.1::float8 + 0.2::float8',
        'single precision': '0.1::real',
        'float NaN': "'NaN'::float8",
        'float Infinity': "'Infinity'::float8",
        'float -Infinity': "'-Infinity'::real",
        true: 'true',
        false: 'false',
        'empty text': "''",
        'text with quotes': "E'it''s \"quoted\" \\\\ back, tab\\t, line\\nfeed'",
        'text beyond ASCII': "'naïve 漢字 😀 e\u0301'",
        uuid: "'6EFB9DB7-f399-46d7-b34c-4d3d80896f0a'::uuid",
        enum: "'sad'::mood",
        time: "time '12:34:56.789012'",
        date: "date '2024-02-29'",
        'date in year 1': "date '0001-01-01'",
        'date in year 9999': "date '9999-12-31'",
        'date in year 12024': "date '12024-01-01'",
        'date in 44 BC': "date '0044-03-15 BC'",
        'date infinity': "date 'infinity'",
        'date -infinity': "date '-infinity'",
        'timestamp with microseconds': "timestamp '2024-01-02 03:04:05.123456'",
        'timestamp with zeros at its end': "timestamp '2024-01-02 03:04:05.120000'",
        'timestamp of whole seconds': "timestamp '2024-01-02 03:04:05'",
        'timestamp in year 1': "timestamp '0001-01-01 00:00:00.000001'",
        'timestamp before 1970': "timestamp '1969-12-31 23:59:59.999999'",
        'timestamp of nanoseconds': notSupported,
        'timestamptz is in UTC': "timestamptz '2024-01-02 03:04:05.000001+02'",
        'timestamptz at the end of year 9999': "timestamptz '9999-12-31 23:59:59.999999+00'",
        'timestamptz infinity': "timestamptz 'infinity'",
        'timestamptz -infinity': "timestamptz '-infinity'",
        json: `'{"a": [1, null, "x"]}'::jsonb`,
        struct: `'{"a":1,"b":["x",null],"c":1.50,"d":9223372036854775807}'::json`,
        bytes: "'\\x00ff275c'::bytea",
        'no bytes': "''::bytea",
        'array with NULL': 'array[1, null, 3]',
        'empty array': "'{}'::text[]",
        'array of arrays': 'array[[1, 2], [3, null]]',
        'array of text': `array['', 'NULL', 'a,b', '{x}', 'say "hi"', 'back\\slash', null]`,
        'array of decimals': 'array[1.50, -2.00]::amount[]',
        'array of timestamptz': "array[timestamptz '2024-01-02 03:04:05.000001+02']",
      },
      typeNames: {
        boolean: 'boolean',
        integer: 'bigint',
        decimal: 'numeric(12, 2)',
        float: 'real',
        text: 'varchar(10)',
        date: 'date',
        timestamp: 'timestamp(3)',
        timestamptz: 'timestamptz',
        json: 'jsonb',
        bytes: 'bytea',
        array: 'integer[]',
      },
      endless: 'select pg_sleep(600)',
      failsMidway: `select case when i = 300000 then 'private-value' else '1' end::integer
        from generate_series(1, 400000) as t(i)`,
      writes: "insert into people values (2, 'Bob') returning id",
      running: async () => (await sessions()).length,
    })
  })

  it('reads the same values from memory as from texts', async () => {
    const times = fc.sample(anyTime, { numRuns: 2_000, seed: 1 })
    const numbers = fc.sample(fc.double(), { numRuns: 2_000, seed: 1 })
    const rows = times.map((time, index) => `('${time}', '${numbers[index]}')`)
    const query = `select t::timestamp, t::timestamptz, d::float8, null::float8, null::timestamptz
      from (values ('infinity', '-0'), ('-infinity', 'nan'), ${rows.join()}) as v(t, d)`
    const read = async (mayReadFrames: boolean) => {
      const source = await openPostgres(postgres.options.parse({ url }), context, { mayReadFrames })
      const result = await readAll(source, query)
      await source.close()
      return result
    }
    const inMemory = await read(true)
    expect(inMemory.rows).toHaveLength(2_002)
    expect(inMemory).toEqual(await read(false))
  })

  describe('columns', () => {
    it('carry the names of types as Postgres writes them', async () => {
      const source = await open()
      const { columns } = await readAll(
        source,
        `select 1.5::numeric(12, 2) a, 'x'::varchar(10) b, 'sad'::mood c, now() d,
           '{sad}'::mood[] e, '1 2'::int2vector f, array['(1,1),(0,0)'::box] g`,
      )
      expect(columns.map(({ sourceType }) => sourceType)).toEqual([
        'numeric(12,2)',
        'character varying(10)',
        'mood',
        'timestamp with time zone',
        'mood[]',
        'int2vector',
        'box[]',
      ])
      expect(columns.map(({ type, element }) => element ?? type)).toEqual([
        'decimal',
        'text',
        'text',
        'timestamptz',
        'text',
        'text',
        'text',
      ])
      await source.close()
    })
  })

  describe('the session', () => {
    it('is read-only, in UTC, and says who it is', async () => {
      const source = await open()
      const { rows } = await readAll(
        source,
        `select current_setting('transaction_read_only'), current_setting('TimeZone'), current_setting('application_name')`,
      )
      expect(rows).toEqual([['on', 'UTC', 'millrace']])
      await source.close()
    })

    it('lets no function write', async () => {
      await server.execute(
        `create function sneak() returns int language sql as
           'insert into people values (3, ''Eve''); select 1'`,
        database,
      )
      const source = await open()
      const error = await errorOf(readAll(source, 'select sneak()'))
      expect(error).toBeInstanceOf(QueryError)
      expect(error.message).toContain('read-only transaction')
      await errorOf(
        readAll(source, `select set_config('transaction_read_only', 'off', true), sneak()`),
      )
      expect(await server.execute('select id from people', database)).toEqual([{ id: 1 }])
      await source.close()
    })

    it('has the search path and the role that the options name', async () => {
      await server.execute('create role reader; grant usage on schema marts to reader', database)
      const marts = await open({ search_path: 'marts, pg_temp' })
      expect((await readAll(marts, 'select name from staff')).rows).toEqual([['Ann']])
      await marts.close()
      const reader = await open({ role: 'reader' })
      expect((await readAll(reader, 'select current_user::text')).rows).toEqual([['reader']])
      const refused = await errorOf(readAll(reader, 'select * from people'))
      expect(refused).toBeInstanceOf(QueryError)
      expect(refused.message).toContain('permission denied for table people')
      await reader.close()
      const nobody = await open({ role: 'nobody' })
      const error = await errorOf(readAll(nobody, 'select 1'))
      expect(error).toBeInstanceOf(StopRunError)
      expect(error.message).toContain('nobody')
      await nobody.close()
    })
  })

  describe('a query that ends early', () => {
    it('is cancelled in the server by an abort, not only left alone', async () => {
      const source = await open()
      const controller = new AbortController()
      const query = errorOf(source.query('select pg_sleep(600)', controller.signal))
      const sleeping = async () =>
        (await sessions()).filter(({ query, state }) => /sleep/.test(query) && state === 'active')
      while ((await sleeping()).length === 0);
      controller.abort(new Error('stopped'))
      expect((await query).message).toBe('stopped')
      // The promise settled, so the server has been told: it ends within a few round trips, not in ten minutes.
      for (let attempt = 0; attempt < 200 && (await sleeping()).length > 0; attempt++);
      expect(await sleeping()).toEqual([])
      await source.close()
    })

    it('tells its option when statement_timeout ends it', async () => {
      const source = await open({ statement_timeout: '50ms' })
      const error = await errorOf(readAll(source, 'select pg_sleep(600)'))
      expect(error).toBeInstanceOf(StopRunError)
      expect(error.message).toContain('`statement_timeout`')
      expect(error.message).toContain('50 ms')
      await source.close()
    })

    it('throws when its backend is killed midway', async () => {
      const source = await open()
      const stream = await source.query(
        'select i from generate_series(1, 5000000) as t(i)',
        new AbortController().signal,
      )
      let rows = 0
      const loop = async () => {
        for await (const batch of stream.batches) {
          if (rows === 0) {
            await server.execute(
              `select pg_terminate_backend(pid) from pg_stat_activity
               where application_name = 'millrace' and datname = '${database}'`,
            )
          }
          rows += batch.size
        }
      }
      expect(await errorOf(loop())).toBeInstanceOf(TryAgainError)
      expect(rows).toBeLessThan(5_000_000)
      await source.close()
    })

    it('throws when somebody cancels it', async () => {
      const source = await open()
      const query = errorOf(readAll(source, 'select pg_sleep(600)'))
      const cancel = `select pg_cancel_backend(pid) from pg_stat_activity
        where application_name = 'millrace' and datname = '${database}' and wait_event = 'PgSleep'`
      // Before it sleeps, a cancel would be lost between two statements.
      while ((await server.execute(cancel)).length === 0);
      expect(await query).toBeInstanceOf(TryAgainError)
      await source.close()
    })
  })

  describe('errors', () => {
    it.each([
      ['name::int', '22P02', 'type integer'],
      ['name::date', '22007', 'type date'],
      ["(name || '-2020-13-99')::varchar::json", '22P02', 'type json'],
      ["('2020-13-' || length(name))::date", '22008', 'datetime field overflow'],
      ["(length(name) || '999999999999')::int", '22003', 'type integer'],
      ['date_trunc(name, now())', '22023', 'invalid parameter value'],
      ['now() at time zone name', '22023', 'invalid parameter value'],
      ["'x' ~ ('(' || name)", '2201B', 'invalid regular expression'],
      ["decode(name, 'hex')", '22023', 'invalid parameter value'],
      ['1 / (length(name) - 12)', '22012', 'division by zero'],
      ['shout(name)', 'P0001', 'function shout, line 2'],
      ['(select name from people, generate_series(1, 2))', '21000', 'several rows'],
      ['name::regclass::text', null, 'relation "***" does not exist'],
      ['(name || \'"x"name\')::regrole::text', null, '***'],
      ["(name || '.b.c.d.e')::regclass::text", null, '***'],
      ['current_setting(name)', null, 'unrecognized configuration parameter "***"'],
    ])('show no value of a row where %s fails', async (expression, state, text) => {
      const source = await open()
      await server.execute(
        `create or replace function shout(said text) returns text language plpgsql as $$
           begin raise exception 'cannot take %', said using detail = said, hint = said; end $$`,
        database,
      )
      const table = `(select 'private-' || 7777 as name from people offset 0) t`
      const error = await errorOf(readAll(source, `select ${expression} from ${table}`))
      expect(error).toBeInstanceOf(QueryError)
      expect(error.message).toContain(text)
      if (state !== null) expect(error.message).toContain(`SQLSTATE ${state}`)
      expect(error.message).not.toMatch(/private|7777|999/)
      await source.close()
    })

    it('name what may not be read', async () => {
      await server.execute(
        `do $$ begin create role clerk; exception when duplicate_object then end $$;
         create table if not exists payroll (id int)`,
        database,
      )
      const source = await open({ role: 'clerk' })
      const error = await errorOf(readAll(source, 'select id from payroll'))
      expect(error.message).toContain('permission denied for table payroll')
      await source.close()
    })

    it('carry the hint of the server', async () => {
      const source = await open()
      const error = await errorOf(readAll(source, 'select nam from people'))
      expect(error.message).toContain('column "nam" does not exist')
      expect(error.message).toContain('people.name')
      await source.close()
    })

    it('explain parameters', async () => {
      const source = await open()
      const error = await errorOf(readAll(source, 'select $1::int'))
      expect(error).toBeInstanceOf(QueryError)
      expect(error.message).toContain('$1')
      await source.close()
    })
  })
})
