import * as z from 'zod/mini'
import { described, type SourceConnector } from '../../src/connector/index.ts'

const options = z.strictObject({
  path: described(
    z.optional(z.string().check(z.minLength(1))),
    'Database file, relative to the project file, opened read-only. Left out, queries read CSV, Parquet and JSON files by paths relative to the project file.',
  ),
  threads: described(
    z.optional(
      z.pipe(
        z.union([
          z.int().check(z.minimum(1)),
          z.string().check(z.regex(/^[1-9]\d*$/, 'must be a number of threads')),
        ]),
        z.transform(Number),
      ),
    ),
    'Threads that a query may use; default: one per processor.',
  ),
  memory_limit: described(
    z.optional(
      z
        .string()
        .check(
          z.regex(
            /^\d+(\.\d+)?\s*([KMGT]i?B|%)$/i,
            'must be an amount of memory such as 512MB, 2GB or 50%',
          ),
        ),
    ),
    'Memory that a query may use, such as 512MB or 50%, before it moves to temporary files; default: 80% of what the machine has.',
  ),
})

/** The options of a DuckDB source. */
export type DuckDbOptions = z.output<typeof options>

/** Reads a DuckDB database, or files through DuckDB. */
export const duckdb: SourceConnector<DuckDbOptions> = {
  type: 'duckdb',
  options,
  async open(given, context) {
    const { openDuckDb } = await import('./source.ts')
    return openDuckDb(given, context)
  },
}
