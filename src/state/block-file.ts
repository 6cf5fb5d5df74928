import type { FileHandle } from 'node:fs/promises'
import { crc32 } from 'node:zlib'
import { type EntryBlock, entriesPerBlock } from '../plan/entry-block.ts'

/** Before each block: how many entries it has, how many bytes their keys, and the checksum of what follows. */
const leadBytes = 12

/** Keys have to fit one buffer, whatever a damaged file says. */
const mostKeyBytes = 2 ** 30

/** Bytes of an entry beside its key: hash, fingerprint, end of the key, flags. */
const entryBytes = 16 + 16 + 4 + 1

export function sizeOf({ count, keys }: EntryBlock): number {
  return leadBytes + count * entryBytes + keys.length
}

/** Writes a block at a place in a file. */
export async function writeBlock(handle: FileHandle, at: number, block: EntryBlock): Promise<void> {
  const { hashes, fingerprints, ends, keys, flags } = block
  const parts = [hashes, fingerprints, ends, keys, flags].map(
    ({ buffer, byteOffset, byteLength }) => new Uint8Array(buffer, byteOffset, byteLength),
  )
  const sum = parts.reduce((before, part) => crc32(part, before), 0)
  const lead = new Uint8Array(Uint32Array.of(block.count, keys.length, sum).buffer)
  await handle.writev([lead, ...parts], at)
}

/**
 * Reads blocks that lie behind each other from `start` on; each is good until the next one is asked for, and may be changed.
 * Throws where one is damaged or missing.
 */
export async function* readBlocks(
  handle: FileHandle,
  start: number,
  blocks: number,
): AsyncGenerator<EntryBlock> {
  const reader = new BlockReader(handle, start)
  let coming = blocks === 0 ? null : reader.next()
  for (let number = 1; coming !== null; number += 1) {
    const block: EntryBlock = await coming
    // The next one is read while this one is looked at.
    coming = number < blocks ? reader.next() : null
    coming?.catch(() => {})
    yield block
  }
}

/** Reads blocks into two rooms by turns. */
class BlockReader {
  readonly #handle: FileHandle
  readonly #lead = new Uint32Array(leadBytes / 4)
  #at: number
  #room = new ArrayBuffer(0)
  #other = new ArrayBuffer(0)

  constructor(handle: FileHandle, start: number) {
    this.#handle = handle
    this.#at = start
  }

  async next(): Promise<EntryBlock> {
    await fill(this.#handle, new Uint8Array(this.#lead.buffer), this.#at)
    const [count = 0, keyBytes = 0, sum = 0] = this.#lead
    if (count > entriesPerBlock || keyBytes > mostKeyBytes) throw damaged()
    const size = count * entryBytes + keyBytes
    const bytes = new Uint8Array(this.#takeRoom(size), 0, size)
    await fill(this.#handle, bytes, this.#at + leadBytes)
    if (crc32(bytes) !== sum) throw damaged()
    this.#at += leadBytes + size
    const { buffer } = bytes
    return {
      count,
      hashes: new Int32Array(buffer, 0, count * 4),
      fingerprints: new Int32Array(buffer, count * 16, count * 4),
      ends: new Uint32Array(buffer, count * 32, count),
      keys: new Uint8Array(buffer, count * 36, keyBytes),
      flags: new Uint8Array(buffer, count * 36 + keyBytes, count),
    }
  }

  #takeRoom(size: number): ArrayBuffer {
    const room =
      this.#other.byteLength < size ? new ArrayBuffer(Math.ceil(size * 1.2)) : this.#other
    this.#other = this.#room
    this.#room = room
    return room
  }
}

async function fill(handle: FileHandle, bytes: Uint8Array, at: number): Promise<void> {
  const { bytesRead } = await handle.read(bytes, 0, bytes.length, at)
  if (bytesRead < bytes.length) throw damaged()
}

function damaged(): Error {
  return new Error('a file of entries is damaged')
}
