import type { DigestWords } from './digest.ts'

/** Entries per chunk, as a power of two: chunks are added, never copied. */
const chunkBits = 13
export const entriesPerChunk = 1 << chunkBits
const chunkMask = entriesPerChunk - 1

/** Words in a digest. */
const width = 4

const nothing = new Int32Array(width)

/**
 * One digest for each entry of a table, in chunks that are made when something is first written to them. What was not
 * written reads as zeros, and zeros stand for nothing.
 */
export class DigestColumn {
  readonly #chunks: (Int32Array | undefined)[] = []
  #room = new Uint8Array(0)

  /** Makes room for the first entries, in one piece. Returns it, to be filled; nothing may have been written before. */
  reserve(entries: number): Uint8Array {
    const chunks = Math.ceil(entries / entriesPerChunk)
    const room = new Int32Array(chunks * entriesPerChunk * width)
    for (let number = 0; number < chunks; number += 1) {
      const start = number * entriesPerChunk * width
      this.#chunks[number] = room.subarray(start, start + entriesPerChunk * width)
    }
    this.#room = new Uint8Array(room.buffer, 0, entries * width * 4)
    return this.#room
  }

  /** The room that `reserve` made. */
  get room(): Uint8Array {
    return this.#room
  }

  /**
   * Takes over the room that another column has reserved, to be filled anew. What was in it is gone; nothing may have been
   * written here before.
   */
  takeRoomOf(other: DigestColumn): Uint8Array {
    const entries = other.#room.length / (width * 4)
    for (let number = 0; number * entriesPerChunk < entries; number += 1) {
      const chunk = other.#chunks[number]
      const rest = (entries - number * entriesPerChunk) * width
      // Behind the last of them there may be others, which stay where they are.
      other.#chunks[number] = rest < entriesPerChunk * width ? chunk?.slice() : undefined
      this.#chunks[number] = chunk?.fill(0, rest)
    }
    this.#room = other.#room
    other.#room = new Uint8Array(0)
    return this.#room
  }

  /** The digests of `entriesPerChunk` entries, to be filled. */
  chunk(number: number): Int32Array {
    let chunk = this.#chunks[number]
    if (chunk === undefined) {
      chunk = new Int32Array(entriesPerChunk * width)
      this.#chunks[number] = chunk
    }
    return chunk
  }

  /** The same, to be read; undefined where nothing was written. */
  written(number: number): Int32Array | undefined {
    return this.#chunks[number]
  }

  set(entry: number, digest: DigestWords): void {
    const chunk = this.chunk(entry >>> chunkBits)
    const at = (entry & chunkMask) * width
    chunk[at] = digest[0] as number
    chunk[at + 1] = digest[1] as number
    chunk[at + 2] = digest[2] as number
    chunk[at + 3] = digest[3] as number
  }

  /** Copies the digest of an entry to a place among some words. */
  copy(entry: number, into: Int32Array, to = 0): void {
    const chunk = this.#chunks[entry >>> chunkBits] ?? nothing
    const at = chunk === nothing ? 0 : (entry & chunkMask) * width
    into[to] = chunk[at] as number
    into[to + 1] = chunk[at + 1] as number
    into[to + 2] = chunk[at + 2] as number
    into[to + 3] = chunk[at + 3] as number
  }

  clear(entry: number): void {
    const at = (entry & chunkMask) * width
    this.#chunks[entry >>> chunkBits]?.fill(0, at, at + width)
  }

  /** Forgets all, and keeps the room. */
  reset(): void {
    for (const chunk of this.#chunks) chunk?.fill(0)
  }

  /** One of the four words of the entry's digest. */
  word(entry: number, number: number): number {
    const chunk = this.#chunks[entry >>> chunkBits]
    return chunk === undefined ? 0 : (chunk[(entry & chunkMask) * width + number] as number)
  }

  equals(entry: number, digest: DigestWords): boolean {
    const chunk = this.#chunks[entry >>> chunkBits]
    if (chunk === undefined) return isNothing(digest)
    const at = (entry & chunkMask) * width
    return (
      chunk[at] === digest[0] &&
      chunk[at + 1] === digest[1] &&
      chunk[at + 2] === digest[2] &&
      chunk[at + 3] === digest[3]
    )
  }

  /** The first of the entries from `start` up to `end` that has this digest; -1 where none has. */
  search(digest: DigestWords, start: number, end: number): number {
    const first = digest[0] as number
    for (let entry = start; entry < end; ) {
      const chunk = this.#chunks[entry >>> chunkBits]
      const last = Math.min(end, (entry | chunkMask) + 1)
      if (chunk === undefined) {
        if (isNothing(digest)) return entry
        entry = last
        continue
      }
      const stop = ((last - 1) & chunkMask) * width
      for (let at = (entry & chunkMask) * width; at <= stop; at += width, entry += 1) {
        if (chunk[at] === first && this.equals(entry, digest)) return entry
      }
    }
    return -1
  }

  /** Whether nothing was written for the entry. */
  isEmpty(entry: number): boolean {
    const chunk = this.#chunks[entry >>> chunkBits]
    if (chunk === undefined) return true
    const at = (entry & chunkMask) * width
    return (
      ((chunk[at] as number) |
        (chunk[at + 1] as number) |
        (chunk[at + 2] as number) |
        (chunk[at + 3] as number)) ===
      0
    )
  }
}

/** Whether a digest is all zeros, which stand for nothing. */
export function isNothing(digest: DigestWords): boolean {
  return digest[0] === 0 && digest[1] === 0 && digest[2] === 0 && digest[3] === 0
}
