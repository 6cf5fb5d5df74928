// Millrace's command line with one thing replaced: a target that confirms everything at once, where Intercom would take a
// minute for ten thousand contacts. Planning, the writer, its journal and the state are those of `millrace`.
// With MILLRACE_BENCH_TARGET=down, the target cannot be reached: a run ends where it would begin to write.
import { prepare } from '../dist/src/cli/prepare.js'

prepare()
const { connectors, start } = await import('../dist/src/cli/start.js')

/** As long as one of Intercom's. */
const idOf = ({ id, key }) => id ?? key.replaceAll('-', '').slice(0, 24).padEnd(24, '0')

const target = {
  batchSize: 50,
  concurrency: 3,
  requests: { total: 0, byEndpoint: {}, rateLimited: 0 },
  prepare: async () => undefined,
  async deliver(operations, report) {
    // As any target, it answers in a later turn of the event loop: timers come to theirs, and memory that was left is freed.
    await new Promise((resolve) => setImmediate(resolve))
    for (const operation of operations) {
      const created = operation.kind === 'create'
      report(operation.ordinal, { result: 'applied', id: idOf(operation), created })
    }
  },
  check: async () => [],
  close: async () => undefined,
}

const intercom = async () => ({
  ...(await connectors.targets.intercom()),
  open: async () => {
    if (process.env.MILLRACE_BENCH_TARGET !== 'down') return target
    const { StopRunError } = await import('../dist/src/index.js')
    throw new StopRunError('The target is down.')
  },
})

await start({ ...connectors, targets: { intercom } })
