import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { postgres } from '../../../connectors/postgres/index.ts'
import { type Source, StopRunError, TryAgainError } from '../../../src/connector/index.ts'
import { errorOf, readAll } from '../../conformance/source.ts'
import { postgresForTests } from '../../support/postgres.ts'
import { context } from './support.ts'

const { server, skipped } = await postgresForTests()
const never = new AbortController().signal

const open = (url: string, options: Record<string, unknown> = {}): Promise<Source> =>
  postgres.open(postgres.options.parse({ url, ...options }), context)

describe.skipIf(skipped)('the first session of a postgres source', () => {
  let url = ''

  const sessions = () =>
    server.execute(
      `select pid, state, query from pg_stat_activity where application_name = 'millrace'
       and datname = '${new URL(url).pathname.slice(1)}'`,
    )
  const until = async (count: number) => {
    while ((await sessions()).length !== count);
  }
  /** Its transaction has begun, with all its settings. */
  const untilReady = async () => {
    for (;;) {
      const [session] = await sessions()
      if (session?.state === 'idle in transaction' && /set_config/.test(String(session.query))) {
        return session
      }
    }
  }
  const processOf = async (source: Source) =>
    (await readAll(source, 'select pg_backend_pid()')).rows[0]?.[0]

  beforeAll(async () => {
    url = await server.createDatabase()
  })
  afterAll(() => server.stop())

  it('is made ready when the source is opened, and serves the first query', async () => {
    const source = await open(url)
    const session = await untilReady()
    expect(await processOf(source)).toBe(session.pid)
    expect(await processOf(source)).not.toBe(session.pid)
    await source.close()
    await until(0)
  })

  it('sees what is there when the query runs, whatever isolation the server has as its default', async () => {
    const database = new URL(url).pathname.slice(1)
    await server.execute('create table people (id int)', database)
    await server.execute(
      `alter database "${database}" set default_transaction_isolation = 'serializable'`,
    )
    const source = await open(url)
    await untilReady()
    await server.execute('insert into people values (1)', database)
    expect((await readAll(source, 'select id from people')).rows).toEqual([[1]])
    await source.close()
    await server.execute(`alter database "${database}" reset default_transaction_isolation`)
  })

  it('is given up where nobody asked anything', async () => {
    const source = await open(url)
    await until(1)
    await source.close()
    await until(0)
    expect((await errorOf(source.query('select 1', never))).message).toContain('closed')
  })

  it('is given up where it is still under way', async () => {
    const source = await open(url)
    await source.close()
    await until(0)
  })

  it('is replaced where the server has ended it meanwhile', async () => {
    const source = await open(url)
    const session = await untilReady()
    await server.execute(`select pg_terminate_backend(${session.pid})`)
    await until(0)
    expect(await processOf(source)).not.toBe(session.pid)
    await source.close()
  })

  /** A source behind a proxy that answers each BEGIN itself, the first so many times. */
  async function behindProxy(times: number, answer: (client: Socket) => void) {
    let answered = 0
    const proxy = createServer((client) => {
      const upstream = connect(Number(new URL(url).port), '127.0.0.1')
      for (const socket of [client, upstream]) socket.on('error', () => {})
      upstream.pipe(client)
      client.on('data', (chunk) => {
        if (answered >= times || !chunk.includes('BEGIN')) return upstream.write(chunk)
        answered += 1
        return answer(client)
      })
      client.on('close', () => upstream.destroy())
    })
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
    const through = new URL(url)
    through.port = String((proxy.address() as AddressInfo).port)
    const source = await open(through.href)
    while (answered === 0) await new Promise((resolve) => setImmediate(resolve))
    return {
      source,
      close: async () => {
        await source.close()
        await new Promise((resolve) => proxy.close(resolve))
      },
    }
  }

  it('is replaced where the connection breaks while it is made ready', async () => {
    const { source, close } = await behindProxy(1, (client) => client.destroy())
    expect((await readAll(source, 'select 1')).rows).toEqual([[1]])
    await close()
  })

  it.each([
    ['53300', TryAgainError],
    ['42501', StopRunError],
  ])('says why the server begins no transaction: %s', async (code, kind) => {
    const fields = Buffer.from(`SERROR\0VERROR\0C${code}\0Mnot for you\0\0`)
    const length = Buffer.alloc(4)
    length.writeInt32BE(fields.length + 4)
    const { source, close } = await behindProxy(2, (client) => {
      client.write(Buffer.concat([Buffer.from('E'), length, fields, Buffer.from('Z\0\0\0\x05I')]))
    })
    const error = await errorOf(source.query('select 1', never))
    expect(error).toBeInstanceOf(kind)
    expect(error.message).toContain('not for you')
    await close()
  })

  it('fails the query where a setting is refused', async () => {
    const source = await open(url, { role: 'nobody' })
    const error = await errorOf(source.query('select 1', never))
    expect(error).toBeInstanceOf(StopRunError)
    expect(error.message).toContain('Postgres refused a setting')
    await source.close()
    await until(0)
  })

  it('fails the query and not the opening', async () => {
    const source = await open(`${url.replace(/\/[^/]*$/, '')}/nowhere?sslmode=disable`)
    const error = await errorOf(source.query('select 1', never))
    expect(error).toBeInstanceOf(StopRunError)
    expect(error.message).toContain('no such database')
    await source.close()
  })
})

describe('the first session of a source whose server never answers', () => {
  const sockets = new Set<Socket>()
  const silent = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
    socket.resume()
  })
  let url = ''

  beforeAll(async () => {
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    const { port } = silent.address() as AddressInfo
    url = `postgres://postgres@127.0.0.1:${port}/postgres?sslmode=disable`
  })
  afterAll(() => new Promise((resolve) => silent.close(resolve)))

  const untilAllAreGone = async () => {
    while (sockets.size > 0) await new Promise((resolve) => setImmediate(resolve))
  }

  it('ends with an abort of the query, for its reason', async () => {
    const source = await open(url)
    while (sockets.size === 0) await new Promise((resolve) => setImmediate(resolve))
    const user = new AbortController()
    const asked = errorOf(source.query('select 1', user.signal))
    user.abort(new Error('enough'))
    expect((await asked).message).toBe('enough')
    await untilAllAreGone()
    const late = await errorOf((await open(url)).query('select 1', user.signal))
    expect(late.message).toBe('enough')
    await untilAllAreGone()
  })

  it('ends where the source is closed', async () => {
    const source = await open(url)
    while (sockets.size === 0) await new Promise((resolve) => setImmediate(resolve))
    await source.close()
    await untilAllAreGone()
  })

  it('is heard of once the query asks, also where its time was over before', async () => {
    const source = await open(url, { connect_timeout: '50ms' })
    while (sockets.size === 0) await new Promise((resolve) => setImmediate(resolve))
    await untilAllAreGone()
    const error = await errorOf(source.query('select 1', never))
    expect(error).toBeInstanceOf(StopRunError)
    expect(error.message).toContain('connect_timeout')
    await source.close()
  })
})
