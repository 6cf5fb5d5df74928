import type { Operation } from '../connector/index.ts'

/** What most operations have in common, and what a line therefore leaves out. */
const usual: Partial<Operation> = {
  removal: false,
  id: null,
  held: null,
  unansweredSince: null,
  archivedByUs: false,
}

/** An operation as one line of JSON: a plan of a million of them is written, read, and thrown away. */
export function lineOf(operation: Operation): string {
  const { ordinal, key, kind, record, fingerprint, changed, ...rest } = operation
  let line = `{"ordinal":${ordinal},"key":${JSON.stringify(key)},"kind":"${kind}","record":${JSON.stringify(record)},"fingerprint":${JSON.stringify(fingerprint)}`
  // A create sends every field that it has.
  if (!isWhole(record, changed)) line += `,"changed":${JSON.stringify(changed)}`
  for (const name in rest) {
    const value = rest[name as keyof typeof rest]
    if (value === undefined || value === usual[name as keyof typeof rest]) continue
    line += `,"${name}":${JSON.stringify(value)}`
  }
  return `${line}}`
}

/** The operation in a line that `lineOf` wrote. */
export function operationIn(line: string): Operation {
  const read: Omit<Operation, 'changed'> & Partial<Pick<Operation, 'changed'>> = JSON.parse(line)
  return { ...usual, ...read, changed: read.changed ?? Object.keys(read.record) }
}

/** Whether `changed` are the names of all fields, in their order. */
function isWhole(record: Operation['record'], changed: readonly string[]): boolean {
  let index = 0
  for (const name in record) {
    if (changed[index] !== name) return false
    index += 1
  }
  return index === changed.length
}
