import { Command, Option } from 'commander'
import manifest from '../../package.json' with { type: 'json' }
import { checkCommand } from './check.ts'
import type { CommandContext } from './context.ts'
import { failuresCommand } from './failures.ts'
import { initCommand } from './init.ts'
import { planCommand } from './plan.ts'
import { retryCommand } from './retry.ts'
import { runCommand } from './run.ts'
import { sandboxCommand } from './sandbox.ts'
import { schemaCommand } from './schema.ts'
import { stateCommand } from './state.ts'
import { statusCommand } from './status.ts'
import { validateCommand } from './validate.ts'

const help = `
Exit codes:
  0    done
  1    done, with failures
  2    usage or configuration
  3    a guard refused
  4    stopped early: authentication, source or target down, or a bug in millrace
  75   another run holds this activation
  130  interrupted by SIGINT, 143 by SIGTERM, after what was under way was recorded

Example:
  $ millrace init demo && cd demo
  $ millrace sandbox --port 4010 --seed sandbox.json    in one terminal
  $ millrace run                                        in another`

/** The whole command line. Building it is cheap: what a command needs is imported when the command runs. */
export function buildProgram(context: CommandContext): Command {
  const program = new Command('millrace')
    .description('Brings warehouse rows to Intercom, and sends again only what changed.')
    .addOption(
      new Option(
        '--project <path>',
        'project file, or the folder that holds millrace.yaml (parent folders are not searched)',
      ).default('.', 'this folder'),
    )
    .option('--profile <name>', 'profile of the project file to use (default: $MILLRACE_PROFILE)')
    .option('--no-color', 'no colours (also: NO_COLOR=1; FORCE_COLOR=1 for colours in a pipe)')
    .option('-v, --verbose', 'say more on stderr and in the summary')
    .addOption(
      new Option('--log-format <format>', 'what stderr gets: text for people, or JSON log lines')
        .choices(['text', 'json'])
        .default('text'),
    )
    .version(manifest.version, '-V, --version', 'show the version')
    .helpOption('-h, --help', 'show help')
    .helpCommand('help [command]', 'show the help of a command')
    .configureHelp({ showGlobalOptions: true })
    .showSuggestionAfterError()
    .exitOverride()
    .addHelpText('after', help)
  const { clock, connectors, random } = context
  const commands = [
    initCommand(context),
    validateCommand(context),
    checkCommand(context),
    planCommand(context),
    runCommand(context),
    statusCommand(context),
    failuresCommand(context),
    retryCommand(context),
    stateCommand(context),
    sandboxCommand({ connectors, clock, random }),
    schemaCommand(context),
  ]
  for (const command of commands) {
    program.addCommand(command.copyInheritedSettings(program).showSuggestionAfterError())
    for (const inner of command.commands) inner.copyInheritedSettings(command)
  }
  return program
}
