import { Command, InvalidArgumentError, Option } from 'commander'
import type { FailureFormat } from '../report/failures.ts'
import type { FailureRecord, RunRecord, StateStore } from '../state/store.ts'
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

/** So many last runs are looked at for rows that were not attempted: as many as `millrace status` shows. */
const runsLookedAt = 5

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
    let unattempted = 0
    const names =
      name === undefined ? [undefined] : activations.map((activation) => activation.name)
    const batches = counted(store, names, options.run, (batch) => {
      count += batch.length
      unattempted += batch.filter(({ status }) => status === 'not_attempted').length
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
    const selected = activations.map((activation) => activation.name)
    const left = await leftUnattempted(store, selected, options.run, unattempted)
    if (count > 0 && options.out !== undefined) {
      voice.say('info', `${countOf(count, 'failure')}${where} written to ${options.out}`)
    } else if (count === 0 && left.length === 0) {
      voice.say('info', `No ${options.run === undefined ? 'open ' : ''}failures${where}.`)
    }
    for (const line of left) voice.say('info', line)
    return exitCodes.done
  } finally {
    await store.close()
  }
}

/**
 * What is to be said of rows that a run did not get to and that are not among the failures: of the given run, where
 * `listed` are fewer than it left; without one, of the last runs of the activations.
 */
async function leftUnattempted(
  store: StateStore,
  activations: readonly string[],
  run: number | undefined,
  listed: number,
): Promise<readonly string[]> {
  const { unattemptedHint, unattemptedIn, unattemptedText } = await import(
    '../report/unattempted.ts'
  )
  if (run !== undefined) {
    const record = await requireRun(store, run)
    if (!activations.includes(record.activation) || listed >= record.notAttempted) return []
    return [
      `${unattemptedText(record)}. They are not listed any more: a later run plans them anew.`,
    ]
  }
  const runs = await store.runs(activations, runsLookedAt)
  return activations.flatMap((activation) => {
    const left = unattemptedIn(runs.filter((record) => record.activation === activation))
    return left === null ? [] : [unattemptedHint(left)]
  })
}

/** "No failures" shall not be said of a run that never was. */
async function requireRun(store: StateStore, run: number): Promise<RunRecord> {
  const runs = await store.runs(null, Number.MAX_SAFE_INTEGER)
  const found = runs.find((known) => known.run === run)
  if (found !== undefined) return found
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
