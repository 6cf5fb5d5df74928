import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { DuckDBInstance } from '@duckdb/node-api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { duckdb } from '../../../connectors/duckdb/index.ts'
import {
  ConfigurationError,
  type ConnectorContext,
  QueryError,
  type Source,
  StopRunError,
} from '../../../src/connector/index.ts'
import { errorOf, notSupported, readAll, sourceConformance } from '../../conformance/source.ts'

let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-duckdb-test-'))
  await mkdir(join(folder, 'data'))
  await writeFile(join(folder, 'data/people.csv'), 'id,name\n1,Ann\n2,Bø\n')
  await writeFile(join(folder, 'data/people.json'), '[{"id":1,"tags":["a",null]}]')
  await execute(
    join(folder, 'people.db'),
    `create table people as select 1 as id, 'Ann' as name;
     copy (select 7 as id) to '${join(folder, 'data/people.parquet')}' (format parquet)`,
  )
})
afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
})

async function execute(file: string, sql: string): Promise<void> {
  const instance = await DuckDBInstance.create(file)
  const connection = await instance.connect()
  await connection.run(sql)
  connection.closeSync()
  instance.closeSync()
}

function context(): ConnectorContext {
  return {
    clock: { now: () => 0, sleep: () => Promise.reject(new Error('nothing here waits')) },
    random: () => 0.5,
    projectFolder: folder,
    notice: () => {},
  }
}

function open(options: Record<string, unknown> = {}): Promise<Source> {
  return duckdb.open(duckdb.options.parse(options), context())
}

sourceConformance({
  name: 'duckdb',
  open: () => open(),
  edges: {
    'smallest bigint': '(-9223372036854775808)::bigint',
    'largest bigint': '9223372036854775807::bigint',
    'largest integer that a number holds': '9007199254740991::hugeint',
    'smallest integer that a number does not hold': '9007199254740992::ubigint',
    smallint: '(-32768)::smallint',
    'decimal of 30 digits': "'-123456789012345678901234.567890'::decimal(38, 6)",
    'decimal with zeros at its end': '12.30::decimal(12, 2)',
    'decimal below one': '(-0.05)::decimal(4, 2)',
    'decimal NaN': notSupported,
    'largest double': '1.7976931348623157e308::double',
    'smallest double': '5e-324::double',
    'double of 17 digits': '0.1::double + 0.2::double',
    'single precision': '0.1::float',
    'float NaN': "'nan'::double",
    'float Infinity': "'infinity'::double",
    'float -Infinity': "'-infinity'::float",
    true: 'true',
    false: 'false',
    'empty text': "''",
    'text with quotes': "'it''s \"quoted\" \\ back, tab\t, line\nfeed'",
    'text beyond ASCII': "'naïve 漢字 😀 e\u0301'",
    uuid: "'6EFB9DB7-f399-46d7-b34c-4d3d80896f0a'::uuid",
    enum: "'sad'::enum('happy', 'sad')",
    time: "time '12:34:56.789012'",
    date: "date '2024-02-29'",
    'date in year 1': "date '0001-01-01'",
    'date in year 9999': "date '9999-12-31'",
    'date in year 12024': "date '12024-01-01'",
    'date in 44 BC': "date '0044-03-15 (BC)'",
    'date infinity': "date 'infinity'",
    'date -infinity': "date '-infinity'",
    'timestamp with microseconds': "timestamp '2024-01-02 03:04:05.123456'",
    'timestamp with zeros at its end': "'2024-01-02 03:04:05.120'::timestamp_ms",
    'timestamp of whole seconds': "'2024-01-02 03:04:05'::timestamp_s",
    'timestamp in year 1': "timestamp '0001-01-01 00:00:00.000001'",
    'timestamp before 1970': "timestamp '1969-12-31 23:59:59.999999'",
    'timestamp of nanoseconds': "'2024-01-02 03:04:05.123456789'::timestamp_ns",
    'timestamptz is in UTC': "timestamptz '2024-01-02 03:04:05.000001+02'",
    'timestamptz at the end of year 9999': "timestamptz '9999-12-31 23:59:59.999999+00'",
    'timestamptz infinity': "timestamptz 'infinity'",
    'timestamptz -infinity': "timestamptz '-infinity'",
    json: `'{"a": [1, null, "x"]}'::json`,
    struct: "{'a': 1, 'b': ['x', null], 'c': 1.50::decimal(4, 2), 'd': 9223372036854775807}",
    bytes: "'\\x00\\xFF\\x27\\x5C'::blob",
    'no bytes': "''::blob",
    'array with NULL': '[1, null, 3]',
    'empty array': '[]::varchar[]',
    'array of arrays': '[[1, 2], [3, null]]',
    'array of text': `['', 'NULL', 'a,b', '{x}', 'say "hi"', 'back\\slash', null]`,
    'array of decimals': '[1.50, -2.00]::decimal(4, 2)[2]',
    'array of timestamptz': "[timestamptz '2024-01-02 03:04:05.000001+02']",
  },
  typeNames: {
    boolean: 'boolean',
    integer: 'hugeint',
    decimal: 'decimal(12, 2)',
    float: 'float',
    text: 'varchar',
    date: 'date',
    timestamp: 'timestamp',
    timestamptz: 'timestamptz',
    json: 'json',
    bytes: 'blob',
    array: 'integer[]',
  },
  endless: 'select sum(a.i * b.i) from range(100000000) a(i), range(1000000) b(i)',
  failsMidway: `select cast(case when i = 300000 then 'private-value' else '1' end as integer)
    from generate_series(1, 400000) as t(i)`,
  writes: "copy (select 1) to 'out.csv'",
  async running(source) {
    const { rows } = await readAll(source, 'from duckdb_connection_count()')
    return Number(rows[0]?.[0]) - 1
  },
})

