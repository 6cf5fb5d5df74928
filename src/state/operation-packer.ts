import { type Operation, operationKinds, type TargetRecord } from '../connector/index.ts'
import type { DigestWords } from '../plan/digest.ts'
import type { PackableRecord, PackableUpdate } from '../plan/interfaces.ts'
import { PackedBytes } from '../plan/packed-bytes.ts'
import { flag, type More, naming, usual } from './packed-form.ts'

const create = operationKinds.indexOf('create')
const update = operationKinds.indexOf('update')

/**
 * Writes operations down, for once to be read: a plan of a million of them is written, read, and thrown away. The names of
 * the fields are only written where a record has one that is not among those before; for what it lacks there is a byte.
 */
export class OperationPacker {
  readonly bytes: PackedBytes
  #names: readonly string[] = []
  #signature = ''
  #last = 0

  /** `size`: how many bytes are expected. */
  constructor(size?: number) {
    this.bytes = new PackedBytes(size)
  }

  /** What follows can be read without what is there. */
  restart(): void {
    this.#names = []
    this.#signature = ''
    this.#last = 0
  }

  add(operation: Operation): void {
    const { bytes } = this
    const start = bytes.length
    const last = this.#last
    if (this.#write(operation)) return
    bytes.length = start
    this.#last = last
    this.#name(Object.keys(operation.record), this.#signature)
    this.#write(operation)
  }

  /** Adds the creation of a record that needs no looking at. */
  create(
    ordinal: number,
    key: string,
    fingerprint: DigestWords,
    signature: string,
    record: PackableRecord,
  ): void {
    this.#record(create, ordinal, key, fingerprint, signature, record)
  }

  /** Adds the update of a record of which is known what is held, and that all of it changes that is not held. */
  update(
    ordinal: number,
    key: string,
    fingerprint: DigestWords,
    signature: string,
    id: string | null,
    record: PackableUpdate,
  ): void {
    const first = id === null ? update | flag.held : update | flag.held | flag.id
    this.#record(first, ordinal, key, fingerprint, signature, record)
    if (id !== null) this.bytes.value(id)
    record.packHeld(this.bytes)
  }

  /** `first`: what stands in the first byte, beside what is said of the key and the fingerprint. */
  #record(
    first: number,
    ordinal: number,
    key: string,
    fingerprint: DigestWords,
    signature: string,
    record: PackableRecord,
  ): void {
    const { bytes } = this
    if (record.names !== this.#names || signature !== this.#signature) {
      this.#name(record.names, signature)
    }
    const keyAt = record.find(key)
    bytes.byte(first | (keyAt < 0 ? flag.digest : flag.digest | flag.keyInRecord))
    this.#ordinal(ordinal)
    if (keyAt < 0) bytes.value(key)
    else bytes.count(keyAt)
    bytes.digest(fingerprint)
    record.pack(bytes)
  }

  #name(names: readonly string[], signature: string): void {
    this.bytes.byte(naming)
    this.bytes.value(names)
    this.bytes.value(signature)
    this.#names = names
    this.#signature = signature
  }

  /** They grow from one operation to the next. */
  #ordinal(ordinal: number): void {
    this.bytes.count(ordinal - this.#last)
    this.#last = ordinal
  }

  /** False where the record has fields that were not named. */
  #write(operation: Operation): boolean {
    const { bytes } = this
    const { ordinal, key, kind, id, record, held, fingerprint } = operation
    const isHeldAlike = held !== null && this.#hasNamesOf(held)
    const more = moreOf(operation, isHeldAlike)
    bytes.byte(
      operationKinds.indexOf(kind) |
        (id === null ? 0 : flag.id) |
        (isHeldAlike ? flag.held : 0) |
        (more === null ? 0 : flag.more),
    )
    this.#ordinal(ordinal)
    bytes.value(key)
    bytes.value(fingerprint)
    if (!this.#values(record, null)) return false
    if (id !== null) bytes.value(id)
    if (isHeldAlike) this.#values(held, record)
    if (more !== null) bytes.json(more)
    return true
  }

  /** `known`: where some fields may have the same values. False where it has fields that were not named. */
  #values(record: TargetRecord, known: TargetRecord | null): boolean {
    const { bytes } = this
    const names = this.#names
    let at = 0
    for (const name in record) {
      for (; at < names.length && names[at] !== name; at += 1) bytes.value(undefined)
      if (at === names.length) return false
      const value = record[name]
      if (known !== null && known[name] === value) bytes.same()
      else bytes.value(value)
      at += 1
    }
    for (; at < names.length; at += 1) bytes.value(undefined)
    return true
  }

  /** Whether the fields are among those that are named, in this order. */
  #hasNamesOf(record: TargetRecord): boolean {
    const names = this.#names
    let at = 0
    for (const name in record) {
      while (at < names.length && names[at] !== name) at += 1
      if (at === names.length) return false
      at += 1
    }
    return true
  }
}

function moreOf(operation: Operation, isHeldAlike: boolean): More | null {
  const { removal, unansweredSince, archivedByUs, again, unansweredRequest } = operation
  const { changed, held, record } = operation
  const more: More = {}
  if (removal !== usual.removal) more.removal = removal
  if (unansweredSince !== usual.unansweredSince) more.unansweredSince = unansweredSince
  if (archivedByUs !== usual.archivedByUs) more.archivedByUs = archivedByUs
  if (again !== undefined) more.again = again
  if (unansweredRequest !== undefined) more.unansweredRequest = unansweredRequest
  if (!follows(changed, record, isHeldAlike ? held : null)) more.changed = changed
  if (held !== null && !isHeldAlike) more.held = held
  for (const _ in more) return more
  return null
}

/** Whether that is all fields of a record, as it is of one that is created; of one that is held, all that are not the same. */
function follows(
  changed: readonly string[],
  record: TargetRecord,
  held: TargetRecord | null,
): boolean {
  let index = 0
  for (const name in record) {
    if (held !== null && held[name] === record[name]) continue
    if (changed[index] !== name) return false
    index += 1
  }
  return index === changed.length
}
