import type { List, Scalar } from '../connector/index.ts'
import type { FieldValue } from './fingerprint.ts'
import { tag } from './packed-bytes.ts'

/** Reads what `PackedBytes` wrote, in the same order. */
export class PackedReader {
  readonly #bytes: Buffer
  readonly #view: DataView
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length
  }

  byte(): number {
    return this.#view.getUint8(this.#at++)
  }

  count(): number {
    let count = 0
    for (let bits = 0; ; bits += 7) {
      const byte = this.byte()
      count |= (byte & 127) << bits
      if (byte < 128) return count
    }
  }

  /** A digest as `formatDigest` has it. */
  digest(): string {
    return this.#bytes.toString('base64url', this.#at, this.#skip(16))
  }

  /** The next value; undefined where it was left out, `known` where it is the same as that. */
  value(known?: FieldValue): FieldValue {
    const kind = this.byte()
    if (kind >= tag.shortText) return this.#text(kind - tag.shortText)
    switch (kind) {
      case tag.absent:
        return undefined
      case tag.same:
        return known
      case tag.null:
        return null
      case tag.false:
      case tag.true:
        return kind === tag.true
      case tag.byte:
        return this.byte()
      case tag.word:
        return this.#view.getUint32(this.#skip(4) - 4)
      case tag.number:
        return this.#view.getFloat64(this.#skip(8) - 8)
      case tag.list:
        return this.#list()
      case tag.longText:
        return this.#text(this.#size())
      case tag.json:
        return JSON.parse(this.#text(this.#size())) as Scalar
      default:
        throw new Error('packed bytes are damaged')
    }
  }

  /** What `json` wrote. */
  json(): unknown {
    this.byte()
    return JSON.parse(this.#text(this.#size()))
  }

  #list(): List {
    const list: string[] = []
    for (let left = this.count(); left > 0; left -= 1) list.push(this.value() as string)
    return list
  }

  #size(): number {
    return this.#view.getUint32(this.#skip(4) - 4)
  }

  #text(size: number): string {
    const start = this.#at
    return this.#bytes.toString('utf8', start, this.#skip(size))
  }

  /** Goes on by so many bytes and returns where that is. */
  #skip(size: number): number {
    this.#at += size
    if (this.#at > this.#bytes.length) throw new Error('packed bytes are damaged')
    return this.#at
  }
}
