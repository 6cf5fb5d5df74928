import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DuckDBDataChunk, DuckDBInstance } from '@duckdb/node-api'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { duckdb } from '../../../connectors/duckdb/index.ts'
import { wrapQuery } from '../../../connectors/duckdb/wrapped-query.ts'
import { QueryError, type RowBatch, type Source } from '../../../src/connector/index.ts'
import { errorOf, readAll, readHashes } from '../../conformance/source.ts'

const never = new AbortController().signal

let folder: string
let source: Source

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-duckdb-hashes-'))
  source = await duckdb.open(duckdb.options.parse({}), {
    clock: { now: () => 0, sleep: () => Promise.reject(new Error('nothing here waits')) },
    random: () => 0.5,
    projectFolder: folder,
    notice: () => {},
  })
})
afterAll(async () => {
  await source.close()
  await rm(folder, { recursive: true, force: true })
})

async function hashesOf(query: string): Promise<string[]> {
  const read = await readHashes(source, query)
  if (read === null) throw new Error(`No hashes: ${query}`)
  return read.hashes
}

/** The hashes of rows of such values, in one query, so that they are comparable. */
function hashesOfRows(type: string, rows: readonly string[]): Promise<string[]> {
  const list = rows.map((value) => `(cast(${value} as ${type}))`).join(', ')
  return hashesOf(`select * from (values ${list}) as t(v)`)
}

