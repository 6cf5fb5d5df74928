import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { PooledSocket } from '../../../connectors/postgres/socket.ts'

let closing: (() => void)[] = []

afterEach(() => {
  for (const close of closing) close()
  closing = []
})

/** A pooled socket, and the other end of it. */
async function pair(): Promise<{ socket: PooledSocket; peer: Socket }> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const socket = new PooledSocket()
  const connected = once(server, 'connection')
  socket.connect((server.address() as AddressInfo).port, '127.0.0.1')
  const [peer] = (await connected) as [Socket]
  closing.push(
    () => socket.destroy(),
    () => peer.destroy(),
    () => server.close(),
  )
  return { socket, peer }
}

async function receive(socket: PooledSocket, peer: Socket, text: string): Promise<Buffer> {
  const received = once(socket, 'data')
  peer.write(text)
  const [chunk] = (await received) as [Buffer]
  return chunk
}

describe('PooledSocket', () => {
  it('hands out copies as long as it does not lend', async () => {
    const { socket, peer } = await pair()
    socket.on('data', () => {})
    const first = await receive(socket, peer, 'first')
    const second = await receive(socket, peer, 'second')
    expect(first.toString()).toBe('first')
    expect(second.toString()).toBe('second')
  })

  it('reads into a buffer again that was handed back, and into no other', async () => {
    const { socket, peer } = await pair()
    socket.on('data', () => {})
    socket.isLending = true
    const first = await receive(socket, peer, 'first')
    const second = await receive(socket, peer, 'second')
    socket.giveBack(second)
    const buffers = new Set<ArrayBufferLike>()
    for (let read = 0; read < 5; read++) {
      const chunk = await receive(socket, peer, `again ${read}`)
      expect(chunk.toString()).toBe(`again ${read}`)
      buffers.add(chunk.buffer)
      socket.giveBack(chunk)
    }
    expect(buffers).toContain(second.buffer)
    expect(buffers).not.toContain(first.buffer)
    expect(buffers.size).toBe(2)
    expect(first.toString()).toBe('first')
  })

  it('waits for more to gather where all that had come was read, once', async () => {
    const wait = vi.spyOn(Atomics, 'wait').mockReturnValue('timed-out')
    closing.push(() => wait.mockRestore())
    const { socket, peer } = await pair()
    socket.on('data', () => {})
    await receive(socket, peer, 'a greeting, which is copied')
    socket.gather()
    expect(wait).not.toHaveBeenCalled()
    socket.isLending = true
    await receive(socket, peer, 'some rows')
    expect(wait).not.toHaveBeenCalled()
    socket.gather()
    socket.gather()
    expect(wait).toHaveBeenCalledTimes(1)
  })

  it('reads nothing while it is paused', async () => {
    const { socket, peer } = await pair()
    let bytes = 0
    socket.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes === chunk.length) socket.pause()
    })
    peer.end(Buffer.alloc(50_000_000))
    await once(socket, 'data')
    // A turn of the event loop for each read that would follow.
    for (let turn = 0; turn < 100; turn++) await new Promise((resolve) => setImmediate(resolve))
    expect(bytes).toBeLessThanOrEqual(64 * 1024)
    socket.resume()
    await once(socket, 'end')
    expect(bytes).toBe(50_000_000)
  })
})
