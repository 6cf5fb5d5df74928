import * as z from 'zod/mini'
import type { Activation } from '../config/activation.ts'
import { keyFields } from './key.ts'

/** What a part of a key is read from; `field` is null for the columns of `key:`, `column` for a constant. */
interface Part {
  readonly field: string | null
  readonly column: string | null
}

/** What the keys of an activation are made of: all of some columns, or the first of some fields that has a value. */
export interface KeysFrom {
  readonly of: 'all' | 'first'
  readonly parts: readonly Part[]
}

const nullableText = z.nullable(z.string())
const keysFromSchema = z.object({
  of: z.enum(['all', 'first']),
  parts: z.array(z.object({ field: nullableText, column: nullableText })),
})

/** What `compileKey` reads the keys of an activation from. */
export function keysFrom(activation: Activation): KeysFrom {
  if (activation.key !== null) {
    return { of: 'all', parts: activation.key.map((column) => ({ field: null, column })) }
  }
  const parts = keyFields(activation).flatMap((field): Part[] => {
    const mapping = activation.fields.find((candidate) => candidate.field === field)
    if (mapping === undefined) return []
    return [{ field, column: 'column' in mapping.from ? mapping.from.column : null }]
  })
  return { of: parts.length === 1 ? 'all' : 'first', parts }
}

/** As the state keeps it. */
export function keysFromText(from: KeysFrom): string {
  return JSON.stringify(from)
}

/** What `keysFromText` wrote; null where it is something else. */
export function parseKeysFrom(text: string): KeysFrom | null {
  try {
    return keysFromSchema.parse(JSON.parse(text))
  } catch {
    return null
  }
}

/** Whether rows have the keys that they had: a column of `key:` that feeds the identifier too is the same key. */
export function makesSameKeys(one: KeysFrom, other: KeysFrom): boolean {
  return (
    one.of === other.of &&
    one.parts.length === other.parts.length &&
    one.parts.every(({ field, column }, index) => {
      const counterpart = other.parts[index] as Part
      const isSameField =
        field === null || counterpart.field === null || field === counterpart.field
      return column === counterpart.column && isSameField
    })
  )
}

/** In words: `external_id (column "user_id")`. */
export function describeKeysFrom({ of, parts }: KeysFrom): string {
  const words = parts.map(({ field, column }) => {
    if (field === null) return `column "${column}"`
    return column === null ? field : `${field} (column "${column}")`
  })
  if (words.length === 0) return 'the content of the row'
  return words.join(of === 'all' ? ' and ' : ', else ')
}
