import type { DigestWords } from './digest.ts'
import type { Overflow, SnapshotIndex } from './interfaces.ts'

const hashesPerChunk = 8192

/** Words of each: the entry, and its hash. */
const width = 5
const chunkBytes = hashesPerChunk * width * 4

/**
 * The hashes of the rows that were read, in their order, for the index that is written in the end: nobody asks for them
 * before. So they go out of memory chunk by chunk; where there is no room for them elsewhere, they stay.
 */
export class HashLog {
  readonly #index: SnapshotIndex
  /** Null for those that were put elsewhere. */
  readonly #chunks: (Int32Array | null)[] = []
  #size = 0
  /** The first chunk that was not put elsewhere. */
  #first = 0
  /** Null as long as nothing was written. */
  #overflow: Overflow | null = null
  #isGivenUp = false

  constructor(index: SnapshotIndex) {
    this.#index = index
  }

  /** Adds the hash of the row of an entry; null for none. */
  add(entry: number, hash: DigestWords | null): void {
    const at = (this.#size % hashesPerChunk) * width
    if (at === 0) this.#chunks.push(new Int32Array(hashesPerChunk * width))
    this.#size += 1
    const chunk = this.#chunks.at(-1) as Int32Array
    chunk[at] = entry
    if (hash === null) return
    for (let word = 0; word < 4; word += 1) chunk[at + 1 + word] = hash[word] as number
  }

  /** Whether a chunk is complete, so that `write` has something to do. */
  get isDue(): boolean {
    return this.#size >= (this.#first + 1) * hashesPerChunk && !this.#isGivenUp
  }

  /** Puts the chunk that is complete elsewhere. */
  async write(): Promise<void> {
    this.#overflow ??= await this.#index.overflow()
    const chunk = this.#chunks[this.#first] as Int32Array
    const bytes = new Uint8Array(chunk.buffer)
    if (!(await this.#overflow?.write(bytes, this.#first * chunkBytes))) {
      this.#isGivenUp = true
      return
    }
    this.#chunks[this.#first] = null
    this.#first += 1
  }

  /** Goes through the hashes. Nothing may be added meanwhile. */
  reader(): HashLogReader {
    return new HashLogReader(this.#size, (chunk, room) => this.#read(chunk, room))
  }

  async close(): Promise<void> {
    await this.#overflow?.close()
  }

  /** A chunk, which is read into `room` where it is not in memory. Throws where it cannot be read. */
  async #read(number: number, room: Int32Array): Promise<Int32Array> {
    const chunk = this.#chunks[number] ?? null
    if (chunk !== null || this.#overflow === null) return chunk ?? new Int32Array(0)
    await this.#overflow.read(new Uint8Array(room.buffer), number * chunkBytes)
    return room
  }
}

type ReadChunk = (chunk: number, room: Int32Array) => Promise<Int32Array>

/** Goes through the hashes of a log, one by one. */
export class HashLogReader {
  readonly #size: number
  readonly #read: ReadChunk
  // Used again, since garbage of this size is collected late.
  readonly #room = new Int32Array(hashesPerChunk * width)
  #chunk: Int32Array = new Int32Array(0)
  #at = 0

  constructor(size: number, read: ReadChunk) {
    this.#size = size
    this.#read = read
  }

  /** Whether `load` has to be called before the next hash is taken. */
  get isDue(): boolean {
    return this.#at % hashesPerChunk === 0
  }

  async load(): Promise<void> {
    this.#chunk = await this.#read(this.#at / hashesPerChunk, this.#room)
  }

  /** Writes the next hash, which has to be that of this entry, to `into`. */
  take(entry: number, into: DigestWords): void {
    const at = (this.#at % hashesPerChunk) * width
    if (this.#at >= this.#size || this.#chunk[at] !== entry) {
      throw new Error('hashes were taken in another order than that of the rows')
    }
    for (let word = 0; word < 4; word += 1) into[word] = this.#chunk[at + 1 + word] as number
    this.#at += 1
  }
}
