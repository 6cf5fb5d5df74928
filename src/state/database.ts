/**
 * What a statement takes and gives. Booleans are 0 and 1, times are milliseconds. Bytes need only be good until the
 * statement has ended; SQLite gives them back as an `ArrayBuffer`.
 */
export type Cell = string | number | null | Uint8Array

/** Statements within one read or one transaction. SQL is what SQLite and Postgres share, with `?` for bindings. */
export interface Session {
  /** The rows of a query. Integers are numbers. */
  all<Row extends object>(sql: string, bindings?: readonly Cell[]): Promise<readonly Row[]>
  /** Runs a statement and says how many rows it changed. */
  run(sql: string, bindings?: readonly Cell[]): Promise<number>
  /**
   * Runs one statement for each list of bindings and says how many rows changed in all. No two lists may be about
   * the same row: an `insert` may become one statement for all of them.
   */
  runEach(sql: string, bindings: readonly (readonly Cell[])[]): Promise<number>
}

/** The few phrases that the dialects spell differently. */
export interface Phrases {
  /** What follows a `select` so that nobody changes its rows before the transaction ends. */
  readonly holdRows: string
  /** An aggregate: the values of a column as one JSON array, as text. */
  jsonArray(column: string): string
  /** A table with one column, `value`: the texts of a JSON array that is bound. */
  readonly jsonTexts: string
  /** Whether what is confirmed waits in `confirmations`, since to write in the snapshot's random order costs more. */
  readonly appendsConfirmed: boolean
  /** A query: the bytes that the state takes, as `bytes`, and those of them that are free for use, as `free`. */
  readonly size: string
  /** Statements, for outside of transactions, that give back the room that is free. */
  readonly compact: readonly string[]
  /** About how many keys to ask for at once: the fewer, the sooner what is made of them is forgotten. */
  readonly keysAtOnce: number
}

/**
 * An open database with the schema of this version. Sessions follow one another: none sees another's
 * unfinished work. Every error that a user can meet is a `StopRunError` with no values in it.
 */
export interface Database {
  readonly phrases: Phrases
  read<Result>(work: (session: Session) => Promise<Result>): Promise<Result>
  /** One durable transaction; it is rolled back where `work` throws. */
  write<Result>(work: (session: Session) => Promise<Result>): Promise<Result>
  /**
   * The same for much that is of no use before a later `write`: until that has ended, a power cut may take it away, from
   * its end on. It is spared waiting for the disk.
   */
  stage<Result>(work: (session: Session) => Promise<Result>): Promise<Result>
  close(): Promise<void>
}
