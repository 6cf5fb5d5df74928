import { Command, InvalidArgumentError, Option } from 'commander'
import type { CommandSummary } from '../run/summary.ts'
import { action, explain, type Session } from './action.ts'
import { type CommandContext, exitCodes, wantsColours } from './context.ts'
import { openProject } from './project.ts'
import { stoppable } from './signals.ts'

interface RunCommandOptions {
  readonly json?: boolean
  readonly summaryFile?: string
  readonly skipCode?: number
  readonly allow?: readonly string[]
  readonly full?: boolean
  readonly wait?: number
}

function exitCode(text: string): number {
  const code = Number(text)
  if (!/^\d+$/.test(text) || code > 255) {
    throw new InvalidArgumentError('An exit code is a number from 0 to 255.')
  }
  return code
}

const unitMilliseconds = { s: 1_000, m: 60_000, h: 3_600_000 } as const

/** `30s`, `5m` or `1h` in milliseconds. */
function milliseconds(text: string): number {
  const [, number = '', unit = ''] = /^(\d{1,5})([smh])$/.exec(text) ?? []
  if (!(unit in unitMilliseconds)) {
    throw new InvalidArgumentError('Give a number with its unit: 30s, 5m or 1h.')
  }
  return Number(number) * unitMilliseconds[unit as keyof typeof unitMilliseconds]
}

/** What is left to tell where no activation ran. */
async function unstarted(error: unknown, session: Session): Promise<CommandSummary> {
  const code = await explain(error, session)
  return {
    status: code === exitCodes.usage ? 'configuration' : 'stopped',
    exit_code: code,
    activations: [],
    error: error instanceof Error ? error.message : String(error),
  }
}

async function execute(
  session: Session,
  names: readonly string[],
  { allow = [], full = false, wait = 0 }: RunCommandOptions,
): Promise<CommandSummary> {
  const { context, voice } = session
  const { openProgress } = await import('./progress-display.ts')
  return await stoppable(
    context,
    (text) => voice.say('warn', text),
    async (signal) => {
      const { project, activations } = await openProject(session, names)
      if (activations.length === 0) {
        const { ConfigurationError } = await import('../connector/index.ts')
        throw new ConfigurationError(
          `There is no enabled activation in ${project.folder}. Add one to its activations folder; \`millrace init\` shows how they look.`,
        )
      }
      const { runActivations } = await import('../run/run.ts')
      const display = await openProgress(session)
      try {
        const { clock, random } = context
        const { listener } = display
        return await runActivations({
          project,
          activations,
          clock,
          random,
          listener,
          signal,
          allow,
          full,
          wait,
        })
      } finally {
        await display.close()
      }
    },
  )
}

async function run(
  session: Session,
  options: RunCommandOptions,
  names: readonly string[],
): Promise<number> {
  const { context } = session
  let summary: CommandSummary
  if (options.summaryFile !== undefined) {
    const { requireWritable } = await import('./files.ts')
    await requireWritable(options.summaryFile)
  }
  try {
    summary = await execute(session, names, options)
  } catch (error) {
    summary = await unstarted(error, session)
  }
  const { nothingToDo, runText } = await import('../report/run.ts')
  if (options.skipCode !== undefined && nothingToDo(summary)) {
    summary = { ...summary, exit_code: options.skipCode }
  }
  if (options.summaryFile !== undefined) {
    const { writeWhole } = await import('./files.ts')
    try {
      await writeWhole(options.summaryFile, [`${JSON.stringify(summary)}\n`])
    } catch (error) {
      // The run is over: what it came to is told all the same.
      const code = await explain(error, session)
      if (summary.exit_code === exitCodes.done) summary = { ...summary, exit_code: code }
    }
  }
  if (options.json === true) {
    await context.stdout.write(`${JSON.stringify(summary)}\n`)
  } else {
    const { coloured, plain } = await import('../report/style.ts')
    const colours = wantsColours(context.stdout, session.options, context.environment)
    const text = runText(summary, session.options.verbose === true, colours ? coloured : plain)
    await context.stdout.write(text)
  }
  return summary.exit_code
}

export function runCommand(context: CommandContext): Command {
  return new Command('run')
    .description('Plan, write and record: send what is new or changed.')
    .argument('[names...]', 'activations, also as globs; every enabled one if none is named')
    .option('--json', 'end stdout with the summary as one JSON object')
    .option('--summary-file <file>', 'write the same summary to a file, also when the run fails')
    .addOption(
      new Option('--allow <guard...>', 'let a run pass this guard once').choices([
        'min_rows',
        'max_changes',
        'max_removals',
        'max_failures',
        'key',
        'workspace',
      ]),
    )
    .option('--full', 'send every row again, also those that have not changed')
    .addOption(
      new Option(
        '--wait <duration>',
        'wait so long for another run of the activation to end: 30s, 5m, 1h (default: not at all)',
      ).argParser(milliseconds),
    )
    .option('--skip-code <code>', 'exit with this code if there was nothing to do', exitCode)
    .addHelpText(
      'after',
      `
Progress goes to stderr, the summary to stdout. SIGINT or SIGTERM lets what is under way end and
be recorded; a second one ends at once.

Examples:
  $ millrace run
  $ millrace run companies 'people-*' --summary-file run.json
  $ millrace run people --full --wait 10m
  $ millrace run --json --skip-code 99 | tail -n 1 | jq .activations`,
    )
    .action(action<RunCommandOptions, [names: readonly string[]]>(context, run))
}
