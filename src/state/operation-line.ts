import type { Operation } from '../connector/index.ts'

/** What most operations have in common, and what a line therefore leaves out. */
const usual = {
  removal: false,
  id: null,
  held: null,
  unansweredSince: null,
  archivedByUs: false,
} as const

/** An operation as one line of JSON: a plan of a million of them is written, read, and thrown away. */
export function lineOf(operation: Operation): string {
  const { ordinal, key, kind, record, fingerprint, changed, ...rest } = operation
  const { removal, id, held, unansweredSince, archivedByUs } = rest
  return JSON.stringify({
    ordinal,
    key,
    kind,
    record,
    fingerprint,
    // A create sends every field that it has.
    changed: isWhole(record, changed) ? undefined : changed,
    removal: removal || undefined,
    id: id ?? undefined,
    held: held ?? undefined,
    unansweredSince: unansweredSince ?? undefined,
    archivedByUs: archivedByUs || undefined,
  })
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
