import { Duplex } from 'node:stream'
import fc from 'fast-check'
import type pg from 'pg'
import { describe, expect, it } from 'vitest'
import { bindMessage } from '../../../connectors/postgres/bind.ts'
import { canReadFrames, FrameReader } from '../../../connectors/postgres/frames.ts'
import { PooledSocket } from '../../../connectors/postgres/socket.ts'
import { decodedColumn } from '../../../connectors/postgres/values.ts'
import type { Value } from '../../../src/connector/index.ts'
import { errorOf } from '../../conformance/source.ts'

type Row = readonly (string | null)[]

const columns = ['a', 'b'].map((name) => decodedColumn(name, 25, 0, 'text'))

function frame(kind: string, content: Buffer = Buffer.alloc(0)): Buffer {
  const header = Buffer.from(`${kind}....`)
  header.writeInt32BE(content.length + 4, 1)
  return Buffer.concat([header, content])
}

function word(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

function rowFrame(row: Row): Buffer {
  const values = row.flatMap((value) =>
    value === null ? [word(-1)] : [word(Buffer.byteLength(value)), Buffer.from(value)],
  )
  return frame('D', Buffer.concat([Buffer.of(0, row.length), ...values]))
}

const parsed = frame('1')
const notice = frame('N', Buffer.from('SNOTICE\0\0'))
const complete = frame('C', Buffer.from('SELECT\0'))
const failure = frame('E')
const ready = frame('Z', Buffer.from('T'))

/** A pool whose buffers hold something else as soon as they are handed back. */
class OverwritingSocket extends PooledSocket {
  override giveBack(chunk: Buffer): void {
    chunk.fill(0xff)
  }
}

/** A query on a connection whose other end is the test; `heard` is what pg's parser gets. */
function query() {
  const heard: Buffer[] = []
  const socket: Duplex = new OverwritingSocket()
  const written: Buffer[] = []
  socket.write = (chunk: Buffer) => written.push(chunk) > 0
  const reader = new FrameReader('select', columns)
  const parser = (chunk: Buffer) => {
    heard.push(Buffer.from(chunk))
    if (chunk.equals(ready)) reader.handleReadyForQuery()
    if (chunk.equals(failure)) reader.handleError(new Error('from the server'))
  }
  socket.on('data', parser)
  const sent: string[] = []
  reader.submit({
    stream: socket,
    parse: ({ text }: { text: string }) => sent.push(`parse ${text}`),
    execute: () => sent.push('execute'),
    sync: () => sent.push('sync'),
  })
  const receive = (...chunks: readonly Buffer[]) => {
    for (const chunk of chunks) socket.emit('data', Buffer.from(chunk))
  }
  return { heard, socket, reader, parser, sent, written, receive }
}

interface Read {
  readonly rows: (readonly Value[])[]
  readonly hashes: string[]
}

async function readAll(reader: FrameReader): Promise<Read> {
  const rows: (readonly Value[])[] = []
  const hashes: string[] = []
  const into = new Int32Array(4)
  for (let batch = await reader.next(); batch !== null; batch = await reader.next()) {
    for (let index = 0; index < batch.size; index++) {
      rows.push(batch.values(index))
      batch.hash(index, into)
      hashes.push(into.join())
    }
  }
  return { rows, hashes }
}

function cutAt(bytes: Buffer, places: readonly number[]): Buffer[] {
  const edges = [0, ...new Set(places), bytes.length].sort((a, b) => a - b)
  return edges.slice(1).map((edge, index) => Buffer.from(bytes.subarray(edges[index], edge)))
}

const sample: readonly Row[] = [
  ['one', null],
  ['', 'two'],
  ['漢字 😀', 'x'.repeat(40)],
  [null, null],
]
const stream = Buffer.concat([
  parsed,
  ...sample.slice(0, 2).map(rowFrame),
  notice,
  ...sample.slice(2).map(rowFrame),
  complete,
  ready,
  notice,
])

describe('FrameReader', () => {
  it('sends one statement, without a limit on rows', () => {
    const { sent, written } = query()
    expect(sent).toEqual(['parse select', 'execute', 'sync'])
    expect(written).toEqual([bindMessage(columns)])
  })

  it('reads the same rows wherever the bytes are cut once', async () => {
    const whole = query()
    whole.receive(stream)
    const expected = await readAll(whole.reader)
    expect(expected.rows).toEqual(sample)
    expect(new Set(expected.hashes).size).toBe(sample.length)
    for (let place = 1; place < stream.length; place++) {
      const cut = query()
      cut.receive(...cutAt(stream, [place]))
      expect(await readAll(cut.reader)).toEqual(expected)
      expect(Buffer.concat(cut.heard)).toEqual(Buffer.concat(whole.heard))
    }
  })

  it('reads rows that come byte by byte', async () => {
    const { reader, receive } = query()
    receive(...cutAt(stream, [...stream.keys()]))
    expect((await readAll(reader)).rows).toEqual(sample)
  })

  it('reads any rows in any pieces, and leaves every other frame to pg', async () => {
    const value = fc.option(fc.string({ unit: 'binary', maxLength: 300 }), { nil: null })
    const row = fc.tuple(value, value)
    const frames = fc.array(fc.oneof(row, fc.constant('notice' as const)), { maxLength: 30 })
    const places = fc.array(fc.nat(5000), { maxLength: 20 })
    await fc.assert(
      fc.asyncProperty(frames, places, fc.boolean(), async (frames, places, waits) => {
        const bytes = Buffer.concat([
          parsed,
          ...frames.map((each) => (each === 'notice' ? notice : rowFrame(each))),
          complete,
          ready,
        ])
        const { reader, receive, heard } = query()
        const reading = waits ? readAll(reader) : null
        receive(
          ...cutAt(
            bytes,
            places.filter((place) => place < bytes.length),
          ),
        )
        const { rows } = await (reading ?? readAll(reader))
        expect(rows).toEqual(frames.filter((each) => each !== 'notice'))
        const notices = frames.filter((each) => each === 'notice').map(() => notice)
        expect(Buffer.concat(heard)).toEqual(Buffer.concat([parsed, ...notices, complete, ready]))
      }),
    )
  })

  it('reads a row that is larger than many chunks', async () => {
    const row = ['x'.repeat(1_000_000), 'y']
    const bytes = Buffer.concat([rowFrame(row), rowFrame(['a', 'b']), complete, ready])
    const { reader, receive } = query()
    receive(
      ...cutAt(
        bytes,
        Array.from({ length: 20 }, (_, index) => index * 50_000 + 3),
      ),
    )
    expect((await readAll(reader)).rows).toEqual([row, ['a', 'b']])
  })

  it('gives the socket back to pg when the server is ready, and the rest of the chunk', () => {
    const { socket, parser, receive, heard } = query()
    expect(socket.listeners('data')).not.toContain(parser)
    receive(Buffer.concat([ready, notice.subarray(0, 7)]))
    expect(socket.listeners('data')).toEqual([parser])
    receive(notice.subarray(7))
    expect(Buffer.concat(heard)).toEqual(Buffer.concat([ready, notice]))
  })

  it('hands out the rows before an error, then the error, never an end', async () => {
    const { reader, receive } = query()
    receive(Buffer.concat([rowFrame(['a', 'b']), failure, ready]))
    expect((await reader.next())?.size).toBe(1)
    expect((await errorOf(reader.next())).message).toBe('from the server')
    expect((await errorOf(reader.next())).message).toBe('from the server')
  })

  it('lets go of rows when the next ones are asked for', async () => {
    const { reader, receive } = query()
    receive(rowFrame(['a', 'b']), rowFrame(['c', 'd']))
    const batch = await reader.next()
    expect(batch?.values(0)).toEqual(['a', 'b'])
    await reader.next()
    expect(() => batch?.values(0)).toThrow(RangeError)
  })

  it('rejects whoever waits when the connection breaks', async () => {
    const { reader } = query()
    const next = errorOf(reader.next())
    reader.handleError(new Error('Connection terminated unexpectedly'))
    expect((await next).message).toContain('terminated')
  })

  it('pauses the socket while rows wait, and goes on when they are taken', async () => {
    const { socket, reader, receive } = query()
    const chunk = rowFrame(['x'.repeat(60_000), null])
    let chunks = 0
    for (; !socket.isPaused() && chunks < 100; chunks++) receive(chunk)
    expect(chunks).toBe(5)
    await reader.next()
    expect(socket.isPaused()).toBe(true)
    await reader.next()
    await reader.next()
    expect(socket.isPaused()).toBe(false)
  })

  it('does not leave the socket paused at the end', () => {
    const { socket, receive } = query()
    const rows = Array.from({ length: 10 }, () => rowFrame(['x'.repeat(60_000), null]))
    receive(...rows)
    expect(socket.isPaused()).toBe(true)
    receive(ready)
    expect(socket.isPaused()).toBe(false)
  })

  it('drops rows once it is told to discard them, and calls that no end', async () => {
    const { socket, reader, parser, receive } = query()
    const rows = Array.from({ length: 10 }, () => rowFrame(['x'.repeat(60_000), null]))
    receive(...rows)
    reader.discard()
    expect(socket.isPaused()).toBe(false)
    receive(...rows, complete, ready)
    expect(socket.isPaused()).toBe(false)
    expect(socket.listeners('data')).toEqual([parser])
    expect((await errorOf(reader.next())).message).toContain('no longer read')
  })

  it.each([
    ['at once', []],
    ['after its kind', [1]],
    ['after its length', [5]],
  ])('breaks the connection off where there is no frame, cut %s', async (_, places) => {
    const { socket, receive } = query()
    const broken = new Promise<Error>((resolve) => socket.once('error', resolve))
    receive(...cutAt(Buffer.from('D\0\0\0\0rest'), places))
    socket.destroy(new Error('was not broken off'))
    expect((await broken).message).toContain('no frame')
  })
})

describe('canReadFrames', () => {
  const socket = new Duplex({ read() {} }).on('data', () => {})
  const methods = { parse() {}, execute() {}, sync() {} }
  const of = (connection: unknown) => canReadFrames({ connection } as unknown as pg.Client)

  it('knows the connection that pg has', () => {
    expect(of({ stream: socket, ...methods })).toBe(true)
  })

  it.each([
    ['no connection', undefined],
    ['a socket of another kind', { stream: { on() {} }, ...methods }],
    ['nobody who listens', { stream: new Duplex({ read() {} }), ...methods }],
    ['a method that is missing', { stream: socket, ...methods, execute: undefined }],
    [
      'a socket that decodes text',
      { stream: new Duplex({ encoding: 'utf8', read() {} }).on('data', () => {}), ...methods },
    ],
  ])('is false for %s', (_, connection) => {
    expect(of(connection)).toBe(false)
  })
})
