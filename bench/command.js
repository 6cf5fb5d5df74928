// Millrace's command line with one thing replaced: a target that confirms everything at once, where Intercom would take a
// minute for ten thousand contacts. Planning, the writer, its journal and the state are those of `millrace`.
// With MILLRACE_BENCH_TARGET=down, the target cannot be reached: a run ends where it would begin to write.
import '../dist/src/cli/memory.js'

const { connectors } = await import('../dist/connectors/index.js')
const { Output } = await import('../dist/src/cli/output.js')
const { buildProgram } = await import('../dist/src/cli/program.js')
const { StopRunError } = await import('../dist/src/connector/index.js')
const { realClock, realRandom } = await import('../dist/src/run/system.js')

/** As long as one of Intercom's. */
const idOf = ({ id, key }) => id ?? key.replaceAll('-', '').slice(0, 24).padEnd(24, '0')

const target = {
  batchSize: 50,
  concurrency: 3,
  requests: { total: 0, byEndpoint: {}, rateLimited: 0 },
  prepare: async () => undefined,
  async deliver(operations, report) {
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
    if (process.env.MILLRACE_BENCH_TARGET === 'down') throw new StopRunError('The target is down.')
    return target
  },
})

const context = {
  connectors: { ...connectors, targets: { intercom } },
  clock: realClock,
  random: realRandom,
  environment: process.env,
  stdout: new Output(process.stdout),
  stderr: new Output(process.stderr),
  exitCode: 0,
}
await buildProgram(context).parseAsync()
process.exit(context.exitCode)
