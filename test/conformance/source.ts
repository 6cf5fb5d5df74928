import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type Column,
  type ColumnType,
  QueryError,
  type RowTexts,
  type Source,
  type Value,
} from '../../src/connector/index.ts'
import { unixSeconds } from '../../src/plan/cast-date.ts'

/** Written where a database has no such value. */
export const notSupported = 'not supported'

interface Expected {
  readonly type: ColumnType
  readonly element?: ColumnType
  readonly value: Value
}

const text = 'it\'s "quoted" \\ back, tab\t, line\nfeed'

/** Values at the edges of every type, with what a source has to hand out for them. */
const edges = {
  'smallest bigint': { type: 'integer', value: -9223372036854775808n },
  'largest bigint': { type: 'integer', value: 9223372036854775807n },
  'largest integer that a number holds': { type: 'integer', value: 9007199254740991 },
  'smallest integer that a number does not hold': { type: 'integer', value: 9007199254740992n },
  smallint: { type: 'integer', value: -32768 },
  'decimal of 30 digits': { type: 'decimal', value: '-123456789012345678901234.567890' },
  'decimal with zeros at its end': { type: 'decimal', value: '12.30' },
  'decimal below one': { type: 'decimal', value: '-0.05' },
  'decimal NaN': { type: 'decimal', value: 'NaN' },
  'largest double': { type: 'float', value: Number.MAX_VALUE },
  'smallest double': { type: 'float', value: 5e-324 },
  'double of 17 digits': { type: 'float', value: 0.30000000000000004 },
  'single precision': { type: 'float', value: 0.1 },
  'float NaN': { type: 'float', value: Number.NaN },
  'float Infinity': { type: 'float', value: Number.POSITIVE_INFINITY },
  'float -Infinity': { type: 'float', value: Number.NEGATIVE_INFINITY },
  true: { type: 'boolean', value: true },
  false: { type: 'boolean', value: false },
  'empty text': { type: 'text', value: '' },
  'text with quotes': { type: 'text', value: text },
  'text beyond ASCII': { type: 'text', value: 'naïve 漢字 😀 e\u0301' },
  uuid: { type: 'text', value: '6efb9db7-f399-46d7-b34c-4d3d80896f0a' },
  enum: { type: 'text', value: 'sad' },
  time: { type: 'text', value: '12:34:56.789012' },
  date: { type: 'date', value: '2024-02-29' },
  'date in year 1': { type: 'date', value: '0001-01-01' },
  'date in year 9999': { type: 'date', value: '9999-12-31' },
  'date in year 12024': { type: 'date', value: '+012024-01-01' },
  'date in 44 BC': { type: 'date', value: '-000043-03-15' },
  'date infinity': { type: 'date', value: 'infinity' },
  'date -infinity': { type: 'date', value: '-infinity' },
  'timestamp with microseconds': { type: 'timestamp', value: '2024-01-02T03:04:05.123456' },
  'timestamp with zeros at its end': { type: 'timestamp', value: '2024-01-02T03:04:05.12' },
  'timestamp of whole seconds': { type: 'timestamp', value: '2024-01-02T03:04:05' },
  'timestamp in year 1': { type: 'timestamp', value: '0001-01-01T00:00:00.000001' },
  'timestamp before 1970': { type: 'timestamp', value: '1969-12-31T23:59:59.999999' },
  'timestamp of nanoseconds': { type: 'timestamp', value: '2024-01-02T03:04:05.123456789' },
  'timestamptz is in UTC': { type: 'timestamptz', value: '2024-01-02T01:04:05.000001Z' },
  'timestamptz at the end of year 9999': {
    type: 'timestamptz',
    value: '9999-12-31T23:59:59.999999Z',
  },
  'timestamptz infinity': { type: 'timestamptz', value: 'infinity' },
  'timestamptz -infinity': { type: 'timestamptz', value: '-infinity' },
  json: { type: 'json', value: '{"a": [1, null, "x"]}' },
  struct: { type: 'json', value: '{"a":1,"b":["x",null],"c":1.50,"d":9223372036854775807}' },
  bytes: { type: 'bytes', value: Uint8Array.of(0, 255, 39, 92) },
  'no bytes': { type: 'bytes', value: new Uint8Array() },
  'array with NULL': { type: 'array', element: 'integer', value: [1, null, 3] },
  'empty array': { type: 'array', element: 'text', value: [] },
  'array of arrays': {
    type: 'array',
    element: 'integer',
    value: [
      [1, 2],
      [3, null],
    ],
  },
  'array of text': {
    type: 'array',
    element: 'text',
    value: ['', 'NULL', 'a,b', '{x}', 'say "hi"', 'back\\slash', null],
  },
  'array of decimals': { type: 'array', element: 'decimal', value: ['1.50', '-2.00'] },
  'array of timestamptz': {
    type: 'array',
    element: 'timestamptz',
    value: ['2024-01-02T01:04:05.000001Z'],
  },
} as const satisfies Record<string, Expected>

