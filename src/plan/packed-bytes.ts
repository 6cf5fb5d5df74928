import type { List } from '../connector/index.ts'
import type { DigestWords } from './digest.ts'
import type { FieldValue } from './fingerprint.ts'
import { copyBytes } from './text-bytes.ts'

/**
 * What stands in front of a value, for its kind. From `shortText` on it is a text of as many bytes as it is larger.
 * `same` stands for a value that is known from elsewhere.
 */
export const tag = {
  absent: 0,
  same: 1,
  null: 2,
  false: 3,
  true: 4,
  byte: 5,
  word: 6,
  number: 7,
  list: 8,
  longText: 9,
  json: 10,
  shortText: 16,
} as const

const mostShort = 0xff - tag.shortText

/** Up to so many characters a loop costs less than the call that copies many. */
const mostInLoop = 100

const halfOfPair = /\p{Surrogate}/u

/**
 * Values as bytes, one behind the other in one piece of memory that is used again: what is written down and read once need
 * not be text, and what came as UTF-8 need not become a string. `PackedReader` gives back just what was written.
 */
export class PackedBytes {
  #bytes: Buffer
  #view: DataView
  length = 0

  constructor(size = 4096) {
    this.#bytes = Buffer.allocUnsafeSlow(size)
    this.#view = new DataView(this.#bytes.buffer)
  }

  /** What was written from `start` to `end`; good until something else is written there. */
  view(start = 0, end = this.length): Buffer {
    return this.#bytes.subarray(start, end)
  }

  /** The memory itself; good until something is written. */
  get data(): DataView {
    return this.#view
  }

  byte(byte: number): void {
    this.#reserve(1)
    this.#bytes[this.length++] = byte
  }

  /** Writes a whole number from 0 to 2^31 - 1 that no tag stands in front of. */
  count(count: number): void {
    this.#reserve(5)
    let rest = count
    while (rest > 127) {
      this.#bytes[this.length++] = (rest & 127) | 128
      rest >>>= 7
    }
    this.#bytes[this.length++] = rest
  }

  digest(words: DigestWords): void {
    this.#reserve(16)
    for (let word = 0; word < 4; word += 1) {
      this.#view.setInt32(this.length + word * 4, words[word] as number)
    }
    this.length += 16
  }

  /** Writes what was written elsewhere, from `start` to `end` there. */
  append(from: DataView, start: number, end: number): void {
    this.#reserve(end - start)
    copyBytes(from, start, end, this.#view, this.length)
    this.length += end - start
  }

  /** Writes that a value is one that the reader is told. */
  same(): void {
    this.byte(tag.same)
  }

  value(value: FieldValue): void {
    if (typeof value === 'string') this.#text(value)
    else if (typeof value === 'number') this.#number(value)
    else if (value === undefined) this.byte(tag.absent)
    else if (value === null) this.byte(tag.null)
    else if (typeof value === 'boolean') this.byte(value ? tag.true : tag.false)
    else this.#list(value)
  }

  /** Writes the text that lies in memory from `start` to `end`, in UTF-8. */
  text(from: DataView, start: number, end: number): void {
    const size = end - start
    this.#reserve(size + 5)
    let at = this.length
    if (size <= mostShort) this.#bytes[at++] = tag.shortText + size
    else {
      this.#bytes[at] = tag.longText
      this.#view.setUint32(at + 1, size)
      at += 5
    }
    copyBytes(from, start, end, this.#view, at)
    this.length = at + size
  }

  /** Writes anything else that JSON can say. */
  json(value: unknown): void {
    this.#long(tag.json, JSON.stringify(value))
  }

  #text(text: string): void {
    const { length } = text
    if (length > mostInLoop) {
      this.#unusual(text)
      return
    }
    this.#reserve(length + 1)
    const bytes = this.#bytes
    let at = this.length
    bytes[at++] = tag.shortText + length
    for (let index = 0; index < length; index += 1) {
      const code = text.charCodeAt(index)
      if (code > 127) {
        this.#unusual(text)
        return
      }
      bytes[at++] = code
    }
    this.length = at
  }

  /** Writes a text that is long or not all ASCII. Halves of surrogate pairs do not exist in UTF-8, but in JSON. */
  #unusual(text: string): void {
    if (halfOfPair.test(text)) this.json(text)
    else this.#long(tag.longText, text)
  }

  #long(kind: typeof tag.longText | typeof tag.json, text: string): void {
    this.#reserve(text.length * 3 + 5)
    const size = this.#bytes.write(text, this.length + 5)
    this.#bytes[this.length] = kind
    this.#view.setUint32(this.length + 1, size)
    this.length += 5 + size
  }

  #number(value: number): void {
    this.#reserve(9)
    const whole = value >>> 0
    // Not of minus zero.
    const isSmall = whole === value && (whole > 0 || Object.is(value, 0))
    if (isSmall && whole < 256) {
      this.#bytes[this.length] = tag.byte
      this.#bytes[this.length + 1] = whole
      this.length += 2
    } else if (isSmall) {
      this.#bytes[this.length] = tag.word
      this.#view.setUint32(this.length + 1, whole)
      this.length += 5
    } else {
      this.#bytes[this.length] = tag.number
      this.#view.setFloat64(this.length + 1, value)
      this.length += 9
    }
  }

  #list(list: List): void {
    this.byte(tag.list)
    this.count(list.length)
    for (let index = 0; index < list.length; index += 1) this.#text(list[index] as string)
  }

  /** Makes room for so many bytes more. */
  #reserve(more: number): void {
    const needed = this.length + more
    if (needed <= this.#bytes.length) return
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#bytes.length * 2))
    this.#bytes.copy(larger, 0, 0, this.length)
    this.#bytes = larger
    this.#view = new DataView(larger.buffer)
  }
}
