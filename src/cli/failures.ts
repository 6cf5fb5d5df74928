import { Command, InvalidArgumentError, Option } from 'commander'
import type { FailureFormat } from '../report/failures.ts'
import type { FailureRecord, StateStore } from '../state/store.ts'
import { action, type Session } from './action.ts'
import { type CommandContext, exitCodes, wantsColours } from './context.ts'
import { openProject } from './project.ts'

interface FailuresOptions {
  readonly run?: number
  readonly format: 'table' | 'csv' | 'jsonl'
  readonly out?: string
}

function runNumber(text: string): number {
  if (!/^[1-9]\d{0,14}$/.test(text)) {
    throw new InvalidArgumentError('A run is a number, as `millrace status` shows it.')
  }
  return Number(text)
}

function format(text: string): FailuresOptions['format'] {
  if (text === 'table' || text === 'csv' || text === 'jsonl') return text
  throw new InvalidArgumentError(
    text === 'html'
      ? 'This version has no html report. Use table, csv or jsonl.'
      : 'Allowed choices are table, csv, jsonl.',
  )
}

// Where there is no terminal to fit.
const usualColumns = 120

async function formatter(session: Session, options: FailuresOptions): Promise<FailureFormat> {
  if (options.format === 'csv') return (await import('../report/failures-csv.ts')).failuresCsv
  if (options.format === 'jsonl') return (await import('../report/failures.ts')).failuresJsonl
  const { stdout, environment } = session.context
  const { failuresTable } = await import('../report/failures-table.ts')
  const { coloured, plain } = await import('../report/style.ts')
  const toFile = options.out !== undefined
  const colours = !toFile && wantsColours(stdout, session.options, environment)
  const asked = Number(environment.COLUMNS)
  const columns = (toFile ? null : stdout.columns) ?? (asked > 0 ? asked : usualColumns)
  return failuresTable(columns, colours ? coloured : plain)
}

/** The failures of the activations in turn, counted as they pass. */
async function* counted(
  store: StateStore,
  names: readonly (string | undefined)[],
  run: number | undefined,
  seen: (failures: readonly FailureRecord[]) => void,
): AsyncIterable<readonly FailureRecord[]> {
  for (const activation of names) {
    for await (const batch of store.failures({ activation, run })) {
      seen(batch)
      yield batch
    }
  }
}

async function failures(
  session: Session,
  options: FailuresOptions,
  name?: string,
): Promise<number> {
  const { context, voice } = session
  const { project, activations } = await openProject(session, name === undefined ? [] : [name])
  const { openStateStore } = await import('../state/index.ts')
  const store = await openStateStore({
    location: project.state,
    clock: context.clock,
    create: false,
  })
  try {
    let count = 0
    const names =
      name === undefined ? [undefined] : activations.map((activation) => activation.name)
    const batches = counted(store, names, options.run, (batch) => {
      count += batch.length
    })
    const pieces = (await formatter(session, options))(batches)
    if (options.out === undefined) {
      for await (const piece of pieces) {
        if (!(await context.stdout.write(piece))) return exitCodes.done
      }
    } else {
      const { writeWhole } = await import('./files.ts')
      await writeWhole(options.out, pieces)
    }
    const { countOf } = await import('../report/text.ts')
    const where = `${name === undefined ? '' : ` of ${name}`}${options.run === undefined ? '' : ` in run ${options.run}`}`
    if (count === 0) {
      if (options.run !== undefined) await requireRun(store, options.run)
      voice.say('info', `No ${options.run === undefined ? 'open ' : ''}failures${where}.`)
    } else if (options.out !== undefined) {
      voice.say('info', `${countOf(count, 'failure')}${where} written to ${options.out}`)
    }
    return exitCodes.done
  } finally {
    await store.close()
  }
}

/** "No failures" shall not be said of a run that never was. */
async function requireRun(store: StateStore, run: number): Promise<void> {
  const runs = await store.runs(null, Number.MAX_SAFE_INTEGER)
  if (runs.some((known) => known.run === run)) return
  const { ConfigurationError } = await import('../connector/index.ts')
  throw new ConfigurationError(
    `There is no run ${run}. \`millrace status\` lists the runs that are remembered.`,
  )
}

export function failuresCommand(context: CommandContext): Command {
  return new Command('failures')
    .description('List the rows that were not delivered: why, and what to do about it.')
    .argument('[name]', 'an activation, also as a glob; all of them if none is named')
    .option('--run <id>', 'what this run left, also where a later run has cured it', runNumber)
    .addOption(
      new Option('--format <format>', 'table, csv or jsonl').argParser(format).default('table'),
    )
    .option('--out <file>', 'write to a file instead of stdout')
    .addHelpText(
      'after',
      `
Without --run: what is open now. Values of rows are not part of it.

Examples:
  $ millrace failures people
  $ millrace failures --format csv --out failures.csv
  $ millrace failures people --run 12 --format jsonl | jq -r .key`,
    )
    .action(action<FailuresOptions, [name?: string]>(context, failures))
}
