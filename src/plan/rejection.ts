import type { Failure } from '../connector/index.ts'
import type { KeyGap } from './key.ts'
import type { RefusedField } from './mapping.ts'

/** The failure of a row without a key. Rows count from 1. */
export function missingIdentifier(row: number, identifier: string | null, gap: KeyGap): Failure {
  const { column, reason } = gap
  return {
    code: 'missing_identifier',
    message: `Row ${row} has no ${identifier ?? 'key'}: column "${column.name}" (${column.sourceType}) ${reason}.`,
    field: identifier ?? undefined,
    hint: 'Give the column a value, or leave such rows out of the query.',
  }
}

/** The failure of a row with values that their fields do not take. */
export function invalidValue(row: number, refused: readonly RefusedField[]): Failure {
  const reasons = refused.map(
    ({ field, column, refusal }) =>
      `${field}: column "${column.name}" (${column.sourceType}) ${refusal.reason}`,
  )
  return {
    code: 'invalid_value',
    message: `Row ${row}: ${reasons.join('; ')}.`,
    field: refused[0]?.field,
    hint: refused[0]?.refusal.hint,
  }
}

/** The failure of all rows of a key that appears with different content. */
export function duplicateKey(row: number, identifier: string | null): Failure {
  return {
    code: 'duplicate_key',
    message: `Row ${row} has the same ${identifier ?? 'key'} as an earlier row, but other values; no row of this key is sent.`,
    field: identifier ?? undefined,
    hint: 'Make the query return one row per key, with "distinct on", "group by" or row_number().',
  }
}
