import type pg from 'pg'
import { type DecodedColumn, decodedColumn } from './values.ts'

/** A column as the server describes it. */
export interface FieldDescription {
  readonly name: string
  readonly dataTypeID: number
  readonly dataTypeModifier: number
}

/** The part of pg's wire connection that a statement is described with. */
interface Wire {
  parse(statement: { text: string }): void
  describe(statement: { type: 'S' }): void
  sync(): void
}

/** Has the server parse a statement without running it; pg calls the handlers. */
class Description {
  readonly fields: Promise<readonly FieldDescription[] | null>
  readonly #text: string
  #found: readonly FieldDescription[] | null = null
  #resolve!: (fields: readonly FieldDescription[] | null) => void
  #reject!: (error: unknown) => void

  constructor(text: string) {
    this.#text = text
    this.fields = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
  }

  submit(connection: unknown): void {
    const wire = connection as Wire
    wire.parse({ text: this.#text })
    wire.describe({ type: 'S' })
    wire.sync()
  }

  handleRowDescription(message: { fields: readonly FieldDescription[] }): void {
    this.#found = message.fields
  }

  handleError(error: unknown): void {
    this.#reject(error)
  }

  handleReadyForQuery(): void {
    this.#resolve(this.#found)
  }
}

// An array is told by how it is read (int2vector has elements, but is written otherwise); arrays of domains hold the domain's base type.
const lookUp = `
  SELECT pg_catalog.format_type(f.oid, f.modifier),
    CASE WHEN t.typinput = 'pg_catalog.array_in'::regproc AND e.typdelim = ','
      THEN COALESCE(NULLIF(e.typbasetype, 0), e.oid)::text ELSE '0' END
  FROM unnest($1::oid[], $2::int4[]) WITH ORDINALITY AS f(oid, modifier, position)
  JOIN pg_catalog.pg_type t ON t.oid = f.oid
  LEFT JOIN pg_catalog.pg_type e ON e.oid = t.typelem
  ORDER BY f.position`

/**
 * The columns that a statement has, before it runs; null where it returns no rows.
 * Throws what pg throws where the server does not understand it.
 */
export function describeStatement(
  client: pg.Client,
  text: string,
): Promise<readonly FieldDescription[] | null> {
  return client.query(new Description(text)).fields
}

/** What stands for the columns that were described; `mayBeBinary` as in `decodedColumn`. */
export async function decodedColumns(
  client: pg.Client,
  fields: readonly FieldDescription[],
  mayBeBinary: boolean,
): Promise<readonly DecodedColumn[]> {
  const { rows } = await client.query<[string, string]>({
    text: lookUp,
    values: [fields.map((f) => f.dataTypeID), fields.map((f) => f.dataTypeModifier)],
    rowMode: 'array',
  })
  return fields.map((field, index) => {
    const [sourceType, element] = rows[index] ?? ['unknown', '0']
    return decodedColumn(field.name, field.dataTypeID, Number(element), sourceType, mayBeBinary)
  })
}
