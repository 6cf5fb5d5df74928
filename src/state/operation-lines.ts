import type { Operation, TargetRecord } from '../connector/index.ts'
import type { JsonBytes } from '../plan/json-bytes.ts'

/** What most operations have in common, and what a line therefore leaves out. */
const usual: Partial<Operation> = {
  removal: false,
  id: null,
  unansweredSince: null,
  archivedByUs: false,
}

/** What a line has only where it is not usual. */
type Rare = Exclude<
  keyof Operation,
  'ordinal' | 'key' | 'kind' | 'record' | 'held' | 'fingerprint' | 'changed'
>
const rare: Readonly<Record<Rare, true>> = {
  removal: true,
  id: true,
  again: true,
  unansweredSince: true,
  unansweredRequest: true,
  archivedByUs: true,
}
const rareNames = Object.keys(rare) as readonly Rare[]

/**
 * Writes operations as lines of JSON, each on its own: a plan of a million of them is written, read, and thrown away. A
 * record that has the fields of the one before it is the list of its values, and what is held of the same fields is
 * what is different there.
 */
export class LineWriter {
  readonly #text: JsonBytes
  #names: readonly string[] = []
  #isFirst = true

  /** Writes behind what `text` has. */
  constructor(text: JsonBytes) {
    this.#text = text
  }

  /** The next line is the first one of a text of its own. */
  restart(): void {
    this.#names = []
    this.#isFirst = true
  }

  write(operation: Operation): void {
    const text = this.#text
    const { ordinal, key, kind, record, held, fingerprint, changed } = operation
    text.raw(this.#isFirst ? '{"ordinal":' : '\n{"ordinal":')
    this.#isFirst = false
    text.value(ordinal)
    text.raw(',"key":')
    text.value(key)
    text.raw(',"kind":"')
    text.raw(kind)
    text.raw('","record":')
    this.#record(record)
    text.raw(',"fingerprint":')
    text.value(fingerprint)
    // A create sends every field that it has.
    if (!isSame(changed, this.#names)) {
      text.raw(',"changed":')
      text.value(changed)
    }
    if (held !== null) this.#held(held, record)
    for (const name of rareNames) {
      const value = operation[name]
      if (value === undefined || value === usual[name]) continue
      text.raw(`,"${name}":`)
      text.json(value)
    }
    text.raw('}')
  }

  #record(record: TargetRecord): void {
    const text = this.#text
    const start = text.length
    const names = this.#names
    let index = 0
    let isAlike = names.length > 0
    for (const name in record) {
      isAlike &&= names[index] === name
      if (!isAlike) break
      text.raw(index === 0 ? '[' : ',')
      text.value(record[name])
      index += 1
    }
    if (isAlike && index === names.length) text.raw(']')
    else {
      text.length = start
      this.#names = Object.keys(record)
      text.json(record)
    }
  }

  /** `record` is the one that was written last. */
  #held(held: TargetRecord, record: TargetRecord): void {
    const text = this.#text
    const names = this.#names
    let index = 0
    let isAlike = true
    for (const name in held) {
      isAlike &&= names[index] === name
      index += 1
    }
    if (!isAlike || index !== names.length) {
      text.raw(',"held":')
      text.json(held)
      return
    }
    text.raw(',"was":{')
    let isFirst = true
    for (const name of names) {
      if (held[name] === record[name]) continue
      if (!isFirst) text.raw(',')
      isFirst = false
      text.value(name)
      text.raw(':')
      text.value(held[name])
    }
    text.raw('}')
  }
}

/** A line as it was written: what is usual is left out of it. */
type Line = Pick<Operation, 'ordinal' | 'key' | 'kind' | 'fingerprint'> &
  Partial<Pick<Operation, Rare | 'changed'>> & {
    readonly record: TargetRecord | readonly TargetRecord[string][]
    readonly held?: TargetRecord
    /** Where what is held has the fields of the record: those that are different. */
    readonly was?: TargetRecord
  }

/**
 * The operations in a text whose lines a `LineWriter` wrote. Each is made when it is asked for, so that it is handed on
 * and forgotten before it counts as one of the old objects in memory.
 */
export function* operationsIn(text: string): Generator<Operation> {
  let names: readonly string[] = []
  for (let start = 0; start <= text.length; ) {
    const newline = text.indexOf('\n', start)
    const end = newline < 0 ? text.length : newline
    const line: Line = JSON.parse(text.slice(start, end))
    start = end + 1
    let record: TargetRecord
    if (isList(line.record)) record = named(names, line.record)
    else {
      record = line.record
      names = Object.keys(record)
    }
    yield operationOf(line, record, names)
  }
}

/** Written out, since all of them are then objects of one shape, and made in no time. */
function operationOf(line: Line, record: TargetRecord, names: readonly string[]): Operation {
  const { again, unansweredRequest } = line
  const operation: Operation = {
    ordinal: line.ordinal,
    key: line.key,
    kind: line.kind,
    removal: line.removal ?? false,
    id: line.id ?? null,
    record,
    held: line.was === undefined ? (line.held ?? null) : { ...record, ...line.was },
    changed: line.changed ?? names,
    unansweredSince: line.unansweredSince ?? null,
    archivedByUs: line.archivedByUs ?? false,
    fingerprint: line.fingerprint,
  }
  if (again === undefined && unansweredRequest === undefined) return operation
  return {
    ...operation,
    ...(again !== undefined && { again }),
    ...(unansweredRequest !== undefined && { unansweredRequest }),
  }
}

function isList(record: Line['record']): record is readonly TargetRecord[string][] {
  return Array.isArray(record)
}

/** Assigned one by one: `Object.fromEntries` takes ten times as long. */
function named(names: readonly string[], values: readonly TargetRecord[string][]): TargetRecord {
  const record: Record<string, TargetRecord[string]> = {}
  for (let index = 0; index < names.length; index += 1) {
    record[names[index] as string] = values[index] as TargetRecord[string]
  }
  return record
}

function isSame(one: readonly string[], other: readonly string[]): boolean {
  if (one.length !== other.length) return false
  for (let index = 0; index < one.length; index += 1) if (one[index] !== other[index]) return false
  return true
}
