import { Command } from 'commander'
import { action, type Session } from './action.ts'
import { type CommandContext, exitCodes, wantsColours } from './context.ts'
import { withState } from './open-state.ts'
import { adoptCommand } from './state-adopt.ts'
import { compactCommand, exportCommand, forgetCommand, importCommand } from './state-commands.ts'

interface ShowOptions {
  readonly json?: boolean
}

function show(session: Session, options: ShowOptions): Promise<number> {
  const { environment, stdout } = session.context
  return withState(session, false, async ({ database, place, claim }) => {
    const { inspect } = await import('../state/inspect.ts')
    const contents = database === null ? null : await inspect(database, claim)
    const { stateJson, stateText } = await import('../report/state.ts')
    if (options.json === true) {
      await stdout.write(`${stateJson(place, contents)}\n`)
    } else {
      const { coloured, plain } = await import('../report/style.ts')
      const colours = wantsColours(stdout, session.options, environment)
      await stdout.write(stateText(place, contents, colours ? coloured : plain))
    }
    return exitCodes.done
  })
}

export function stateCommand(context: CommandContext): Command {
  return new Command('state')
    .description('Show what millrace remembers; adopt, make smaller, forget, export, import.')
    .option('--json', 'print the result as one JSON object')
    .addCommand(adoptCommand(context))
    .addCommand(compactCommand(context))
    .addCommand(forgetCommand(context))
    .addCommand(exportCommand(context))
    .addCommand(importCommand(context))
    .addHelpText(
      'after',
      `
Where the state is, its size, and of each activation: keys, open failures, runs, and who runs it now.

Examples:
  $ millrace state
  $ millrace state --json | jq '.activations[] | {activation, keys}'
  $ millrace state compact`,
    )
    .action(action<ShowOptions, []>(context, show))
}
