import { Command, InvalidArgumentError, Option } from 'commander'
import { action, type Session } from './action.ts'
import { type CommandContext, wantsColours } from './context.ts'
import { openProject } from './project.ts'
import { stoppable } from './signals.ts'

interface PlanOptions {
  readonly format: 'text' | 'markdown' | 'json'
  readonly show: number
}

function howMany(text: string): number {
  if (!/^\d{1,6}$/.test(text)) throw new InvalidArgumentError('Give a number from 0 to 999999.')
  return Number(text)
}

// The most urgent first, as in the summary of a run.
const urgency = [143, 130, 2, 4, 3, 75, 1]

async function plan(
  session: Session,
  options: PlanOptions,
  names: readonly string[],
): Promise<number> {
  const { context, voice } = session
  const { openProgress } = await import('./progress-display.ts')
  const plans = await stoppable(
    context,
    (text) => voice.say('warn', text),
    async (signal) => {
      const { project, activations } = await openProject(session, names)
      const { planActivations } = await import('../run/plan.ts')
      const display = await openProgress(session)
      try {
        const { clock, random } = context
        const { listener } = display
        const { show } = options
        return await planActivations({
          project,
          activations,
          clock,
          random,
          listener,
          signal,
          show,
        })
      } finally {
        await display.close()
      }
    },
  )
  const code = urgency.find((value) => plans.some(({ exitCode }) => exitCode === value)) ?? 0
  if (options.format === 'json') {
    const { planJson } = await import('../report/plan-json.ts')
    await context.stdout.write(`${planJson(plans, code)}\n`)
  } else if (options.format === 'markdown') {
    const { planMarkdown } = await import('../report/plan.ts')
    await context.stdout.write(planMarkdown(plans))
  } else {
    const { planText } = await import('../report/plan.ts')
    const { coloured, plain } = await import('../report/style.ts')
    const colours = wantsColours(context.stdout, session.options, context.environment)
    await context.stdout.write(planText(plans, colours ? coloured : plain))
  }
  // The text says it where people see it; the other formats usually go to a file.
  if (options.format !== 'text') {
    for (const { activation, error } of plans) {
      if (error !== null) voice.say('error', `${activation}: ${error}`)
    }
  }
  return code
}

export function planCommand(context: CommandContext): Command {
  return new Command('plan')
    .description('Show what a run would send, and send nothing.')
    .argument('[names...]', 'activations, also as globs; every enabled one if none is named')
    .addOption(
      new Option('--format <format>', 'text, markdown for a pull request, or json')
        .choices(['text', 'markdown', 'json'])
        .default('text'),
    )
    .addOption(
      new Option('--show <count>', 'operations and rejected rows to list of each activation')
        .argParser(howMany)
        .default(10),
    )
    .addHelpText(
      'after',
      `
Lists keys and the names of the fields that change, never values. Exits with 0 whether or not there
is something to send.

Examples:
  $ millrace plan
  $ millrace plan people --show 100
  $ millrace plan --format markdown > plan.md`,
    )
    .action(action<PlanOptions, [names: readonly string[]]>(context, plan))
}
