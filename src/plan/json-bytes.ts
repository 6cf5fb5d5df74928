import type { List, Scalar } from '../connector/index.ts'

const quote = 34
const backslash = 92
const comma = 44
const zero = 48

/**
 * JSON as UTF-8, written value by value into one piece of memory that is used again: text that is only hashed or handed
 * on need not become strings first.
 */
export class JsonBytes {
  #bytes: Buffer
  length = 0

  constructor(size = 4096) {
    this.#bytes = Buffer.allocUnsafeSlow(size)
  }

  /** What was written from `start` to `end`; good until something else is written there. */
  view(start = 0, end = this.length): Uint8Array {
    return this.#bytes.subarray(start, end)
  }

  /** Writes text as it is. It is all ASCII. */
  raw(text: string): void {
    this.#reserve(text.length)
    const bytes = this.#bytes
    let at = this.length
    for (let index = 0; index < text.length; index += 1) bytes[at++] = text.charCodeAt(index)
    this.length = at
  }

  /** Writes bytes as they are: few of them. */
  put(some: Uint8Array): void {
    this.#reserve(some.length)
    const bytes = this.#bytes
    let at = this.length
    for (let index = 0; index < some.length; index += 1) bytes[at++] = some[index] as number
    this.length = at
  }

  /** Writes what `JSON.stringify` makes of a value, null of one that is missing. Numbers are finite. */
  value(value: Scalar | List | undefined): void {
    if (typeof value === 'string') this.#text(value)
    else if (typeof value === 'number') this.#number(value)
    else if (typeof value === 'object' && value !== null) this.#list(value)
    else this.raw(String(value ?? null))
  }

  /** Writes what `JSON.stringify` makes of anything else. */
  json(value: unknown): void {
    const text = JSON.stringify(value)
    this.#reserve(text.length * 3)
    this.length += this.#bytes.write(text, this.length)
  }

  #text(text: string): void {
    // Every unit takes at most six bytes: as an escape.
    this.#reserve(text.length * 6 + 2)
    const bytes = this.#bytes
    let at = this.length
    bytes[at++] = quote
    for (let index = 0; index < text.length; index += 1) {
      const code = text.charCodeAt(index)
      if (code < 32 || code > 126 || code === quote || code === backslash) {
        this.length += bytes.write(JSON.stringify(text), this.length)
        return
      }
      bytes[at++] = code
    }
    bytes[at++] = quote
    this.length = at
  }

  #number(value: number): void {
    // Most are small and whole, and their digits are had without a string.
    let rest = value | 0
    if (rest !== value || rest < 0) {
      this.raw(String(value))
      return
    }
    let digits = 1
    for (let limit = 10; digits < 10 && rest >= limit; limit *= 10) digits += 1
    this.#reserve(digits)
    const bytes = this.#bytes
    const start = this.length
    for (let at = start + digits - 1; at >= start; at -= 1) {
      const tenth = (rest / 10) | 0
      bytes[at] = zero + rest - tenth * 10
      rest = tenth
    }
    this.length = start + digits
  }

  #list(list: List): void {
    this.raw('[')
    for (let index = 0; index < list.length; index += 1) {
      if (index > 0) this.#bytes[this.length++] = comma
      this.#text(list[index] as string)
      this.#reserve(1)
    }
    this.raw(']')
  }

  #reserve(more: number): void {
    const needed = this.length + more
    if (needed <= this.#bytes.length) return
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#bytes.length * 2))
    this.#bytes.copy(larger, 0, 0, this.length)
    this.#bytes = larger
  }
}
