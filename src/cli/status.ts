import { Command } from 'commander'
import type { ActivationStatus } from '../report/status.ts'
import type { StateStore } from '../state/store.ts'
import { action, type Session } from './action.ts'
import { type CommandContext, exitCodes, wantsColours } from './context.ts'
import { openProject } from './project.ts'

interface StatusOptions {
  readonly json?: boolean
}

const runsShown = 5

/** When the open failures of an activation are tried again. */
async function retriesOf(
  store: StateStore,
  activation: string,
): Promise<ActivationStatus['retries']> {
  let nextRun = 0
  let waiting = 0
  let first: number | null = null
  let forChange = 0
  for await (const batch of store.failures({ activation })) {
    for (const { nextRetry, waitsForChange } of batch) {
      if (waitsForChange) {
        forChange += 1
      } else if (nextRetry === null) {
        nextRun += 1
      } else {
        waiting += 1
        first = Math.min(first ?? nextRetry, nextRetry)
      }
    }
  }
  return { nextRun, waiting, first, forChange }
}

async function status(
  session: Session,
  options: StatusOptions,
  names: readonly string[],
): Promise<number> {
  const { clock, environment, stdout } = session.context
  const { project, activations } = await openProject(session, names)
  const { openStateStore } = await import('../state/index.ts')
  const store = await openStateStore({ location: project.state, clock, create: false })
  try {
    const selected = activations.map((activation) => activation.name)
    const runs = await store.runs(selected, runsShown)
    const open = await store.openFailures()
    const statuses: ActivationStatus[] = []
    for (const activation of selected) {
      const own = open.filter((failures) => failures.activation === activation)
      statuses.push({
        activation,
        runs: runs.filter((run) => run.activation === activation),
        failures: Object.fromEntries(own.map(({ code, count }) => [code, count])),
        retries:
          own.length === 0
            ? { nextRun: 0, waiting: 0, first: null, forChange: 0 }
            : await retriesOf(store, activation),
      })
    }
    const { statusJson, statusText } = await import('../report/status.ts')
    if (options.json === true) {
      await stdout.write(`${statusJson(statuses)}\n`)
    } else {
      const { coloured, plain } = await import('../report/style.ts')
      const colours = wantsColours(stdout, session.options, environment)
      await stdout.write(statusText(statuses, colours ? coloured : plain))
    }
    return exitCodes.done
  } finally {
    await store.close()
  }
}

export function statusCommand(context: CommandContext): Command {
  return new Command('status')
    .description('Show the last runs, the open failures and the next retries.')
    .argument('[names...]', 'activations, also as globs; every enabled one if none is named')
    .option('--json', 'print the result as one JSON object')
    .addHelpText(
      'after',
      `
Examples:
  $ millrace status
  $ millrace status people --json | jq '.activations[0].open_failures'`,
    )
    .action(action<StatusOptions, [names: readonly string[]]>(context, status))
}
