import type { List, Scalar, TargetRecord } from '../connector/index.ts'
import { CanonicalBytes, nameBytes } from './canonical-bytes.ts'
import { type DigestWords, digestRoom, formatDigest } from './digest.ts'

/** A value of a record while it is read; undefined where the record leaves the field out. */
export type FieldValue = Scalar | List | undefined

/** The names of a record's fields, prepared for the fingerprints of many records. */
export interface CanonicalNames {
  /** What stands for each name, in canonical order. */
  readonly names: readonly Uint8Array[]
  /** Where each field stands in the arrays of values, in canonical order. */
  readonly positions: readonly number[]
  /** Which of them, by canonical order, are tags; -1 where none is. */
  readonly tags: number
}

/**
 * Prepares names for fingerprints. They are distinct. `omit`: names that play no part, though their values stand in the
 * arrays.
 */
export function canonicalNames(
  names: readonly string[],
  omit: readonly string[] = [],
): CanonicalNames {
  const nameAt = (position: number) => names[position] ?? ''
  const positions = [...names.keys()].filter((position) => !omit.includes(nameAt(position)))
  positions.sort((a, b) => (nameAt(a) < nameAt(b) ? -1 : 1))
  return {
    names: positions.map((position) => nameBytes(nameAt(position))),
    positions,
    tags: positions.findIndex((position) => nameAt(position) === 'tags'),
  }
}

/**
 * Writes what stands for a record: its fields, sorted by name, fields left out left out. Two records have the same bytes
 * exactly where they hold the same fields with the same values. Letter case does not matter in `tags`.
 */
export function writeCanonical(
  { names, positions, tags }: CanonicalNames,
  values: readonly FieldValue[],
  into: CanonicalBytes,
): void {
  into.clear()
  for (let index = 0; index < positions.length; index += 1) {
    const value = values[positions[index] as number]
    if (value === undefined) continue
    into.field(names[index] as Uint8Array, value, index === tags)
  }
}

const bytes = new CanonicalBytes()

/** Writes the fingerprint of the record with these values to `into`: the digest of what `writeCanonical` writes. */
export function fingerprint(
  names: CanonicalNames,
  values: readonly FieldValue[],
  into: DigestWords,
): void {
  writeCanonical(names, values, bytes)
  bytes.digest(into)
}

/** The fingerprint of a record as text. */
export function fingerprintOf(record: TargetRecord): string {
  const words = digestRoom()
  fingerprint(canonicalNames(Object.keys(record)), Object.values(record), words)
  return formatDigest(words)
}
