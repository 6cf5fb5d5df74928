import type { Connectors } from '../src/connector/index.ts'

/** The systems that this build can talk to, by the `type` that stands in the project file. Each is imported when it is first used. */
export const connectors: Connectors = {
  sources: {
    duckdb: async () => (await import('./duckdb/index.ts')).duckdb,
    postgres: async () => (await import('./postgres/index.ts')).postgres,
  },
  targets: {
    intercom: async () => (await import('./intercom/index.ts')).intercom,
  },
}