export type Edge = keyof typeof edges

/** What the suite has to know of one kind of source. */
export interface SourceHarness {
  readonly name: string
  open(): Promise<Source>
  /** An SQL expression for each edge, or `notSupported`. */
  readonly edges: Readonly<Record<Edge, string>>
  /** A type name per column type, for NULLs; arrays are of integers. */
  readonly typeNames: Readonly<Record<ColumnType, string>>
  /** A query that would run for many minutes before its first row. */
  readonly endless: string
  /** A query over 400,000 rows that fails at row 300,000, over the value `private-value`. */
  readonly failsMidway: string
  /** A query that writes. */
  readonly writes: string
  /** How many queries hold something in the database now. */
  running(source: Source): Promise<number>
}

const never = new AbortController().signal

interface Result {
  readonly columns: readonly Column[]
  readonly rows: readonly (readonly Value[])[]
}

/** Reads all of a query's rows, or those columns of them that are wanted. */
export async function readAll(
  source: Source,
  query: string,
  wanted?: readonly string[],
): Promise<Result> {
  const stream = await source.query(query, never, wanted === undefined ? {} : { columns: wanted })
  const rows: (readonly Value[])[] = []
  for await (const batch of stream.batches) {
    for (let index = 0; index < batch.size; index++) {
      const values = batch.values(index)
      rows.push(values)
      if (batch.texts !== undefined) expectTexts(batch.texts(index), stream.columns, values)
    }
  }
  return { columns: stream.columns, rows }
}

const areValues: readonly ColumnType[] = ['text', 'json', 'decimal']

/** That a row as it was sent says what its values say. */
function expectTexts(texts: RowTexts, columns: readonly Column[], values: readonly Value[]): void {
  for (const [position, { type }] of columns.entries()) {
    const { bytes, starts, ends } = texts
    const expected = values[position]
    const [start = 0, end = 0] = [starts[position], ends[position]]
    expect(texts.value(position)).toEqual(expected)
    expect(end < start).toBe(expected === null)
    if (expected === null) continue
    if (areValues.includes(type)) {
      expect(Buffer.from(bytes.subarray(start, end)).toString()).toBe(expected)
    }
    const seconds = type === 'timestamptz' ? texts.seconds(position) : Number.NaN
    if (!Number.isNaN(seconds)) expect(seconds).toBe(unixSeconds(expected as string))
  }
}

/** The hashes of a query's rows and what they depend on; null where the source has none. */
export async function readHashes(
  source: Source,
  query: string,
): Promise<{ hashedAs: string; hashes: string[] } | null> {
  const { hashedAs, batches } = await source.query(query, never)
  const into = new Int32Array(4)
  const hashes: string[] = []
  for await (const batch of batches) {
    expect(batch.hash === undefined).toBe(hashedAs === undefined)
    for (let index = 0; index < batch.size; index++) {
      into.fill(-1)
      batch.hash?.(index, into)
      hashes.push(into.join())
    }
  }
  return hashedAs === undefined ? null : { hashedAs, hashes }
}

