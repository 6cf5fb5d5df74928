import { sep } from 'node:path'
import { QueryError, StopRunError } from '../../src/connector/index.ts'
import { rowError } from './row-errors.ts'
import type { Located } from './sql.ts'

/** An error of DuckDB, as `errors_as_json` writes it; every value is text. */
interface Reported {
  readonly exception_type: string
  readonly exception_message: string
  readonly error_subtype?: string
  /** From the start of the query, from 0: code points for an error of grammar, else bytes of UTF-8. */
  readonly position?: string
}

/** The query that failed. */
export interface FailedQuery {
  readonly text: string
  readonly located: Located
  /** How many characters, all ASCII, stood before the located text when it ran. */
  readonly head: number
  /** The names of the columns that it returns, once it runs; null while DuckDB only reads its text. */
  readonly columns: readonly string[] | null
  readonly projectFolder: string
}

/** What a failed query means for the run, and where in its text it went wrong. */
export function queryError(
  error: unknown,
  { text, located, head, columns, projectFolder }: FailedQuery,
): QueryError | StopRunError {
  const report = reported(error as Error)
  const { exception_type: type, exception_message: raw } = report
  const options = { cause: error }
  const asRead = `DuckDB: ${raw}`
  const message = columns === null ? asRead : rowError(type, raw, [text, ...columns])
  const offset = offsetOf(report, located, head)

  switch (type) {
    case 'Out of Memory':
      return new StopRunError(
        `${firstParagraph(asRead)} Raise \`memory_limit\` of the source, or make the query hold less.`,
        options,
      )
    case 'FATAL':
    case 'INTERNAL':
      return new StopRunError(message, options)
    case 'HTTP':
    case 'Connection':
    case 'IO':
      if (!/^No files found/.test(raw)) return new StopRunError(firstParagraph(asRead), options)
  }
  if (columns !== null) return new QueryError(message, offset, options)
  const extension = /the (\w+) extension|extension (\w+) to be loaded/.exec(raw)
  if (type === 'Missing Extension' || /exists in the \w+ extension/.test(raw)) {
    return new QueryError(
      `The query needs DuckDB's ${extension?.[1] ?? extension?.[2] ?? ''} extension, which millrace does not load: it reads local CSV, Parquet and JSON files and DuckDB databases.`,
      offset,
      options,
    )
  }
  const missing = /No files found that match the pattern "(.*)"/s.exec(raw)?.[1]
  if (missing !== undefined) {
    const start = `${projectFolder}${sep}`
    const pattern = missing.startsWith(start) ? missing.slice(start.length) : missing
    const found = text.indexOf(pattern)
    return new QueryError(
      `There is no file ${pattern}; paths start at the folder of the project file, ${projectFolder}.`,
      found === -1 ? null : found,
      options,
    )
  }
  return new QueryError(message, offset, options)
}

function reported(error: Error): Reported {
  const start = error.message.indexOf('{"exception_type"')
  if (start !== -1) {
    try {
      return JSON.parse(error.message.slice(start)) as Reported
    } catch {
      // Not JSON after all: the message stands as it is.
    }
  }
  return { exception_type: '', exception_message: error.message }
}

function firstParagraph(message: string): string {
  return message.split(/\n\s*\n/, 1)[0] ?? message
}

function offsetOf(
  { position, error_subtype }: Reported,
  located: Located,
  head: number,
): number | null {
  const start = Number(position) - head
  if (!(start >= 0)) return null
  const { text } = located
  const before =
    error_subtype === 'SYNTAX_ERROR'
      ? Array.from(text).slice(0, start).join('')
      : Buffer.from(text).subarray(0, start).toString()
  return located.original(before.length)
}
