import { sep } from 'node:path'
import { QueryError, StopRunError } from '../../src/connector/index.ts'
import type { Located } from './sql.ts'

/** An error of DuckDB, as `errors_as_json` writes it; every value is text. */
interface Reported {
  readonly exception_type: string
  readonly exception_message: string
  readonly error_subtype?: string
  /** From the start of the query, from 0: code points for an error of grammar, else bytes of UTF-8. */
  readonly position?: string
}

/** What a failed query means for the run, and where in its text it went wrong. */
export function queryError(
  error: unknown,
  text: string,
  located: Located,
  running: boolean,
  projectFolder: string,
): QueryError | StopRunError {
  const report = reported(error as Error)
  const { exception_type: type, exception_message: raw } = report
  const options = { cause: error }
  const message = `DuckDB: ${running ? withoutValues(raw) : raw}`
  const offset = offsetOf(report, located)

  switch (type) {
    case 'Out of Memory':
      return new StopRunError(
        `${firstParagraph(message)} Raise \`memory_limit\` of the source, or make the query hold less.`,
        options,
      )
    case 'FATAL':
    case 'INTERNAL':
    case 'HTTP':
    case 'Connection':
      return new StopRunError(message, options)
  }
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
  if (type === 'IO') return new StopRunError(message, options)
  return new QueryError(running ? firstParagraph(message) : message, offset, options)
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

// While a query runs, what its errors quote comes from rows.
function withoutValues(message: string): string {
  return message
    .replace(/^Original Line:.*\n?/gm, '')
    .replace(/\b(string|value|timestamp|date|time|interval) (["']).*\2/gis, "$1 '***'")
    .replace(/\b(value|values|number) -?\d[\d.e+-]*/gi, '$1 ***')
    .replace(/(out of range[^:]*|divi[^:]*|overflow[^:]*): ?.*$/gim, '$1')
    .replace(/\((-?[\d.]+ [-+*/] -?[\d.]+)\)/g, '(***)')
}

function firstParagraph(message: string): string {
  return message.split(/\n\s*\n/, 1)[0] ?? message
}

function offsetOf({ position, error_subtype }: Reported, located: Located): number | null {
  if (position === undefined) return null
  const { text } = located
  const before =
    error_subtype === 'SYNTAX_ERROR'
      ? Array.from(text).slice(0, Number(position)).join('')
      : Buffer.from(text).subarray(0, Number(position)).toString()
  return located.original(before.length)
}
