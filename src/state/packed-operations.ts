import {
  type Operation,
  type OperationKind,
  operationKinds,
  type TargetRecord,
} from '../connector/index.ts'
import type { DigestWords } from '../plan/digest.ts'
import type { PackableRecord } from '../plan/interfaces.ts'
import { PackedBytes, PackedReader } from '../plan/packed-bytes.ts'

/** In the first byte of an operation, beside the place of its kind among `operationKinds`. */
const flag = {
  /** Its key is a value of its record. */
  keyInRecord: 0x08,
  /** Its fingerprint is a digest and the signature that was named last. */
  digest: 0x10,
  id: 0x20,
  /** What is held has fields that the record may have too. */
  held: 0x40,
  more: 0x80,
} as const
const kindBits = 0x07

/** In the place of an operation: names of fields, and a signature, for those behind it. */
const naming = 0x07

/** What most operations have in common, and what is therefore left out of them. */
const usual = { removal: false, unansweredSince: null, archivedByUs: false } as const

/** What an operation has beyond that; `changed` and `held` only where they do not follow from the record. */
type More = {
  -readonly [Name in
    | keyof typeof usual
    | 'again'
    | 'unansweredRequest'
    | 'changed'
    | 'held']?: Operation[Name]
}

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
    const { bytes } = this
    if (record.names !== this.#names || signature !== this.#signature) {
      this.#name(record.names, signature)
    }
    const keyAt = record.find(key)
    bytes.byte(keyAt < 0 ? flag.digest : flag.digest | flag.keyInRecord)
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
    if (!this.#record(record, null)) return false
    if (id !== null) bytes.value(id)
    if (isHeldAlike) this.#record(held, record)
    if (more !== null) bytes.json(more)
    return true
  }

  /** `known`: where some fields may have the same values. False where it has fields that were not named. */
  #record(record: TargetRecord, known: TargetRecord | null): boolean {
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
  if (!isWhole(changed, record)) more.changed = changed
  if (held !== null && !isHeldAlike) more.held = held
  for (const _ in more) return more
  return null
}

/** Whether that is all fields of a record, as it is of one that is created. */
function isWhole(changed: readonly string[], record: TargetRecord): boolean {
  let index = 0
  for (const name in record) {
    if (changed[index] !== name) return false
    index += 1
  }
  return index === changed.length
}

/**
 * The operations that an `OperationPacker` wrote. Each is made when it is asked for, so that it is handed on and forgotten
 * before it counts as one of the old objects in memory.
 */
export function* operationsIn(packed: Buffer): Generator<Operation> {
  const reader = new PackedReader(packed)
  let names: readonly string[] = []
  let signature = ''
  let ordinal = 0
  while (!reader.isAtEnd) {
    const first = reader.byte()
    if (first === naming) {
      names = reader.value() as readonly string[]
      signature = reader.value() as string
      continue
    }
    ordinal += reader.count()
    yield readOperation(reader, first, ordinal, names, signature)
  }
}

function readOperation(
  reader: PackedReader,
  first: number,
  ordinal: number,
  names: readonly string[],
  signature: string,
): Operation {
  const keyAt = (first & flag.keyInRecord) === 0 ? -1 : reader.count()
  const ownKey = keyAt < 0 ? reader.value() : undefined
  const isDigest = (first & flag.digest) !== 0
  const fingerprint = isDigest ? reader.digest() + signature : (reader.value() as string)
  const record = readRecord(reader, names, {})
  const id = (first & flag.id) === 0 ? null : (reader.value() as string)
  const heldAlike = (first & flag.held) === 0 ? null : readRecord(reader, names, record)
  const more: More = (first & flag.more) === 0 ? usual : (reader.json() as More)
  const { again, unansweredRequest } = more
  // Written out, since all of them are then objects of one shape, and made in no time.
  const operation: Operation = {
    ordinal,
    key: (keyAt < 0 ? ownKey : record[names[keyAt] as string]) as string,
    kind: operationKinds[first & kindBits] as OperationKind,
    removal: more.removal ?? usual.removal,
    id,
    record,
    held: more.held ?? heldAlike,
    changed: more.changed ?? Object.keys(record),
    unansweredSince: more.unansweredSince ?? usual.unansweredSince,
    archivedByUs: more.archivedByUs ?? usual.archivedByUs,
    fingerprint,
  }
  if (again === undefined && unansweredRequest === undefined) return operation
  return {
    ...operation,
    ...(again !== undefined && { again }),
    ...(unansweredRequest !== undefined && { unansweredRequest }),
  }
}

/** `known`: what fields have that are the same there. */
function readRecord(
  reader: PackedReader,
  names: readonly string[],
  known: TargetRecord,
): TargetRecord {
  const record: Record<string, TargetRecord[string]> = {}
  // Assigned one by one: `Object.fromEntries` takes ten times as long.
  for (let index = 0; index < names.length; index += 1) {
    const name = names[index] as string
    const value = reader.value(known[name])
    if (value !== undefined) setField(record, name, value)
  }
  return record
}

function setField(
  record: Record<string, TargetRecord[string]>,
  name: string,
  value: TargetRecord[string],
): void {
  if (name !== '__proto__') record[name] = value
  else Object.defineProperty(record, name, { value, enumerable: true })
}
