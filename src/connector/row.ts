/**
 * The types that columns have, whatever the source calls them.
 *
 * What `RowBatch.values` holds for each (NULL is always `null`):
 *
 * | type        | value                                                                                  |
 * |-------------|----------------------------------------------------------------------------------------|
 * | boolean     | boolean                                                                                |
 * | integer     | number where it is exact (`Number.isSafeInteger`), else bigint                          |
 * | decimal     | exact text as the source prints it: `12.30`, `NaN`, `Infinity`, `-Infinity`             |
 * | float       | number, NaN and infinities included                                                    |
 * | text        | string (also uuid, enums, time, interval and everything without a type of its own)     |
 * | date        | `YYYY-MM-DD`, or `infinity` / `-infinity`                                              |
 * | timestamp   | without a zone: `YYYY-MM-DDTHH:MM:SS[.ffffff]`, trailing zeros of the fraction dropped  |
 * | timestamptz | in UTC: `YYYY-MM-DDTHH:MM:SS[.ffffff]Z`, or `infinity` / `-infinity`                   |
 * | json        | the document as text                                                                   |
 * | bytes       | Uint8Array                                                                             |
 * | array       | array of values of `Column.element`                                                    |
 */
export type ColumnType =
  | 'boolean'
  | 'integer'
  | 'decimal'
  | 'float'
  | 'text'
  | 'date'
  | 'timestamp'
  | 'timestamptz'
  | 'json'
  | 'bytes'
  | 'array'

/** One column of a query's result. */
export interface Column {
  readonly name: string
  readonly type: ColumnType
  /** The type of an array's elements; absent for every other type. */
  readonly element?: ColumnType
  /** The source's own name of the type, for messages: `numeric(12,2)`, `VARCHAR`. */
  readonly sourceType: string
}

/** One value of a row, exact; see `ColumnType` for what stands for what. */
export type Value = null | boolean | number | bigint | string | Uint8Array | readonly Value[]

/**
 * The values of one row as the source sent them: what is only compared need not be decoded. For columns of the types text,
 * json and decimal the bytes are the value as text in UTF-8; for others they are in the source's own notation.
 */
export interface RowTexts {
  readonly bytes: Uint8Array
  /** Where the value of each column begins. */
  readonly starts: Int32Array
  /** Where it ends; before its beginning where the value is NULL. */
  readonly ends: Int32Array
  /**
   * Unix seconds, rounded down, of a column of the type timestamptz that is not NULL; NaN where its value has to tell, as for
   * the infinities and for years other than 1 to 9999.
   */
  seconds(position: number): number
  /** The value of one column, as in `RowBatch.values`. */
  value(position: number): Value
}

/**
 * A handful of consecutive rows. Rows are decoded when asked for, so that a source may hand on bytes
 * and an unchanged row is never parsed. A batch may be looked at until the next one is asked for, no longer.
 */
export interface RowBatch {
  readonly size: number
  /** The values of one row, in column order. `index` counts from 0 within the batch. */
  values(index: number): readonly Value[]
  /**
   * Writes a 128-bit hash of one row, as the source sent it, to `into` as four 32-bit words, without decoding the row.
   * Rows with the same hash have the same values; rows with the same values may have different hashes. Present where
   * `RowStream.hashedAs` is.
   */
  hash?(index: number, into: Int32Array): void
  /** The texts of one row, good until those of another one are asked for; present where the source sends texts. */
  texts?(index: number): RowTexts
}