describe('duckdb: hashes tell values apart', () => {
  it.each<[type: string, ...values: string[]]>([
    ['boolean', 'true', 'false', 'null'],
    ['tinyint', '0', '1', '-1', 'null'],
    ['utinyint', '0', '1', '255', 'null'],
    ['smallint', '0', '1', '256', '-1', 'null'],
    ['integer', '0', '1', '65536', '-1', 'null'],
    ['bigint', '0', '1', '4294967296', '-1', '9007199254740992', '9007199254740993', 'null'],
    ['ubigint', '0', '1', '18446744073709551615', 'null'],
    ['hugeint', '0', '1', '-1', '18446744073709551616', '79228162514264337593543950336', 'null'],
    ['bignum', '0', '1', '-1', "'123456789012345678901234567890123456789012345678901'", 'null'],
    ['decimal(4, 2)', '0', '0.01', '1.50', '-1.50', 'null'],
    ['decimal(9, 2)', '0', '0.01', '1.50', '1234567.89', 'null'],
    ['decimal(18, 2)', '0', '0.01', '1.50', '1234567890123456.78', 'null'],
    ['decimal(38, 2)', '0', '0.01', '1.50', '123456789012345678901234567890123456.78', 'null'],
    ['float', '0', "'-0'", '0.1', '0.10000001', "'nan'", "'inf'", "'-inf'", 'null'],
    ['double', '0', "'-0'", '0.3', '0.30000000000000004', "'nan'", "'inf'", '5e-324', 'null'],
    ['varchar', "''", "'1'", "'a'", "'a '", "'NULL'", "'twelve bytes'", "'thirteen byte'", 'null'],
    ['blob', "''", "'\\x00'", "'\\x00\\x00'", "'\\x5Cx00'", "'\\xFF'", "'a'", 'null'],
    ['json', "'{}'", "'{ }'", "'null'", "'1'", "'1.0'", 'null'],
    ["enum('', 'a', ';')", "''", "'a'", "';'", 'null'],
    ['uuid', "'6efb9db7-f399-46d7-b34c-4d3d80896f0a'", "'6efb9db7-f399-46d7-b34c-4d3d80896f0b'"],
    ['bit', "'1'", "'01'", "'0'", "'00000001'", "'000000001'", 'null'],
    ['date', "'1970-01-01'", "'1970-01-02'", "'infinity'", "'-infinity'", 'null'],
    ['time', "'00:00'", "'00:00:00.000001'", 'null'],
    ['timetz', "'01:00:00+00'", "'01:00:00+01'", "'02:00:00+01'", 'null'],
    ['timestamp', "'1970-01-01'", "'1970-01-01 00:00:00.000001'", "'infinity'", 'null'],
    ['timestamp_s', "'1970-01-01'", "'1970-01-01 00:00:01'", 'null'],
    ['timestamp_ms', "'1970-01-01'", "'1970-01-01 00:00:00.001'", 'null'],
    ['timestamp_ns', "'1970-01-01'", "'1970-01-01 00:00:00.000000001'", 'null'],
    ['timestamptz', "'1970-01-01 00:00:00+00'", "'1970-01-01 00:00:00+01'", "'-infinity'", 'null'],
    ['interval', "'1 month'", "'30 days'", "'31 days'", "'720 hours'", "'1 day'", 'null'],
    ['integer[]', '[]', '[null]', '[0]', '[1]', '[1, 2]', '[12]', '[null, null]', 'null'],
    ['varchar[]', '[]', "['']", '[null]', "['NULL']", "['a', 'b']", "['a;1:b']", "['a, b']"],
    ['varchar[][]', '[]', '[[]]', '[null]', '[[null]]', "[['a'], ['b']]", "[['a', 'b']]", 'null'],
    [
      'double[2]',
      '[0, 0]',
      "['-0'::double, 0]",
      "[0.3, 'nan'::double]",
      '[0.30000000000000004, null]',
      'null',
    ],
    ['bit[]', "['1', '01']", "['10', '1']", "['101']"],
    ['timestamp_ns[]', "['1970-01-01']", "['1970-01-01 00:00:00.000000001']"],
    ['interval[]', "['1 month']", "['30 days']", "['-1 month']", "['00:00:00.000001']"],
    ['decimal(30, 20)[]', '[1]', '[1.00000000000000000001]'],
    [
      'struct(a varchar, b varchar)',
      "{'a': '', 'b': null}",
      "{'a': null, 'b': ''}",
      "{'a': 'x', 'b': 'y'}",
      "{'a': 'xy', 'b': ''}",
      "{'a': null, 'b': null}",
      'null',
    ],
    ['struct(a integer[])[]', "[{'a': [1]}, {'a': [2]}]", "[{'a': [1, 2]}]", "[{'a': null}]", '[]'],
    ['map(varchar, integer)', "map {'a': 1}", "map {'a': null}", 'map {}', "map {'a': 11}", 'null'],
    ['map(varchar, varchar)', "map {'a': 'b', 'c': 'd'}", "map {'a': 'b, c=d'}"],
    ['union(n integer, t varchar)', 'union_value(n := 1)', "union_value(t := '1')", 'null'],
  ])('%s', async (type, ...values) => {
    const first = await hashesOfRows(type, values)
    expect(new Set(first).size).toBe(values.length)
    expect(await hashesOfRows(type, values.toReversed())).toEqual(first.toReversed())
  })

  it.each([
    ['texts', 'varchar', "('ab', 'c')", "('a', 'bc')", "('', 'abc')", "(null, 'abc')"],
    ['texts without an end', 'blob', "('a', '\\x00')", "('a\\x00', '')"],
    ['bits', 'bit', "('0101', '01')", "('01', '0101')"],
    ['lists', 'varchar[]', "(['a'], ['b'])", "(['a', 'b'], [])", "([], ['a', 'b'])"],
    ['numbers', 'integer', '(1, 2)', '(2, 1)', '(null, 1)', '(1, null)', '(0, 1)', '(1, 0)'],
    ['small numbers', 'tinyint', '(1, 2)', '(2, 1)', '(0, null)', '(null, 0)', '(null, null)'],
  ])('%s beside each other', async (_, type, ...rows) => {
    const query = `select a::${type} as a, b::${type} as b from (values ${rows.join(', ')}) as t(a, b)`
    expect(new Set(await hashesOf(query)).size).toBe(rows.length)
  })

  it('NULL in any of many columns', async () => {
    const columns = Array.from(
      { length: 70 },
      (_, column) => `nullif(0, i - ${column}) as n${column}`,
    )
    const hashes = await hashesOf(`select ${columns.join(', ')} from range(71) t(i)`)
    expect(new Set(hashes).size).toBe(71)
  })

  it('the last byte of a megabyte', async () => {
    const query = "select repeat('x', 1000000) || right(i::varchar, 1) as v from range(20) t(i)"
    const hashes = await hashesOf(query)
    expect(new Set(hashes).size).toBe(10)
    expect(hashes.slice(10)).toEqual(hashes.slice(0, 10))
  })

  it('a hundred thousand rows', async () => {
    const query = "select i, i % 7 as j, 'x' || (i // 3) as t from range(100000) t(i)"
    const hashes = await hashesOf(query)
    expect(new Set(hashes).size).toBe(100_000)
  })
})

