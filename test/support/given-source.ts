import { z } from 'zod'
import { connectors } from '../../connectors/index.ts'
import type { RowStream, SourceConnector } from '../../src/connector/index.ts'

/** All connectors, with a source in the place of DuckDB that answers every query with what it is given. */
export function connectorsWithSource(query: () => RowStream): typeof connectors {
  const source: SourceConnector = {
    type: 'duckdb',
    options: z.strictObject({}),
    open: async () => ({ query: async () => query(), close: async () => {} }),
  }
  return { ...connectors, sources: { duckdb: async () => source } }
}
