import type { ConnectorContext } from '../../../src/connector/index.ts'

/** What opens sources in tests. */
export const context: ConnectorContext = {
  // The server is asked again and again to cancel; a turn of the event loop is pause enough.
  clock: { now: () => 0, sleep: () => new Promise((resolve) => setImmediate(resolve)) },
  random: () => 0.5,
  projectFolder: '/',
  notice: () => {},
}
