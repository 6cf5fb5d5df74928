import type { List, Scalar, TargetRecord } from '../connector/index.ts'
import { digest, digestRoom, formatDigest } from './digest.ts'
import { JsonBytes } from './json-bytes.ts'

/** A value of a record while it is read; undefined where the record leaves the field out. */
export type FieldValue = Scalar | List | undefined

/** The names of a record's fields, prepared for writing the canonical texts of many records. */
export interface CanonicalNames {
  /** What stands in front of each value, behind another one, in canonical order: `],["email",`. */
  readonly openings: readonly Uint8Array[]
  /** The same where there is no other before: `[["email",`. */
  readonly firsts: readonly Uint8Array[]
  /** Where each field stands in the arrays of values, in canonical order. */
  readonly positions: readonly number[]
  /** Which of them, by canonical order, are tags; -1 where none is. */
  readonly tags: number
}

/**
 * Prepares the names for `writeCanonical`. Names are distinct. `omit`: names that play no part, though their values
 * stand in the arrays.
 */
export function canonicalNames(
  names: readonly string[],
  omit: readonly string[] = [],
): CanonicalNames {
  const nameAt = (position: number) => names[position] ?? ''
  const positions = [...names.keys()].filter((position) => !omit.includes(nameAt(position)))
  positions.sort((a, b) => (nameAt(a) < nameAt(b) ? -1 : 1))
  const quoted = positions.map((position) => JSON.stringify(nameAt(position)))
  return {
    openings: quoted.map((name) => Buffer.from(`],[${name},`)),
    firsts: quoted.map((name) => Buffer.from(`[[${name},`)),
    positions,
    tags: positions.findIndex((position) => nameAt(position) === 'tags'),
  }
}

/**
 * Writes the text that stands for a record: JSON of its `[name, value]` pairs, sorted by name, fields left out left out.
 * Two records have the same text exactly where they hold the same fields with the same values: JSON reads back
 * to what it was made from, and the order is fixed. Letter case does not matter in `tags`.
 */
export function writeCanonical(
  names: CanonicalNames,
  values: readonly FieldValue[],
  into: JsonBytes,
): void {
  const { openings, firsts, positions, tags } = names
  let isFirst = true
  for (let index = 0; index < positions.length; index += 1) {
    const value = values[positions[index] as number]
    if (value === undefined) continue
    into.put((isFirst ? firsts[index] : openings[index]) as Uint8Array)
    isFirst = false
    into.value(index === tags ? lowerCase(value) : value)
  }
  into.raw(isFirst ? '[]' : ']]')
}

function lowerCase(value: Scalar | List): Scalar | List {
  return Array.isArray(value) ? value.map((name: string) => name.toLowerCase()) : (value as Scalar)
}

/** The digest of a record: 128 bits of the SHA-256 of its canonical text, as base64url (22 characters). */
export function fingerprintOf(record: TargetRecord): string {
  const words = digestRoom()
  const text = new JsonBytes(256)
  writeCanonical(canonicalNames(Object.keys(record)), Object.values(record), text)
  digest(text.view(), words)
  return formatDigest(words)
}