/** The error that a query ends with; fails where it does not. */
export async function errorOf(promise: Promise<unknown>): Promise<Error> {
  const error = await promise.then(
    () => null,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(Error)
  return error as Error
}

/** What every source has to do, as tests. */
export function sourceConformance(harness: SourceHarness): void {
  describe(`${harness.name}: a source`, () => {
    let source: Source

    beforeAll(async () => {
      source = await harness.open()
    })
    afterAll(async () => {
      await source?.close()
    })

    /** Asks until nothing runs any more; each question is a round trip, so the number is a time limit too. */
    const settled = async (): Promise<number> => {
      let running = 0
      for (let attempt = 0; attempt < 500; attempt++) {
        running = await harness.running(source)
        if (running === 0) return 0
      }
      return running
    }

    describe('hands out exact values', () => {
      for (const [name, expected] of Object.entries(edges) as [Edge, Expected][]) {
        const expression = harness.edges[name]
        if (expression === notSupported) {
          it.skip(`${name}: ${notSupported}`)
          continue
        }
        it(name, async () => {
          const { columns, rows } = await readAll(source, `select ${expression} as v`)
          expect(rows).toEqual([[expected.value]])
          expect(columns).toEqual([
            {
              name: 'v',
              type: expected.type,
              sourceType: expect.stringMatching(/./),
              ...(expected.element === undefined ? {} : { element: expected.element }),
            },
          ])
        })
      }

      for (const [type, name] of Object.entries(harness.typeNames)) {
        it(`NULL of type ${type}`, async () => {
          const { columns, rows } = await readAll(source, `select cast(null as ${name}) as v`)
          expect(columns[0]?.type).toBe(type)
          expect(rows).toEqual([[null]])
        })
      }
    })

    it('has columns where there are no rows', async () => {
      const { columns, rows } = await readAll(source, "select 1 as a, 'x' as b where 1 = 0")
      expect(rows).toEqual([])
      expect(columns.map(({ name, type }) => `${name} ${type}`)).toEqual(['a integer', 'b text'])
    })

    it('keeps names as they are, the second of two equal ones too', async () => {
      const { columns, rows } = await readAll(source, 'select 1 as "Ä b", 2 as c, 3 as c')
      expect(columns.map(({ name }) => name)).toEqual(['Ä b', 'c', 'c'])
      expect(rows).toEqual([[1, 2, 3]])
    })

    it('has the columns that are wanted, in the order of the query', async () => {
      const query = 'select 1 as a, 2 as "B ""b""", 3 as c; -- end'
      const { columns, rows } = await readAll(source, query, ['c', 'B "b"'])
      const names = columns.map(({ name }) => name)
      expect(names.filter((name) => name !== 'a')).toEqual(['B "b"', 'c'])
      expect(rows.map((row) => row.slice(-2))).toEqual([[2, 3]])
    })

    it.each([[['a', 'nope']], [['c']]])(
      'has every column where %j cannot be told',
      async (wanted) => {
        const query = 'select 1 as a, 2 as c, 3 as c'
        const { columns, rows } = await readAll(source, query, wanted)
        expect(columns.map(({ name }) => name)).toEqual(['a', 'c', 'c'])
        expect(rows).toEqual([[1, 2, 3]])
      },
    )

    it('has the rows where no column is wanted', async () => {
      const { rows } = await readAll(source, 'select i from generate_series(1, 3) as t(i)', [])
      expect(rows).toHaveLength(3)
    })

    it('keeps the order of rows where few columns are wanted', async () => {
      const query =
        'select i, i as j from generate_series(1, 1000) as t(i) order by i * 7919 % 1000'
      const all = (await readAll(source, query)).rows.map(([i]) => i)
      expect((await readAll(source, query, ['j'])).rows.map((row) => row.at(-1))).toEqual(all)
    })

    it('sorts rows by the text of a column as UTF-8, or says that it does not', async () => {
      const values =
        "('b'), ('a'), ('B'), ('é'), ('\u{10000}'), ('\uffff'), (''), ('a b'), ('-'), ('ab')"
      const orders = [
        [`select 1 as one, k from (values ${values}) as t(k)`, ['k']],
        [`select k from (values ${values}) as t(k) order by k desc; -- end`, undefined],
        ['select i - 12 as k, i as j from generate_series(1, 120) as t(i)', undefined],
        ['select md5(i::varchar)::uuid as k from generate_series(1, 120) as t(i)', undefined],
      ] as const
      for (const [query, columns] of orders) {
        const stream = await source.query(query, never, {
          ...(columns === undefined ? {} : { columns }),
          orderedBy: 'k',
        })
        const at = stream.columns.findIndex(({ name }) => name === 'k')
        const keys: Buffer[] = []
        for await (const batch of stream.batches) {
          for (let index = 0; index < batch.size; index++) {
            keys.push(Buffer.from(String(batch.values(index)[at])))
          }
        }
        if (stream.orderedBy === undefined) return
        expect(stream.orderedBy).toBe('k')
        expect(keys.map(String)).toEqual(keys.toSorted(Buffer.compare).map(String))
      }
    })

    it.each(['select 1 as a', 'select 1 as k, 2 as k'])(
      'does not say that it sorts by a column that cannot be told: %s',
      async (query) => {
        const { orderedBy, batches } = await source.query(query, never, { orderedBy: 'k' })
        expect(orderedBy).toBe(undefined)
        for await (const batch of batches) expect(batch.size).toBe(1)
      },
    )

    it('says where a query is wrong that is read in part', async () => {
      const query = 'select 1 as a,\n  nope as b'
      const error = await errorOf(readAll(source, query, ['a']))
      expect((error as QueryError).offset).toBe(query.indexOf('nope'))
    })

    it('hashes rows, or says that it does not', async () => {
      const select = (values: string) => readHashes(source, `select * from (values ${values}) as t`)
      const once = await select("(1, 'a'), (2, null), (3, '')")
      if (once === null) return
      const { hashes, hashedAs } = once
      expect(new Set(hashes).size).toBe(3)
      expect(await select("(1, 'a'), (2, null), (3, '')")).toEqual(once)
      expect(await select("(3, ''), (1, 'a')")).toEqual({
        hashedAs,
        hashes: [hashes[2], hashes[0]],
      })
      const pairs =
        "('ab', 'c'), ('a', 'bc'), ('', 'abc'), (null, 'abc'), ('abc', null), (null, null)"
      expect(new Set((await select(pairs))?.hashes).size).toBe(6)
      // Equal bytes of another type, or under another name, are other rows.
      expect((await readHashes(source, "select '1' as a"))?.hashedAs).not.toBe(
        (await readHashes(source, 'select 1 as a'))?.hashedAs,
      )
      expect((await readHashes(source, 'select 1 as b'))?.hashedAs).not.toBe(
        (await readHashes(source, 'select 1 as a'))?.hashedAs,
      )
    })

    it('takes comments, empty lines and semicolons around a query', async () => {
      const { rows } = await readAll(source, '\n-- the people; all\n/* now */ select 1;\n; -- end')
      expect(rows).toEqual([[1]])
    })

    it('decodes a row whenever it is asked for, and refuses one that is not there', async () => {
      const stream = await source.query('select i from generate_series(1, 3) as t(i)', never)
      for await (const batch of stream.batches) {
        expect(batch.size).toBe(3)
        expect(batch.values(2)).toEqual([3])
        expect(batch.values(0)).toEqual([1])
        expect(batch.values(2)).toEqual([3])
        expect(() => batch.values(3)).toThrow(RangeError)
      }
    })

    it('streams many rows in order, in memory that does not grow with them', async () => {
      const count = 600_000
      const stream = await source.query(
        `select i, repeat('x', 1000) as filler from generate_series(1, ${count}) as t(i) order by i`,
        never,
      )
      let next = 1
      let start = 0
      let peak = 0
      for await (const batch of stream.batches) {
        if (start === 0) start = process.memoryUsage.rss()
        for (let index = 0; index < batch.size; index++) {
          const [i, filler] = batch.values(index)
          if (i !== next || String(filler).length !== 1000) expect.fail(`row ${next} is ${i}`)
          next += 1
        }
        peak = Math.max(peak, process.memoryUsage.rss())
      }
      expect(next - 1).toBe(count)
      // All rows together are 600 MB; what the collector has not come to yet is some of them.
      expect(peak - start).toBeLessThan(300_000_000)
    })

    it('frees what a query held when its loop is left early', async () => {
      const stream = await source.query('select i from generate_series(1, 5000000) as t(i)', never)
      for await (const batch of stream.batches) {
        expect(batch.size).toBeGreaterThan(0)
        break
      }
      expect(await settled()).toBe(0)
    })

    it('frees what a query held when its loop throws', async () => {
      const stream = await source.query('select i from generate_series(1, 5000000) as t(i)', never)
      const loop = async () => {
        for await (const _batch of stream.batches) throw new Error('the engine gave up')
      }
      expect((await errorOf(loop())).message).toBe('the engine gave up')
      expect(await settled()).toBe(0)
    })

    it('ends an abort before the query with its reason', async () => {
      const reason = new Error('stopped')
      const query = source.query('select 1', AbortSignal.abort(reason))
      expect(await errorOf(query)).toBe(reason)
      expect(await settled()).toBe(0)
    })

    it('ends an abort during the query with its reason, and cancels it in the database', async () => {
      const controller = new AbortController()
      const reason = new Error('stopped')
      const query = errorOf(source.query(harness.endless, controller.signal))
      while ((await harness.running(source)) === 0);
      controller.abort(reason)
      expect(await query).toBe(reason)
      expect(await settled()).toBe(0)
    })

    it('ends an abort between rows with its reason, and frees what it held', async () => {
      const controller = new AbortController()
      const reason = new Error('stopped')
      const sql = 'select i from generate_series(1, 5000000) as t(i)'
      const stream = await source.query(sql, controller.signal)
      let batches = 0
      const loop = async () => {
        for await (const _batch of stream.batches) {
          batches += 1
          controller.abort(reason)
        }
      }
      expect(await errorOf(loop())).toBe(reason)
      expect(batches).toBe(1)
      expect(await settled()).toBe(0)
    })

    it('frees an aborted query whose rows nobody reads', async () => {
      const controller = new AbortController()
      await source.query('select i from generate_series(1, 5000000) as t(i)', controller.signal)
      controller.abort()
      expect(await settled()).toBe(0)
    })

    it('runs queries after each other, and two at once', async () => {
      expect((await readAll(source, 'select 1')).rows).toEqual([[1]])
      const both = ['a', 'b'].map((name) =>
        readAll(source, `select '${name}' from generate_series(1, 5000) as t(i)`),
      )
      const [a, b] = await Promise.all(both)
      expect(new Set(a?.rows.flat())).toEqual(new Set(['a']))
      expect(new Set(b?.rows.flat())).toEqual(new Set(['b']))
      expect(b?.rows.length).toBe(5000)
    })

    it('says where a query is wrong, in lines and beyond ASCII', async () => {
      const query =
        "-- ünïcode 😀\nselect 'é😀' as a,\n  1 as b,\n  nope as c\nfrom (select 1 as x) t"
      const error = await errorOf(readAll(source, query))
      expect(error).toBeInstanceOf(QueryError)
      expect(error.message).toContain('nope')
      expect((error as QueryError).offset).toBe(query.indexOf('nope'))
    })

    it('says where the grammar is wrong', async () => {
      const query = "/* 😀 */ select 'é'\n\tfrom where x"
      const error = await errorOf(readAll(source, query))
      expect(error).toBeInstanceOf(QueryError)
      expect((error as QueryError).offset).toBe(query.indexOf('where'))
    })

    it('refuses several statements, and none', async () => {
      const several = await errorOf(readAll(source, 'select 1; select 2'))
      expect(several).toBeInstanceOf(QueryError)
      expect(several.message).toContain('several statements')
      for (const empty of ['', ' \n', '-- nothing', ';']) {
        expect(await errorOf(readAll(source, empty))).toBeInstanceOf(QueryError)
      }
    })

    it('refuses a query that writes', async () => {
      const error = await errorOf(readAll(source, harness.writes))
      expect(error).toBeInstanceOf(QueryError)
      expect(error.message).toContain('may only read')
    })

    it('fails where a query fails midway, without showing the value', async () => {
      const stream = await source.query(harness.failsMidway, never)
      let rows = 0
      const loop = async () => {
        for await (const batch of stream.batches) rows += batch.size
      }
      const error = await errorOf(loop())
      expect(error).toBeInstanceOf(QueryError)
      expect(error.message).not.toContain('private-value')
      expect(rows).toBeGreaterThan(0)
      expect(rows).toBeLessThanOrEqual(300_000)
      expect(await settled()).toBe(0)
    })

    it('goes on after an error', async () => {
      await errorOf(readAll(source, 'select nope'))
      expect((await readAll(source, 'select 1')).rows).toEqual([[1]])
    })

    it('is closed twice without harm, ends what still runs, and takes no query afterwards', async () => {
      const other = await harness.open()
      const stream = await other.query('select i from generate_series(1, 5000000) as t(i)', never)
      await other.close()
      await other.close()
      const loop = async () => {
        for await (const _batch of stream.batches);
      }
      await errorOf(loop())
      expect((await errorOf(other.query('select 1', never))).message).toContain('closed')
    })
  })
}