describe('duckdb: hashes of equal rows are equal', () => {
  it('whatever lies in memory where there is no value', async () => {
    const types = [
      'tinyint',
      'smallint',
      'integer',
      'bigint',
      'hugeint',
      'double',
      'varchar',
      'int[]',
    ]
    const columns = types.map((type, index) => {
      const value = type === 'int[]' ? '[i]' : `(i % 100)::${type}`
      return `nullif(${value}, ${value}) as v${index}`
    })
    const hashes = await hashesOf(`select ${columns.join(', ')} from range(5000) t(i)`)
    expect(new Set(hashes).size).toBe(1)
  })

  it('in any place of a result, and in a batch that is asked again', async () => {
    const query = 'select i % 3 as v from range(10000) t(i)'
    const hashes = await hashesOf(query)
    expect(new Set(hashes).size).toBe(3)
    expect(hashes.every((hash, index) => hash === hashes[index % 3])).toBe(true)

    const { batches } = await source.query(query, never)
    const into = new Int32Array(4)
    let start = 0
    let last: RowBatch | null = null
    for await (const batch of batches) {
      for (const index of [batch.size - 1, 0, batch.size - 1]) {
        batch.hash?.(index, into)
        expect(into.join()).toBe(hashes[start + index])
      }
      start += batch.size
      if (last !== null) expect(() => last?.values(0)).toThrow('until the next one')
      last = batch
    }
    expect(start).toBe(10_000)
    expect(() => last?.hash?.(0, into)).toThrow('until the next one')
  })

  it('from run to run: whoever changes how rows are hashed changes what they are hashed as', async () => {
    const read = await readHashes(
      source,
      "select 1 as a, 'text' as b, [1.5::double] as c, null::date as d",
    )
    expect(JSON.parse(read?.hashedAs ?? '')).toMatchObject({
      hash: 'MurmurHash3_x86_128 of vectors, MD5 of texts',
      server: expect.stringMatching(/^v\d+\.\d+/),
    })
    expect(read?.hashes).toMatchInlineSnapshot(`
      [
        "1844037919,572867778,1060649295,1418209357",
      ]
    `)
  })
})

describe('duckdb: what hashes depend on', () => {
  const hashedAs = async (query: string) => (await readHashes(source, query))?.hashedAs

  it.each([
    ['names', 'select 1 as a', 'select 1 as b'],
    ['types', 'select 1::bigint as a', 'select 1::ubigint as a'],
    ['scales', 'select 1::decimal(9, 1) as a', 'select 1::decimal(9, 2) as a'],
    ["an enum's values", "select 'a'::enum('a', 'b') as a", "select 'a'::enum('b', 'a') as a"],
    ['fields of a struct', "select {'a': 1} as a", "select {'b': 1} as a"],
    ['JSON that is text', "select '1'::json as a", "select '1' as a"],
  ])('%s', async (_, one, other) => {
    expect(await hashedAs(one)).toEqual(expect.any(String))
    expect(await hashedAs(one)).not.toBe(await hashedAs(other))
    expect(await hashedAs(one)).toBe(await hashedAs(one))
  })

  it('a type that cannot be hashed leaves the rows without, where it is wanted', async () => {
    const query = "select 1::variant as a, 'x' as b"
    const stream = await source.query(query, never, { columns: ['a'] })
    expect(stream.hashedAs).toBeUndefined()
    for await (const batch of stream.batches) {
      expect(batch.hash).toBeUndefined()
      expect(batch.values(0)).toEqual(['1'])
    }
    const hashed = await source.query(query, never, { columns: ['b'] })
    expect(hashed.hashedAs).toBeDefined()
    for await (const batch of hashed.batches) expect(batch.values(0)).toEqual(['x'])
  })
})

describe('duckdb: lazy rows', () => {
  it('are hashed without being decoded, and refuse a row that is not there', async () => {
    const decode = vi.spyOn(DuckDBDataChunk.prototype, 'getColumnVector')
    try {
      const query = "select i, 'x' || i as t, [i] as l from range(3000) t(i)"
      const { batches } = await source.query(query, never)
      const into = new Int32Array(4)
      for await (const batch of batches) {
        for (let index = 0; index < batch.size; index++) batch.hash?.(index, into)
        expect(decode).not.toHaveBeenCalled()
        expect(() => batch.hash?.(batch.size, into)).toThrow(RangeError)
        expect(() => batch.hash?.(-1, into)).toThrow(RangeError)
        expect(batch.values(1)).toEqual([1, 'x1', [1]])
        expect(decode).toHaveBeenCalled()
        break
      }
    } finally {
      decode.mockRestore()
    }
  })

  it('are hashed in memory that does not grow with them', async () => {
    const query = "select i, repeat('x', 1000) || i as filler from range(600000) t(i)"
    const { batches } = await source.query(query, never)
    const into = new Int32Array(4)
    let start = 0
    let peak = 0
    for await (const batch of batches) {
      if (start === 0) start = process.memoryUsage.rss()
      for (let index = 0; index < batch.size; index++) batch.hash?.(index, into)
      peak = Math.max(peak, process.memoryUsage.rss())
    }
    expect(start).toBeGreaterThan(0)
    // All rows together are 600 MB; what the collector has not come to yet is some of them.
    expect(peak - start).toBeLessThan(300_000_000)
  })
})

