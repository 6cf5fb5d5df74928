import type { List, TargetRecord } from '../connector/index.ts'
import type { FieldValue } from './fingerprint.ts'
import type { PackableRecord, PackableUpdate } from './interfaces.ts'
import { PackedBytes, tag } from './packed-bytes.ts'
import { PackedReader } from './packed-reader.ts'
import { readRecord } from './packed-record.ts'

/** How the value of a field stands to what is held; `absent` where the record leaves the field out. */
const standing = { absent: 0, same: 1, changed: 2 } as const

/**
 * The records that some rows want, as bytes, until the snapshot was asked about their keys: nearly all are compared with
 * what the target holds, and written down, without becoming objects. Each has a number; one at a time is looked at.
 */
export class PackedWishes implements PackableUpdate {
  /** As in `PackableRecord`. */
  readonly names: readonly string[]
  readonly #room = new PackedBytes()
  /** The memory of the room, and where in it the next value is read. */
  #data = this.#room.data
  #at = 0
  readonly #ends: number[] = []
  /** Where among the values of each its key is. */
  readonly #keys: number[] = []
  /** The one that is looked at. */
  #number = 0
  /** What is held of it, and how each of its values stands to that, in the order of the names. */
  readonly #held: FieldValue[]
  readonly #standing: Uint8Array

  constructor(names: readonly string[]) {
    this.names = names
    this.#held = names.map(() => undefined)
    this.#standing = new Uint8Array(names.length)
  }

  /** Forgets all of them. */
  clear(): void {
    this.#room.length = 0
    this.#ends.length = 0
    this.#keys.length = 0
  }

  /** Adds the record of a row with this key; returns its number. */
  add(key: string, record: PackableRecord): number {
    record.pack(this.#room)
    this.#keys.push(record.find(key))
    return this.#ends.push(this.#room.length) - 1
  }

  /** Looks at one of them. */
  moveTo(number: number): void {
    this.#data = this.#room.data
    this.#number = number
  }

  /** The record that is looked at. */
  record(): TargetRecord {
    return readRecord(new PackedReader(this.#room.view(this.#start())), this.names)
  }

  find(): number {
    return this.#keys[this.#number] as number
  }

  pack(into: PackedBytes): void {
    into.append(this.#data, this.#start(), this.#ends[this.#number] as number)
  }

  /**
   * Compares the record that is looked at with what is held of it, value by value. False where that takes another look:
   * fields that it cannot have or in another order, or a list that is not the same to the letter.
   */
  compare(held: TargetRecord): boolean {
    const { names } = this
    this.#at = this.#start()
    let index = 0
    for (const name in held) {
      for (; index < names.length && names[index] !== name; index += 1) {
        if (!this.#compare(index, undefined)) return false
      }
      if (index === names.length || !this.#compare(index, held[name])) return false
      index += 1
    }
    for (; index < names.length; index += 1) if (!this.#compare(index, undefined)) return false
    return true
  }

  /** Whether the field at this place is not what was held, in the comparison that was made last. */
  isChanged(index: number): boolean {
    return this.#standing[index] === standing.changed
  }

  packHeld(into: PackedBytes): void {
    for (let index = 0; index < this.#held.length; index += 1) {
      if (this.#standing[index] === standing.same) into.same()
      else into.value(this.#held[index])
    }
  }

  #start(): number {
    return this.#number === 0 ? 0 : (this.#ends[this.#number - 1] as number)
  }

  #compare(index: number, held: FieldValue): boolean {
    const kind = this.#data.getUint8(this.#at++)
    this.#held[index] = held
    if (kind === tag.absent) {
      this.#standing[index] = standing.absent
      return true
    }
    if (kind === tag.list) {
      this.#standing[index] = standing.same
      return this.#isList(held)
    }
    this.#standing[index] = this.#isSame(kind, held) ? standing.same : standing.changed
    return kind !== tag.json
  }

  /** Whether the value that follows is what is held; goes on behind it. It is no list. */
  #isSame(kind: number, held: FieldValue): boolean {
    if (kind >= tag.shortText) return this.#isText(held, kind - tag.shortText)
    if (kind === tag.null) return held === null
    if (kind === tag.true || kind === tag.false) return held === (kind === tag.true)
    const number = this.#readNumber(kind)
    if (kind === tag.longText || kind === tag.json) return this.#isText(held, number)
    return typeof held === 'number' && held === number
  }

  /** The number that follows, or the length of what is long. */
  #readNumber(kind: number): number {
    const at = this.#at
    this.#at = at + (kind === tag.number ? 8 : kind === tag.byte ? 1 : 4)
    if (kind === tag.number) return this.#data.getFloat64(at)
    return kind === tag.byte ? this.#data.getUint8(at) : this.#data.getUint32(at)
  }

  /** Whether the text of so many bytes that follows is what is held. */
  #isText(held: FieldValue, size: number): boolean {
    const data = this.#data
    const start = this.#at
    this.#at = start + size
    if (typeof held !== 'string' || held.length > size) return false
    for (let index = 0; index < held.length; index += 1) {
      const code = held.charCodeAt(index)
      if (code > 127) return this.#room.view(start, start + size).toString('utf8') === held
      if (data.getUint8(start + index) !== code) return false
    }
    return held.length === size
  }

  #isList(held: FieldValue): boolean {
    if (!Array.isArray(held)) return false
    const list: List = held
    // One that has more does not count in one byte.
    if (list.length > 127 || this.#data.getUint8(this.#at++) !== list.length) return false
    for (let index = 0; index < list.length; index += 1) {
      const kind = this.#data.getUint8(this.#at++)
      if (kind < tag.longText || kind === tag.json) return false
      if (!this.#isSame(kind, list[index])) return false
    }
    return true
  }
}
