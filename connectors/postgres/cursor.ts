import type pg from 'pg'
import Cursor from 'pg-cursor'
import type { RowReader } from './reader.ts'
import { type DecodedColumn, TextBatch, type TextRow } from './values.ts'

// Rows per round trip: more rows do not make it faster (garbage, less overlap with the server), wide rows have to be fewer.
const mostRows = 1000
const firstRows = 100
const charactersPerBatch = 2_000_000

const asText = { getTypeParser: () => (text: string) => text } as unknown as pg.CustomTypesConfig

/** Runs one query and reads its rows through pg's public interface. */
export class CursorReader implements RowReader {
  readonly #cursor: Cursor<TextRow>
  readonly #columns: readonly DecodedColumn[]
  #coming: Promise<readonly TextRow[]>

  /** `columns` are those that the text was described with. */
  constructor(client: pg.Client, text: string, columns: readonly DecodedColumn[]) {
    this.#cursor = client.query(new Cursor<TextRow>(text, [], { rowMode: 'array', types: asText }))
    this.#columns = columns
    this.#coming = this.#read(firstRows)
  }

  async next(): Promise<TextBatch | null> {
    const rows = await this.#coming
    if (rows.length === 0) return null
    // The next rows travel while these are looked at.
    this.#coming = this.#read(rowsThatFit(rows))
    return new TextBatch(rows, this.#columns)
  }

  discard(): void {}

  #read(count: number): Promise<readonly TextRow[]> {
    const rows = this.#cursor.read(count)
    rows.catch(() => {})
    return rows
  }
}

function rowsThatFit(rows: readonly TextRow[]): number {
  let characters = 0
  for (const row of rows) for (const text of row) characters += text?.length ?? 0
  const fit = Math.floor((charactersPerBatch * rows.length) / Math.max(characters, 1))
  return Math.max(1, Math.min(mostRows, fit))
}