describe('duckdb: a query that is read in part', () => {
  it.each([
    ['from-first', 'from (select 1 as a, 2 as b)', 'b', [2]],
    ['VALUES', "values (1, 'x')", 'col1', ['x']],
    ['WITH', 'with t as (select 1 as a, 2 as b) select * from t', 'a', [1]],
    ['PIVOT', 'pivot (select 1 as k, 2 as v, 3 as g) on k in (1) using sum(v)', 'g', [3]],
    ['DESCRIBE', 'describe select 1 as a', 'column_name', ['a']],
    ['SUMMARIZE', 'summarize select 1 as a', 'column_name', ['a']],
    ['UNION', 'select 1 as a, 2 as b union all select 3, 4 limit 1', 'b', [2]],
    ['names that differ by case', 'select 1 as "A", 2 as "a"', 'a', [2]],
    ['names as ours', 'select 1 as c1, 2 as c0 from (select 3) as query', 'c0', [2]],
    ['semicolons in text', "select 1 as a, ';' as b ; -- ; end\n;", 'b', [';']],
    ['a comment at its end', "select 1 as a, ';' as b /* ; */", 'b', [';']],
  ])('%s', async (_, query, wanted, row) => {
    const stream = await source.query(query, never, { columns: [wanted] })
    expect(stream.columns.map(({ name }) => name)).toEqual([wanted])
    expect(stream.hashedAs).toBeDefined()
    for await (const batch of stream.batches) expect(batch.values(0)).toEqual(row)
  })

  it('reads no other column of a file', async () => {
    const instance = await DuckDBInstance.create()
    const connection = await instance.connect()
    const file = join(folder, 'wide.parquet')
    await connection.run(
      `copy (select i as first, i as second, 't' || i as third from range(10) t(i)) to '${file}'`,
    )
    const prepared = await connection.prepare(`from '${file}'`)
    const types = [0, 1, 2].map((index) => prepared.columnType(index))
    const { text } = wrapQuery(`from '${file}'`, types, [0, 2])
    const plan = (await connection.runAndReadAll(`explain ${text}`)).getRows().join()
    expect(plan).toMatch(/first[\s\S]*third|third[\s\S]*first/)
    expect(plan).not.toContain('second')
    prepared.destroySync()
    connection.closeSync()
    instance.closeSync()
  })

  it('keeps the order of a file, and of ORDER BY, on all threads', async () => {
    const instance = await DuckDBInstance.create()
    const connection = await instance.connect()
    const file = join(folder, 'many.parquet')
    await connection.run(
      `copy (select i, 't' || i as t from range(500000) t(i)) to '${file}' (row_group_size 20000)`,
    )
    connection.closeSync()
    instance.closeSync()
    const read = async (query: string) =>
      (await readAll(source, query, ['i'])).rows.map(([i]) => i as number)
    const up = await read("select t, i from 'many.parquet'")
    expect(up.length).toBe(500_000)
    expect(up.every((value, index) => value === index)).toBe(true)
    const down = await read("select t, i from 'many.parquet' order by i desc")
    expect(down.every((value, index) => value === 499_999 - index)).toBe(true)
    expect(down.length).toBe(500_000)
  })

  it.each([
    [
      'before its first row',
      "select 'é' as e, cast(v as int) as n from (select 'p' as v) order by n",
    ],
    [
      'midway',
      "select i, cast(case when i = 300000 then 'p' else '1' end as int) as n from range(400000) t(i)",
    ],
  ])('says where it fails %s', async (_, query) => {
    const error = await errorOf(readAll(source, query, ['n']))
    expect(error).toBeInstanceOf(QueryError)
    expect((error as QueryError).offset).toBe(query.indexOf('cast('))
  })
})
