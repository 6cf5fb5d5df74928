import type { List, Scalar, TargetRecord } from '../connector/index.ts'
import { type DigestWords, digestRoom, formatDigest, lastingDigest } from './digest.ts'
import type { FieldValue } from './fingerprint.ts'
import { comparedAs } from './list-text.ts'

/**
 * The key of a record whose row has none: all that would be sent, with the fields of `when: create`. It stands in the
 * snapshot, and says that the record was delivered: it has to be the same in every release.
 */
export function contentKey(names: readonly string[], values: readonly FieldValue[]): string {
  const words = digestRoom()
  digestFields(
    names.map((name, index) => [name, values[index]]),
    words,
  )
  return keyOfDigest(words)
}

/** A key that is the digest of what it stands for. */
export function keyOfDigest(words: DigestWords): string {
  return `row:${formatDigest(words)}`
}

/** The fingerprint of a record as it was made formerly; a snapshot has it until the record's row is read once more. */
export function formerFingerprintOf(record: TargetRecord): string {
  const words = digestRoom()
  digestFields(Object.entries(record), words)
  return formatDigest(words)
}

/** The digest of the JSON of `[name, value]` pairs, sorted by name, those without a value left out. */
function digestFields(fields: readonly (readonly [string, FieldValue])[], into: DigestWords): void {
  const present = fields.flatMap(([name, value]) =>
    value === undefined ? [] : [[name, name === 'tags' ? compared(value) : value] as const],
  )
  present.sort(([a], [b]) => (a < b ? -1 : 1))
  lastingDigest(JSON.stringify(present), into)
}

function compared(value: Scalar | List): Scalar | List {
  if (typeof value !== 'object' || value === null) return value
  return value.map((name) => comparedAs('tags', name))
}
