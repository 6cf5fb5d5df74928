import { type OnReadOpts, Socket, type SocketConstructorOpts } from 'node:net'

const chunkSize = 64 * 1024

/**
 * So long, in milliseconds, whoever reads is kept from the socket where rows come in pieces. Postgres sends 8 KB at a time, and
 * to wake a reader for each of them costs both sides more than the reading: a sixth of the time of a million rows over a
 * local socket.
 */
const gathering = 0.2

/** Nobody ever wakes who waits on it. */
const never = new Int32Array(new SharedArrayBuffer(4))

/** So many buffers are kept for later; reading and looking at what was read takes two of them in turns. */
const mostFree = 8

/**
 * A socket that reads into buffers which are used again. Otherwise Node makes one for every read, and the collector
 * comes to them when there are some 60 MB of them.
 */
export class PooledSocket extends Socket {
  /** Whether whoever listens hands chunks back with `giveBack`; as long as it is false, chunks are copies. */
  isLending = false
  readonly #free: Buffer[] = []
  /** Whether all that had come was read. */
  #isEmpty = false

  constructor() {
    super({
      onread: {
        buffer: () => this.#free.pop() ?? Buffer.allocUnsafeSlow(chunkSize),
        callback: (length, buffer) => {
          this.#receive(buffer as Buffer, length)
          return true
        },
      },
      // The types know it of `connect` alone.
    } as SocketConstructorOpts & { onread: OnReadOpts })
  }

  /** Takes back a chunk that nobody looks at any more. */
  giveBack(chunk: Buffer): void {
    if (this.#free.length < mostFree) this.#free.push(Buffer.from(chunk.buffer))
  }

  /** To be called by whoever has looked at all that came, and had little to do: waits for more to gather. */
  gather(): void {
    // The event loop stands still for it, since its own timers take a millisecond at least: by then the socket is full.
    if (this.#isEmpty) Atomics.wait(never, 0, 0, gathering)
    this.#isEmpty = false
  }

  #receive(buffer: Buffer, length: number): void {
    const chunk = buffer.subarray(0, length)
    if (this.isLending) {
      this.#isEmpty = length < chunkSize
      this.emit('data', chunk)
      return
    }
    this.emit('data', Buffer.from(chunk))
    this.giveBack(chunk)
  }
}