describe('duckdb: files', () => {
  it('reads CSV, JSON and Parquet by paths from the project folder', async () => {
    const source = await open()
    expect((await readAll(source, "from 'data/people.csv'")).rows).toEqual([
      [1, 'Ann'],
      [2, 'Bø'],
    ])
    expect((await readAll(source, "from read_csv('data/*.csv')")).rows.length).toBe(2)
    expect((await readAll(source, "from 'data/people.json'")).rows).toEqual([[1, ['a', null]]])
    expect((await readAll(source, "from 'data/people.parquet'")).rows).toEqual([[7]])
    await source.close()
  })

  it("prefers the project's files to those of the folder that it runs in", async () => {
    const here = process.cwd()
    const elsewhere = join(folder, 'elsewhere')
    await mkdir(join(elsewhere, 'data'), { recursive: true })
    await writeFile(join(elsewhere, 'data/people.csv'), 'id,name\n9,Wrong\n')
    const source = await open()
    process.chdir(elsewhere)
    try {
      for (const query of [
        "select name from 'data/people.csv' where id = 1",
        "select people.name from 'data/people.csv' where people.id = 1",
        "/* from 'x.csv' */ select p.name from read_csv(['data/people.csv'], delim = ',') p where id = 1",
        "select name from (select 1 as one) o join './data/people.csv' p on p.id = o.one",
        "select name from read_csv('data/people*.csv', header = true) where id = 1",
      ]) {
        expect((await readAll(source, query)).rows).toEqual([['Ann']])
      }
      const wrong = "select 'é', name from 'data/people.csv' p\nwhere p.nope = 1"
      const error = await errorOf(readAll(source, wrong))
      expect((error as QueryError).offset).toBe(wrong.indexOf('p.nope'))
    } finally {
      process.chdir(here)
    }
    await source.close()
  })

  it('names a file that is not there, and where it looked', async () => {
    const source = await open()
    const query = "select *\nfrom 'data/nobody.csv'"
    const error = await errorOf(readAll(source, query))
    expect(error).toBeInstanceOf(QueryError)
    expect(error.message).toContain('data/nobody.csv')
    expect(error.message).toContain(folder)
    expect((error as QueryError).offset).toBe(query.indexOf('data/'))
    await source.close()
  })

  it('shows no line of a CSV file that cannot be read', async () => {
    const rows = Array.from({ length: 40_000 }, (_, index) => `${index},1`)
    await writeFile(join(folder, 'data/bad.csv'), `id,n\n${rows.join('\n')}\nprivate-value,2\n`)
    const source = await open()
    const error = await errorOf(readAll(source, "select * from 'data/bad.csv'"))
    expect(error).toBeInstanceOf(QueryError)
    expect(error.message).toContain('column "id"')
    expect(error.message).toContain('line 40002')
    expect(error.message).not.toContain('private-value')
    await source.close()
  })

  it.each([
    ['v::int', 'Conversion Error: a value cannot be converted to INT32 (column "v")'],
    ['v::struct(a date)', 'a value cannot be converted (column "v")'],
    ['v::date', 'a value cannot be converted (column "v")'],
    ['v::timestamp', 'a value cannot be converted (column "v")'],
    ['v::int[]', 'a value cannot be converted to INTEGER[] (column "v")'],
    ["strptime(v, '%Y')", 'does not follow the format'],
    ['v::json', 'text is not JSON (column "v")'],
    ["json_extract(v, '$.a')", 'text is not JSON'],
    ["regexp_matches('x', '(' || v)", 'Invalid Input Error'],
    ['timezone(v, now())', 'there is no such time zone'],
    ['date_trunc(v, now())', 'there is no such part of a date'],
    ["format('{' || v, 1)", 'Invalid Input Error'],
    ["from_base64(v || '!')", 'Conversion Error'],
    ["json_value('{}', '$[' || v)", 'a JSON path is not well-formed'],
    ['error(v)', 'Invalid Input Error'],
    [`error('No files found that match the pattern "' || v || '"')`, 'Invalid Input Error'],
    [`error('CSV Error on Line: 1\nError when converting column "' || v || '". ')`, 'Error'],
    ["error(v || ' when casting from source column ' || v)", 'Invalid Input Error'],
  ])('shows no value of a row where %s fails', async (expression, text) => {
    const source = await open()
    const query = `select ${expression} as result from (select 'private-' || range as v from range(7, 9)) t`
    const error = await errorOf(readAll(source, query))
    expect(error).toBeInstanceOf(QueryError)
    expect(error.message).toContain(text)
    expect(error.message).not.toMatch(/private|-7|-8/)
    await source.close()
  })

  it('says which extension is missing', async () => {
    const source = await open()
    for (const [query, extension] of [
      ["from 'https://example.com/people.csv'", 'httpfs'],
      ["from st_read('map.shp')", 'spatial'],
    ] as const) {
      const error = await errorOf(readAll(source, query))
      expect(error).toBeInstanceOf(QueryError)
      expect(error.message).toContain(extension)
    }
    await source.close()
  })
})

