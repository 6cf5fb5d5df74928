import { type List, murmur128, type Scalar } from '../connector/index.ts'
import { digest, digestRoom } from './digest.ts'
import type { PackedBytes } from './packed-bytes.ts'
import { copyText, writeText } from './text-bytes.ts'

/** What stands in front of a value, for its kind. */
const tag = { null: 0, false: 1, true: 2, number: 3, text: 4, list: 5 } as const

/** Ends a text and a list. No byte of UTF-8 is one of them. */
const endOfText = 0xff
const endOfList = 0xfe

/** Bytes that stand for the name of a field. */
const nameSize = 8

/** What stands for a name: half of its digest, so that long names cost no more than short ones. */
export function nameBytes(name: string): Uint8Array {
  const words = digestRoom()
  digest(name, words)
  const bytes = Buffer.alloc(nameSize)
  bytes.writeInt32LE(words[0] as number, 0)
  bytes.writeInt32LE(words[1] as number, 4)
  return bytes
}

/**
 * The fields of one record as bytes that are only hashed, in memory that is used again. Each field is the bytes of its
 * name, a tag for the kind of its value, and the value: eight bytes for a number, UTF-8 for text. No field's bytes are the
 * beginning of another's, so that the bytes of all fields say which fields there are and what they hold.
 */
export class CanonicalBytes {
  #bytes: Buffer
  #view: DataView
  #length = 0
  /** What `copy` copied from last. */
  #source: Uint8Array = new Uint8Array()
  #sourceView: DataView = new DataView(this.#source.buffer)

  constructor(size = 4096) {
    this.#bytes = Buffer.allocUnsafeSlow(size)
    this.#view = new DataView(this.#bytes.buffer)
  }

  clear(): void {
    this.#length = 0
  }

  /** How many bytes were written since `clear`. */
  get length(): number {
    return this.#length
  }

  /** Writes the value of the field whose bytes lie from `start` to `end` to `into`. It is no list. */
  pack(start: number, end: number, into: PackedBytes): void {
    const at = start + nameSize
    const kind = this.#bytes[at]
    if (kind === tag.text) into.text(this.#view, at + 1, end - 1)
    else if (kind === tag.number) into.value(this.#view.getFloat64(at + 1, true))
    else into.value(kind === tag.null ? null : kind === tag.true)
  }

  /**
   * Writes a field with the text that lies in `bytes` from `start` to `end`, in UTF-8. False, with nothing written, where
   * it needs a closer look: it holds NUL or what is no UTF-8, or, with `isLower`, may be something else in lower case and
   * without the space around it.
   */
  copy(name: Uint8Array, bytes: Uint8Array, start: number, end: number, isLower: boolean): boolean {
    if (isLower && !isBare(bytes, start, end)) return false
    this.#reserve(nameSize + 2 + end - start)
    const into = this.#bytes
    let at = this.#length
    for (let index = 0; index < nameSize; index += 1) into[at++] = name[index] as number
    into[at++] = tag.text
    // Most rows lie in the memory of the one before.
    if (bytes !== this.#source) {
      this.#source = bytes
      this.#sourceView = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    }
    if (!copyText(this.#sourceView, start, end, this.#view, at)) return false
    at += end - start
    into[at] = endOfText
    this.#length = at + 1
    return true
  }

  /**
   * Writes one field. `name` is from `nameBytes`; numbers are finite, and texts hold no halves of surrogate pairs.
   * `isLower`: the names in a list in lower case.
   */
  field(name: Uint8Array, value: Scalar | List, isLower = false): void {
    this.#reserve(nameSize + 16)
    const bytes = this.#bytes
    let at = this.#length
    for (let index = 0; index < nameSize; index += 1) bytes[at++] = name[index] as number
    this.#length = at
    if (typeof value === 'string') {
      bytes[this.#length++] = tag.text
      this.#text(value)
    } else if (typeof value === 'number') {
      bytes[at] = tag.number
      // The sum turns minus zero into zero.
      this.#view.setFloat64(at + 1, value + 0, true)
      this.#length = at + 9
    } else if (value === null) bytes[this.#length++] = tag.null
    else if (typeof value === 'boolean') bytes[this.#length++] = value ? tag.true : tag.false
    else this.#list(value, isLower)
  }

  /** The 128-bit digest of what was written since `clear`, as four words into `into`. */
  digest(into: Int32Array): void {
    murmur128(this.#view, 0, this.#length, into)
  }

  /** What was written since `clear`; good until something else is. */
  view(): Uint8Array {
    return this.#bytes.subarray(0, this.#length)
  }

  #text(text: string): void {
    this.#reserve(text.length * 3 + 2)
    const end = writeText(text, this.#bytes, this.#length)
    this.#bytes[end] = endOfText
    this.#length = end + 1
  }

  #list(list: List, isLower: boolean): void {
    this.#bytes[this.#length++] = tag.list
    for (let index = 0; index < list.length; index += 1) {
      const name = list[index] as string
      this.#text(isLower ? name.toLowerCase() : name)
    }
    this.#bytes[this.#length++] = endOfList
  }

  /** Makes room for so many bytes more, and a few. */
  #reserve(more: number): void {
    const needed = this.#length + more
    if (needed <= this.#bytes.length) return
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#bytes.length * 2))
    this.#bytes.copy(larger, 0, 0, this.#length)
    this.#bytes = larger
    this.#view = new DataView(larger.buffer)
  }
}

/** Whether a text is all ASCII, without capital letters, and without space around it. */
function isBare(bytes: Uint8Array, start: number, end: number): boolean {
  if (end > start && ((bytes[start] as number) <= 32 || (bytes[end - 1] as number) <= 32)) {
    return false
  }
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at] as number
    if (byte > 127 || (byte >= 65 && byte <= 90)) return false
  }
  return true
}
