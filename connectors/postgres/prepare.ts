import type pg from 'pg'
import { QueryError, type Reading } from '../../src/connector/index.ts'
import { describeStatement, type FieldDescription } from './describe.ts'
import type { PostgresOptions } from './index.ts'
import { begin } from './session.ts'
import { asWritten, narrowed, type Statement, sameFields } from './statement.ts'

/** What is sent for a query, and the columns that come back. */
export interface Prepared {
  readonly statement: Statement
  readonly fields: readonly FieldDescription[]
  /** As in `RowStream`. */
  readonly orderedBy?: string
}

/**
 * Has the server look at a query in the transaction that `begin` began: only the wanted columns, in the wanted order, where
 * that can be had, else the query as it was written. Throws `QueryError` where it returns no rows, else what pg throws.
 */
export async function prepare(
  client: pg.Client,
  text: string,
  reading: Reading,
  options: PostgresOptions,
): Promise<Prepared> {
  const fields = await describeStatement(client, text)
  if (fields === null) {
    throw new QueryError(
      'The query returns no rows: it has to be one SELECT (or VALUES, TABLE, WITH).',
      null,
    )
  }
  const whole = { statement: asWritten(text), fields }
  const part = narrowed(text, fields, reading)
  if (part === null) return whole
  try {
    const described = await describeStatement(client, part.statement.text)
    const { orderedBy } = reading
    const order = orderedBy === undefined ? {} : { orderedBy }
    if (sameFields(described, part.fields)) return { ...part, ...order }
  } catch (error) {
    // SHOW and EXPLAIN have columns too, and may not stand where a table does.
    if (!/^(42|0A)/.test((error as { code?: string }).code ?? '')) throw error
    await client.query('ROLLBACK')
    await begin(client, options)
    // Described anew, since the tables are locked anew.
    return prepare(client, text, {}, options)
  }
  return whole
}