describe('duckdb: a database file', () => {
  it('is opened read-only, by a path from the project folder', async () => {
    const source = await open({ path: 'people.db', threads: 1, memory_limit: '200MB' })
    expect((await readAll(source, 'from people')).rows).toEqual([[1, 'Ann']])
    const settings = "select current_setting('threads'), current_setting('access_mode')"
    expect((await readAll(source, settings)).rows).toEqual([[1, 'read_only']])
    await source.close()
  })

  it('may be opened twice, and is free for writers after an early end and close', async () => {
    const file = join(folder, 'shared.db')
    await execute(file, 'create table t as select i from range(1000000) r(i)')
    const [one, two] = await Promise.all([open({ path: 'shared.db' }), open({ path: 'shared.db' })])
    const stream = await one.query('select * from t', new AbortController().signal)
    for await (const _batch of stream.batches) break
    expect((await readAll(two, 'select count(*) from t')).rows).toEqual([[1_000_000]])
    await one.close()
    await two.close()
    const write = `import('@duckdb/node-api').then((d) => d.DuckDBInstance.create(process.argv[1]))`
    await promisify(execFile)(process.execPath, ['-e', write, file])
  })

  it('that is not there, or is none, is a configuration error', async () => {
    const missing = await errorOf(open({ path: 'nobody.db' }))
    expect(missing).toBeInstanceOf(ConfigurationError)
    expect(missing.message).toContain(join(folder, 'nobody.db'))
    const wrong = await errorOf(open({ path: 'data/people.csv' }))
    expect(wrong).toBeInstanceOf(ConfigurationError)
    expect(wrong.message).toContain('not a DuckDB database')
  })

  it('that another process writes stops the run, and names the process', async () => {
    const hold = `import('@duckdb/node-api').then(async (d) => {
      globalThis.held = await d.DuckDBInstance.create(process.argv[1])
      console.log('held')
      setInterval(() => {}, 1000)
    })`
    const file = join(folder, 'people.db')
    const holder = spawn(process.execPath, ['-e', hold, file], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await once(holder.stdout, 'data')
    const error = await errorOf(open({ path: 'people.db' }))
    holder.kill('SIGKILL')
    await once(holder, 'close')
    expect(error).toBeInstanceOf(StopRunError)
    expect(error.message).toContain(`PID ${holder.pid}`)
  })
})

describe('duckdb: what a query may not do', () => {
  it.each([
    "copy (select 1) to 'stolen.csv'",
    "attach 'made.db'",
    "export database 'made'",
    'install httpfs',
    'set threads = 1',
    'create table t as select 1',
    "create temp table t as select 'x'",
    'checkpoint',
    "from query('copy (select 1) to ''stolen.csv''')",
    "with x as (copy (select 1) to 'stolen.csv') from x",
  ])('%s', async (query) => {
    const source = await open()
    expect(await errorOf(readAll(source, query))).toBeInstanceOf(QueryError)
    for (const name of ['stolen.csv', 'made.db', 'made']) {
      expect(existsSync(join(folder, name)) || existsSync(name)).toBe(false)
    }
    await source.close()
  })

  it('changes no row of the database file', async () => {
    const source = await open({ path: 'people.db' })
    const error = await errorOf(readAll(source, 'delete from people returning id'))
    expect(error).toBeInstanceOf(QueryError)
    expect((await readAll(source, 'select count(*) from people')).rows).toEqual([[1]])
    await source.close()
  })
})

describe('duckdb: options', () => {
  it('refuses what it does not know, and amounts it cannot read', () => {
    expect(duckdb.options.safeParse({ file: 'x.db' }).success).toBe(false)
    expect(duckdb.options.safeParse({ memory_limit: 'lots' }).success).toBe(false)
    expect(duckdb.options.safeParse({ threads: 0 }).success).toBe(false)
    expect(duckdb.options.safeParse({ threads: '2', memory_limit: '1.5 GiB' }).success).toBe(true)
  })

  it('stops a query that needs more memory than it may have', async () => {
    const source = await open({ memory_limit: '20MB', threads: 1 })
    const query = `select list(i) from range(20000000) t(i)`
    const error = await errorOf(readAll(source, query))
    expect(error).toBeInstanceOf(StopRunError)
    expect(error.message).toContain('memory_limit')
    await source.close()
  })
})
