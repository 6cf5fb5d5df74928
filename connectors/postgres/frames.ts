import { Duplex } from 'node:stream'
import type pg from 'pg'
import { bindMessage } from './bind.ts'
import { CutFrame, frameSize, headerSize } from './frame.ts'
import { FrameBatch } from './frame-batch.ts'
import type { RowReader } from './reader.ts'
import { PooledSocket } from './socket.ts'
import type { DecodedColumn } from './values.ts'

/** The parts of pg's connection that its types leave out. */
interface Wire {
  readonly stream: Duplex
  parse(statement: { text: string }): void
  execute(portal: object): void
  sync(): void
}

type Listener = (chunk: Buffer) => void

interface Waiter {
  resolve(batch: FrameBatch | null): void
  reject(error: unknown): void
}

const dataRow = 0x44
const readyForQuery = 0x5a

/** So many bytes may wait for whoever reads before the socket is paused, and with it the server. */
const mostWaiting = 256 * 1024

/** Whether pg's connection is built as `FrameReader` needs it. */
export function canReadFrames(client: pg.Client): boolean {
  const { connection } = client as unknown as { connection?: Partial<Wire> }
  if (!(connection?.stream instanceof Duplex)) return false
  const { stream } = connection
  const methods = ['parse', 'execute', 'sync'] as const
  return (
    methods.every((name) => typeof connection[name] === 'function') &&
    stream.listenerCount('data') === 1 &&
    !stream.readableObjectMode &&
    stream.readableEncoding === null
  )
}

/**
 * Runs one query and takes its rows from the socket as bytes. For the length of the query it listens to the socket in
 * the place of pg's parser: frames with rows stay as they are, every other one goes on to the parser. pg knows it as a
 * query of its own kind (a "submittable", as pg-copy-streams and pg-cursor have them) and calls the handlers.
 */
export class FrameReader implements RowReader {
  readonly #text: string
  readonly #columns: readonly DecodedColumn[]
  #socket: Duplex | null = null
  #parser: Listener = () => {}
  #cut: CutFrame | null = null
  /** Null where chunks need not be handed back. */
  #pool: PooledSocket | null = null
  /** The batch that is looked at. */
  #current: FrameBatch | null = null
  readonly #waiting: FrameBatch[] = []
  #waitingBytes = 0
  #waiter: Waiter | null = null
  #failure: { readonly error: unknown } | null = null
  #isDone = false
  #isDiscarding = false

  /** `columns` are those that the text was described with. */
  constructor(text: string, columns: readonly DecodedColumn[]) {
    this.#text = text
    this.#columns = columns
  }

  next(): Promise<FrameBatch | null> {
    const isIdle = this.#current?.isLookedAt === false
    this.#letGo()
    const batch = this.#waiting.shift()
    if (batch !== undefined) {
      this.#current = batch
      this.#waitingBytes -= batch.bytes
      if (this.#socket?.isPaused() && this.#waitingBytes < mostWaiting / 2) this.#socket.resume()
      return Promise.resolve(batch)
    }
    if (this.#failure !== null) return Promise.reject(this.#failure.error)
    if (this.#isDone) return Promise.resolve(null)
    // While rows are looked at, more comes in by itself.
    if (isIdle) this.#pool?.gather()
    return new Promise((resolve, reject) => {
      this.#waiter = { resolve, reject }
    })
  }

  discard(): void {
    this.#isDiscarding = true
    this.#waiting.length = 0
    this.#waitingBytes = 0
    this.#fail(new Error('The rows are no longer read'))
    this.#socket?.resume()
  }

  /** Called by pg when the connection is free. */
  submit(connection: unknown): void {
    const wire = connection as Wire
    const { stream } = wire
    this.#socket = stream
    this.#parser = stream.listeners('data')[0] as Listener
    stream.on('data', this.#read)
    stream.off('data', this.#parser)
    if (stream instanceof PooledSocket) {
      this.#pool = stream
      stream.isLending = true
    }
    stream.cork()
    wire.parse({ text: this.#text })
    stream.write(bindMessage(this.#columns))
    wire.execute({})
    wire.sync()
    stream.uncork()
  }

  handleCommandComplete(): void {}

  handleError(error: unknown): void {
    this.#fail(error)
  }

  handleReadyForQuery(): void {
    this.#isDone = true
    this.#waiter?.resolve(null)
    this.#waiter = null
  }

  /** Takes back the rows that were looked at, for their bytes to be used again. */
  #letGo(): void {
    const batch = this.#current
    if (batch === null) return
    this.#current = null
    batch.forget()
    if (batch.isAlone) this.#pool?.giveBack(batch.rest)
  }

  #fail(error: unknown): void {
    this.#failure ??= { error }
    this.#waiter?.reject(this.#failure.error)
    this.#waiter = null
  }

  #read = (chunk: Buffer): void => {
    try {
      this.#split(chunk)
    } catch (error) {
      this.#socket?.destroy(error as Error)
    }
  }

  #split(chunk: Buffer): void {
    let first = chunk
    let starts: number[] = []
    let at = 0
    let isAlone = true
    if (this.#cut !== null) {
      at = this.#cut.add(chunk)
      const frame = this.#cut.whole
      if (frame === null) {
        this.#pool?.giveBack(chunk)
        return
      }
      this.#cut = null
      if (frame[0] === dataRow) {
        first = frame
        starts.push(0)
      } else if (this.#passOn(frame, chunk, at)) return
    }
    while (at + headerSize <= chunk.length) {
      const next = at + frameSize(chunk, at)
      if (next > chunk.length) break
      if (chunk[at] === dataRow) {
        starts.push(at)
      } else {
        // Rows that came before the frame have to be there before pg hears of it.
        const isKept = this.#handOn(new FrameBatch(first, chunk, starts, this.#columns, false))
        if (isKept) isAlone = false
        first = chunk
        starts = []
        if (this.#passOn(chunk.subarray(at, next), chunk, next)) return
      }
      at = next
    }
    if (at < chunk.length) this.#cut = new CutFrame(chunk, at)
    const isKept = this.#handOn(new FrameBatch(first, chunk, starts, this.#columns, isAlone))
    if (isAlone && !isKept) this.#pool?.giveBack(chunk)
    if (this.#waitingBytes > mostWaiting) this.#socket?.pause()
  }

  /** Returns whether somebody will look at the batch. */
  #handOn(batch: FrameBatch): boolean {
    if (batch.size === 0 || this.#isDiscarding) return false
    if (this.#waiter === null) {
      this.#waiting.push(batch)
      this.#waitingBytes += batch.bytes
      return true
    }
    this.#current = batch
    this.#waiter.resolve(batch)
    this.#waiter = null
    return true
  }

  /**
   * Gives a frame to pg's parser. After the last frame of the query the parser gets its place back, and what the chunk
   * holds from `next` on; returns whether that was so.
   */
  #passOn(frame: Buffer, chunk: Buffer, next: number): boolean {
    if (frame[0] !== readyForQuery) {
      this.#parser(frame)
      return false
    }
    const socket = this.#socket
    // Before the parser has the frame, since pg starts the next query then.
    socket?.on('data', this.#parser)
    socket?.off('data', this.#read)
    socket?.resume()
    this.#socket = null
    if (this.#pool !== null) this.#pool.isLending = false
    this.#parser(frame)
    // A copy, since the parser keeps the beginning of a frame until its end comes.
    if (next < chunk.length) this.#parser(Buffer.from(chunk.subarray(next)))
    return true
  }
}
