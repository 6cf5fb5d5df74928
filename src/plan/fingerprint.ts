import type { List, Scalar, TargetRecord } from '../connector/index.ts'
import { digest, digestRoom, formatDigest } from './digest.ts'

/** A value of a record while it is read; undefined where the record leaves the field out. */
export type FieldValue = Scalar | List | undefined

/** The names of a record's fields, prepared for writing canonical texts of many records. */
export interface CanonicalNames {
  /** What stands in front of each value, behind another one, in canonical order: `],["email",`. */
  readonly openings: readonly string[]
  /** The same where there is no other before: `[["email",`. */
  readonly firsts: readonly string[]
  /** Where each field stands in the arrays of values, in canonical order. */
  readonly positions: readonly number[]
  /** Which of them, by canonical order, are tags; -1 where none is. */
  readonly tags: number
}

/**
 * Prepares the names for `canonicalText`. Names are distinct. `omit`: names that play no part, though their values
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
    openings: quoted.map((name) => `],[${name},`),
    firsts: quoted.map((name) => `[[${name},`),
    positions,
    tags: positions.findIndex((position) => nameAt(position) === 'tags'),
  }
}

/**
 * The text that stands for a record: JSON of its `[name, value]` pairs, sorted by name, fields left out left out.
 * Two records have the same text exactly where they hold the same fields with the same values: JSON reads back
 * to what it was made from, and the order is fixed. Letter case does not matter in `tags`.
 */
export function canonicalText(names: CanonicalNames, values: readonly FieldValue[]): string {
  const { openings, firsts, positions, tags } = names
  let text = ''
  for (let index = 0; index < positions.length; index += 1) {
    const value = values[positions[index] as number]
    if (value === undefined) continue
    text += (text === '' ? firsts[index] : openings[index]) as string
    if (typeof value === 'string') text += quote(value)
    else if (typeof value === 'object' && value !== null) text += listText(value, index === tags)
    // Concatenation prints numbers (minus zero included), booleans and null exactly as JSON does.
    else text += value
  }
  return text === '' ? '[]' : `${text}]]`
}

function listText(list: List, isTags: boolean): string {
  let text = ''
  for (const name of list) text += `,${quote(isTags ? name.toLowerCase() : name)}`
  return `[${text.slice(1)}]`
}

/** Anything but what stands for itself: quotes, backslashes, control characters, surrogates. */
const escaped = /[^ !#-[\]-\ud7ff\ue000-\uffff]/

/** What JSON.stringify makes of a text; most texts need no escapes, and finding that out is cheaper. */
function quote(text: string): string {
  return escaped.test(text) ? JSON.stringify(text) : `"${text}"`
}

/** The digest of a record: 128 bits of the SHA-256 of its canonical text, as base64url (22 characters). */
export function fingerprintOf(record: TargetRecord): string {
  const words = digestRoom()
  digest(canonicalText(canonicalNames(Object.keys(record)), Object.values(record)), words)
  return formatDigest(words)
}
