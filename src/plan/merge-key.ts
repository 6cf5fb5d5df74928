import type { Activation } from '../config/activation.ts'
import { type Column, ConfigurationError } from '../connector/index.ts'
import { findColumn } from './columns.ts'

/** The column whose text is the key of each row, where an activation plans by merging; else null. */
export function mergeColumn({ planBy, key, identifier, fields }: Activation): string | null {
  if (planBy !== 'merge') return null
  if (key !== null) return key[0] ?? null
  const from = fields.find(({ field }) => field === identifier)?.from
  return from !== undefined && 'column' in from ? from.column : null
}

/**
 * Checks that the rows of a query can be merged. `orderedBy`: the column by which the source says that they are sorted.
 * Throws `ConfigurationError` where they are not, and where keys are not in the order of that column's text.
 */
export function checkMergeable(
  activation: Activation,
  columns: readonly Column[],
  orderedBy: string | undefined,
): void {
  const name = mergeColumn(activation)
  if (name === null) return
  const refuse = (message: string) => {
    const problem = activation.problemAt(['plan_by'], `"plan_by: merge" ${message}`)
    return new ConfigurationError([problem])
  }
  const found = findColumn(columns, name)
  if (typeof found === 'string') throw refuse(`needs the rows in the order of their keys. ${found}`)
  const { type, sourceType } = found.column
  if (type !== 'text' && type !== 'integer') {
    throw refuse(
      `needs a key of text or whole numbers; column "${name}" is ${sourceType}. Cast it to text in the query, or use "plan_by: hash".`,
    )
  }
  if (orderedBy !== name) {
    throw refuse(
      `needs the rows in the order of column "${name}", and the source cannot sort this query. Write it as one SELECT that can be a subquery, or use "plan_by: hash".`,
    )
  }
}
