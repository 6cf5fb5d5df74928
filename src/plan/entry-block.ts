import type { DigestWords } from './digest.ts'

/** Entries in a block, at most. */
export const entriesPerBlock = 8192

/** Bits of an entry's flags. */
export const entryFlag = {
  /** Delivered by the mode, and not taken away since. */
  ours: 1,
  /** The fingerprint is that of the snapshot. */
  fingerprintKnown: 2,
  /** The entry is of no key any more. */
  absent: 4,
} as const

/**
 * Some keys of the snapshot, in the order of their UTF-8, with what is kept of each: the hash of its row (zeros where
 * there is none), the fingerprint of its record (four words each), and flags.
 */
export interface EntryBlock {
  readonly count: number
  readonly hashes: Int32Array
  readonly fingerprints: Int32Array
  readonly flags: Uint8Array
  /** Where each key ends in `keys`; it begins where the one before ends. */
  readonly ends: Uint32Array
  readonly keys: Uint8Array
}

/** The UTF-8 of the key at `index`. */
export function keyAt({ keys, ends }: EntryBlock, index: number): Uint8Array {
  return keys.subarray(startOf(ends, index), ends[index])
}

/** The order of a key among others: below zero where it stands before the other one. */
export function compareKeys(key: Uint8Array, other: Uint8Array): number {
  return Buffer.compare(key, other)
}

/** The same of the key at `index`, whose bytes are compared where they lie. */
export function compareKeyAt({ keys, ends }: EntryBlock, index: number, other: Uint8Array): number {
  const start = startOf(ends, index)
  const length = (ends[index] as number) - start
  const common = Math.min(length, other.length)
  for (let at = 0; at < common; at += 1) {
    const difference = (keys[start + at] as number) - (other[at] as number)
    if (difference !== 0) return difference
  }
  return length - other.length
}

function startOf(ends: Uint32Array, index: number): number {
  return index === 0 ? 0 : (ends[index - 1] as number)
}

/** Whether the digest at `index` of a block's column is this one. */
export function isDigestAt(column: Int32Array, index: number, digest: DigestWords): boolean {
  const at = index * 4
  return (
    column[at] === digest[0] &&
    column[at + 1] === digest[1] &&
    column[at + 2] === digest[2] &&
    column[at + 3] === digest[3]
  )
}

/** Writes the digest at `index` of a block's column to `into`. */
export function readDigest(column: Int32Array, index: number, into: DigestWords): void {
  for (let word = 0; word < 4; word += 1) into[word] = column[index * 4 + word] as number
}

export function digestAt(column: Int32Array, index: number): Int32Array {
  return column.subarray(index * 4, index * 4 + 4)
}

/** A copy of one entry, as a block. */
export function copyEntry(block: EntryBlock, index: number): EntryBlock {
  const key = keyAt(block, index)
  return {
    count: 1,
    hashes: block.hashes.slice(index * 4, index * 4 + 4),
    fingerprints: block.fingerprints.slice(index * 4, index * 4 + 4),
    flags: block.flags.slice(index, index + 1),
    ends: Uint32Array.of(key.length),
    keys: new Uint8Array(key),
  }
}

/** Gathers entries, in order, until they are a block. */
export class BlockBuilder {
  readonly #hashes = new Int32Array(entriesPerBlock * 4)
  readonly #fingerprints = new Int32Array(entriesPerBlock * 4)
  readonly #flags = new Uint8Array(entriesPerBlock)
  readonly #ends = new Uint32Array(entriesPerBlock)
  #keys = new Uint8Array(entriesPerBlock * 40)
  #count = 0

  get count(): number {
    return this.#count
  }

  get isFull(): boolean {
    return this.#count === entriesPerBlock
  }

  /** Adds an entry; there has to be room. */
  add(key: Uint8Array, hash: DigestWords | null, fingerprint: DigestWords, flags: number): void {
    const count = this.#count
    if (hash === null) this.#hashes.fill(0, count * 4, count * 4 + 4)
    else this.#hashes.set(hash, count * 4)
    this.#fingerprints.set(fingerprint, count * 4)
    this.#flags[count] = flags
    const end = this.#keyBytes
    this.#keepRoom(end + key.length)
    this.#keys.set(key, end)
    this.#ends[count] = end + key.length
    this.#count += 1
  }

  /** Adds one entry of a block; there has to be room. The block may be the one that was taken last. */
  addFrom({ hashes, fingerprints, flags, ends, keys }: EntryBlock, index: number): void {
    const count = this.#count
    for (let word = 0; word < 4; word += 1) {
      this.#hashes[count * 4 + word] = hashes[index * 4 + word] as number
      this.#fingerprints[count * 4 + word] = fingerprints[index * 4 + word] as number
    }
    this.#flags[count] = flags[index] as number
    const from = startOf(ends, index)
    const start = this.#keyBytes
    const end = start + (ends[index] as number) - from
    this.#keepRoom(end)
    const room = this.#keys
    for (let at = start; at < end; at += 1) room[at] = keys[from + at - start] as number
    this.#ends[count] = end
    this.#count += 1
  }

  /** Changes all but the key of the entry that was added last. */
  changeLast(hash: DigestWords, fingerprint: DigestWords, flags: number): void {
    const last = this.#count - 1
    for (let word = 0; word < 4; word += 1) {
      this.#hashes[last * 4 + word] = hash[word] as number
      this.#fingerprints[last * 4 + word] = fingerprint[word] as number
    }
    this.#flags[last] = flags
  }

  /** Adds entries of a block, from `from` to before `to`, or as many as there is room for; returns where to go on. */
  copy(block: EntryBlock, from: number, to: number): number {
    const count = this.#count
    const last = Math.min(to, from + entriesPerBlock - count)
    this.#hashes.set(block.hashes.subarray(from * 4, last * 4), count * 4)
    this.#fingerprints.set(block.fingerprints.subarray(from * 4, last * 4), count * 4)
    this.#flags.set(block.flags.subarray(from, last), count)
    const start = startOf(block.ends, from)
    const end = last === 0 ? 0 : (block.ends[last - 1] as number)
    const shift = this.#keyBytes - start
    this.#keepRoom(end + shift)
    this.#keys.set(block.keys.subarray(start, end), start + shift)
    for (let index = from; index < last; index += 1) {
      this.#ends[count + index - from] = (block.ends[index] as number) + shift
    }
    this.#count += last - from
    return last
  }

  /** What was gathered, good until more is; begins anew. */
  take(): EntryBlock {
    const count = this.#count
    const keyBytes = this.#keyBytes
    this.#count = 0
    return {
      count,
      hashes: this.#hashes.subarray(0, count * 4),
      fingerprints: this.#fingerprints.subarray(0, count * 4),
      flags: this.#flags.subarray(0, count),
      ends: this.#ends.subarray(0, count),
      keys: this.#keys.subarray(0, keyBytes),
    }
  }

  get #keyBytes(): number {
    return this.#count === 0 ? 0 : (this.#ends[this.#count - 1] as number)
  }

  #keepRoom(bytes: number): void {
    if (bytes <= this.#keys.length) return
    const keys = new Uint8Array(Math.max(bytes, this.#keys.length * 2))
    keys.set(this.#keys)
    this.#keys = keys
  }
}
