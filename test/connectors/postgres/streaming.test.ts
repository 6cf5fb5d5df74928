import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { FrameBatch } from '../../../connectors/postgres/frame-batch.ts'
import { postgres } from '../../../connectors/postgres/index.ts'
import { openPostgres } from '../../../connectors/postgres/source.ts'
import { QueryError, type Source } from '../../../src/connector/index.ts'
import { errorOf, readAll, readHashes } from '../../conformance/source.ts'
import { postgresForTests } from '../../support/postgres.ts'
import { context } from './support.ts'

const { server, skipped } = await postgresForTests()
const never = new AbortController().signal

describe.skipIf(skipped)('rows that stream from postgres', () => {
  let url = ''
  let database = ''
  let source: Source

  const open = (options: Record<string, unknown> = {}, mayReadFrames = true): Promise<Source> =>
    openPostgres(postgres.options.parse({ url, ...options }), context, { mayReadFrames })

  const sessions = () =>
    server.execute(
      `select wait_event, query from pg_stat_activity
       where application_name = 'millrace' and datname = '${database}'`,
    )

  beforeAll(async () => {
    url = await server.createDatabase()
    database = new URL(url).pathname.slice(1)
    source = await open()
  })
  afterAll(async () => {
    await source?.close()
    await server.stop()
  })

  it.each([[undefined], [['i']]])(
    'end with the error that comes after half a million of them, wanted: %j',
    async (wanted) => {
      const query = 'select i, 1 / (500000 - i) as share from generate_series(1, 600000) as t(i)'
      const computed =
        wanted === undefined ? query : `select i, share from (${query}) t where share >= 0`
      const stream = await source.query(computed, never, wanted ? { columns: wanted } : {})
      let last = 0
      const loop = async () => {
        for await (const batch of stream.batches) {
          for (let index = 0; index < batch.size; index++) {
            const [i] = batch.values(index)
            if (i !== last + 1) expect.fail(`row ${String(i)} came after row ${last}`)
            last += 1
          }
        }
      }
      const error = await errorOf(loop())
      expect(error).toBeInstanceOf(QueryError)
      expect(error.message).toContain('division by zero')
      expect(last).toBeGreaterThan(400_000)
      expect(last).toBeLessThan(500_000)
      expect((await readAll(source, 'select 1')).rows).toEqual([[1]])
    },
  )

  it('hold the server up while nobody takes them', async () => {
    const stream = await source.query(
      "select i, repeat('x', 1000) from generate_series(1, 20000) as t(i)",
      never,
    )
    let rows = 0
    for await (const batch of stream.batches) {
      if (rows === 0) {
        // 20 MB do not fit between here and the server, so it waits; a source that took them would end its query.
        let waits = 0
        while (waits < 3) {
          const [session] = await sessions()
          expect(session, 'the server has sent all rows').toBeDefined()
          waits = session?.wait_event === 'ClientWrite' ? waits + 1 : 0
        }
      }
      for (let index = 0; index < batch.size; index++) {
        rows += 1
        if (batch.values(index)[0] !== rows) expect.fail(`row ${rows} is another`)
      }
    }
    expect(rows).toBe(20_000)
  })

  it('are cancelled in the server by an abort while nobody takes them', async () => {
    const controller = new AbortController()
    await source.query(
      "select i, repeat('x', 1000) from generate_series(1, 20000) as t(i)",
      controller.signal,
    )
    while ((await sessions())[0]?.wait_event !== 'ClientWrite');
    controller.abort()
    let left = await sessions()
    for (let attempt = 0; attempt < 500 && left.length > 0; attempt++) left = await sessions()
    expect(left).toEqual([])
  })

  it('may be larger than what the socket hands out', async () => {
    const query = `select repeat(chr(96 + i), 1000000 + i) as big, i from generate_series(1, 20) as t(i)`
    const { rows } = await readAll(source, query)
    const texts = rows.map(([big]) => String(big))
    expect(texts.map((text) => text.length)).toEqual(texts.map((_, index) => 1_000_001 + index))
    for (const [index, text] of texts.entries()) {
      if (text !== String.fromCharCode(97 + index).repeat(text.length)) expect.fail(`row ${index}`)
    }
    expect(rows.map(([, i]) => i)).toEqual(rows.map((_, index) => index + 1))
  })

  it('come whole where the server says something in between', async () => {
    await server.execute(
      `create function chatty(i int) returns int language plpgsql as
         $$ begin if i % 100 = 0 then raise notice 'row %', i; end if; return i; end $$`,
      database,
    )
    const { rows } = await readAll(source, 'select chatty(i) from generate_series(1, 5000) as t(i)')
    expect(rows.map(([i]) => i)).toEqual(rows.map((_, index) => index + 1))
    expect(rows).toHaveLength(5000)
  })

  it('are the same through the cursor of pg', async () => {
    const query = `select i, nullif(i % 7, 0) as a, md5(i::text) as b, array[i, null] as c
      from generate_series(1, 3000) as t(i)`
    const plain = await open({}, false)
    const expected = await readAll(plain, query)
    expect(await readAll(source, query)).toEqual(expected)
    expect(await readHashes(plain, query)).toBeNull()
    await plain.close()
  })

  it('have a hash wherever they lie in a batch', async () => {
    const query =
      'select i / 2 as a, repeat(md5((i / 2)::text), 20) as b from generate_series(2, 9999) as t(i)'
    const { hashes } = (await readHashes(source, query)) ?? { hashes: [] }
    expect(hashes).toHaveLength(9998)
    for (let index = 0; index < hashes.length; index += 2) {
      expect(hashes[index + 1]).toBe(hashes[index])
    }
    expect(new Set(hashes).size).toBe(4999)
  })

  it('are hashed under the columns and what decides how values are written', async () => {
    const query = "select 'sad'::text as a, 1.5::numeric(12, 2) as b, 1.5::float8 as c"
    const { hashedAs = '' } = await source.query(query, never)
    const parts = JSON.parse(hashedAs)
    expect(parts.columns).toEqual([
      { name: 'a', type: 'text', sourceType: 'text', oid: 25, modifier: -1 },
      { name: 'b', type: 'decimal', sourceType: 'numeric(12,2)', oid: 1700, modifier: 786438 },
      {
        name: 'c',
        type: 'float',
        sourceType: 'double precision',
        form: 'binary',
        oid: 701,
        modifier: -1,
      },
    ])
    expect(parts.server).toContain(String(server.version))
    expect(parts.settings).toMatchObject({ TimeZone: 'UTC', extra_float_digits: '3' })
    const other = await open({ search_path: 'public', statement_timeout: 60_000 })
    expect((await other.query(query, never)).hashedAs).toBe(hashedAs)
    await other.close()
    await source.close()
    source = await open()
  })

  describe('where only some columns are wanted', () => {
    const wide =
      "select i as id, repeat('x', 10000) as filler, -i as other from generate_series(1, 100) as t(i)"

    it('hold nothing else', async () => {
      const stream = await source.query(`${wide}; -- all`, never, { columns: ['other', 'id'] })
      expect(stream.columns.map(({ name }) => name)).toEqual(['id', 'other'])
      let bytes = 0
      const rows: unknown[] = []
      for await (const batch of stream.batches) {
        bytes += (batch as FrameBatch).bytes
        for (let index = 0; index < batch.size; index++) rows.push(batch.values(index))
      }
      expect(rows.slice(0, 2)).toEqual([
        [1, -1],
        [2, -2],
      ])
      expect(rows).toHaveLength(100)
      expect(bytes).toBeLessThan(5000)
    })

    it('are as many with no column at all', async () => {
      const { columns, rows } = await readAll(source, wide, [])
      expect(columns).toEqual([])
      expect(rows).toEqual(Array.from({ length: 100 }, () => []))
    })

    it.each([
      ['with people as (select 1 as a, 2 as b) select * from people', [[1]]],
      ['values (1, 2)', [[1]]],
      ["select 1 as column1, ';' as b -- and ; so on", [[1]]],
      ['select 1 as column1, 2 as b order by 2 limit 5 for share', [[1]]],
    ])('are read from %s', async (query, expected) => {
      const name = query.startsWith('with') ? 'a' : 'column1'
      const { columns, rows } = await readAll(source, query, [name])
      expect(columns.map((column) => column.name)).toEqual([name])
      expect(rows).toEqual(expected)
    })

    it.each([
      ['show TimeZone', ['UTC']],
      ['select 1 as a, 2 as b /* ; /* nested */ */; /* ; /* nested */ */', [1, 2]],
    ])('have every column of %s, which cannot stand in a query', async (query, row) => {
      const wanted = query.startsWith('show') ? [] : ['a']
      expect((await readAll(source, query, wanted)).rows).toEqual([row])
    })

    it('are refused where the query writes', async () => {
      await server.execute('create table if not exists written (a int, b int)', database)
      for (const query of [
        'insert into written values (1, 2) returning a, b',
        'with w as (insert into written values (1, 2) returning a, b) select a, b from w',
      ]) {
        const error = await errorOf(readAll(source, query, ['a']))
        expect(error).toBeInstanceOf(QueryError)
        expect(error.message).toContain('may only read')
      }
    })

    it('are read under the same session where the query could not be read in part', async () => {
      await server.execute(
        'create schema if not exists marts; create view marts.one as select 1 as a, 2 as b',
        database,
      )
      const marts = await open({ search_path: 'marts' })
      const query = 'select a, b from one; /* /* nested */ */'
      expect((await readAll(marts, query, ['a'])).rows).toEqual([[1, 2]])
      await marts.close()
    })
  })
})
