import { Command, InvalidArgumentError, Option } from 'commander'
import { action, type Session } from './action.ts'
import { type CommandContext, wantsColours } from './context.ts'
import { openProject } from './project.ts'
import { stoppable } from './signals.ts'

interface CheckOptions {
  readonly sample: number
  readonly json?: boolean
}

function howMany(text: string): number {
  const number = Number(text)
  if (!/^\d+$/.test(text) || number < 1 || number > 10_000) {
    throw new InvalidArgumentError('Give a number from 1 to 10000.')
  }
  return number
}

// The most urgent first, as in the summary of a run.
const urgency = [143, 130, 2, 4]

async function check(
  session: Session,
  options: CheckOptions,
  names: readonly string[],
): Promise<number> {
  const { context, voice } = session
  const { clock, random } = context
  const { sample } = options
  const checks = await stoppable(
    context,
    (text) => voice.say('warn', text),
    async (signal) => {
      const { project, activations } = await openProject(session, names)
      const { checkActivations } = await import('../run/check.ts')
      return await checkActivations({
        project,
        activations,
        clock,
        random,
        listener: (event) => {
          if (event.type === 'notice') voice.say('info', `${event.activation}: ${event.message}`)
        },
        signal,
        sample,
      })
    },
  )
  const code = urgency.find((value) => checks.some(({ exitCode }) => exitCode === value)) ?? 0
  const { checkJson, checkText } = await import('../report/check.ts')
  if (options.json === true) {
    await context.stdout.write(`${checkJson(checks, code)}\n`)
  } else {
    const { coloured, plain } = await import('../report/style.ts')
    const colours = wantsColours(context.stdout, session.options, context.environment)
    await context.stdout.write(checkText(checks, colours ? coloured : plain))
  }
  return code
}

export function checkCommand(context: CommandContext): Command {
  return new Command('check')
    .description('Connect to everything that activations use, and say what fits and what does not.')
    .argument('[names...]', 'activations, also as globs; every enabled one if none is named')
    .addOption(
      new Option('--sample <count>', 'rows of each query to compare with the target')
        .argParser(howMany)
        .default(100),
    )
    .option('--json', 'print the result as one JSON object')
    .addHelpText(
      'after',
      `
Looks at the query and its columns, the token and its scopes, attributes, and how many of the
sample's identifiers exist in the target. Writes nothing, there or here. Shows identifiers of rows,
but none of their other values.

Examples:
  $ millrace check
  $ millrace check people --sample 500
  $ millrace check --json | jq '.activations[].points[] | select(.status == "failed")'`,
    )
    .action(action<CheckOptions, [names: readonly string[]]>(context, check))
}
