import { createReadStream } from 'node:fs'
import { Command } from 'commander'
import type { Held } from '../state/claim.ts'
import { action, type Session } from './action.ts'
import { type CommandContext, exitCodes } from './context.ts'
import { withState } from './open-state.ts'

interface JsonOption {
  readonly json?: boolean
}

/** Says what was done: a sentence for people, one object for programs. */
async function tell(session: Session, options: JsonOption, text: string, result: object) {
  const said = options.json === true ? JSON.stringify(result) : text
  await session.context.stdout.write(`${said}\n`)
  return exitCodes.done
}

async function refuseHeld({ voice }: Session, heldBy: Held): Promise<number> {
  const { heldText } = await import('../report/state.ts')
  voice.say('error', `${heldText(heldBy)} Nothing was changed.`)
  return exitCodes.locked
}

async function configurationError(message: string): Promise<Error> {
  const { ConfigurationError } = await import('../connector/index.ts')
  return new ConfigurationError(message)
}

function compactState(session: Session, options: JsonOption): Promise<number> {
  return withState(session, false, async ({ database, place, retention, claim }) => {
    const { bytes } = await import('../report/state.ts')
    if (database === null) {
      return tell(session, options, `There is no state yet: ${place.place}`, {
        before: 0,
        after: 0,
      })
    }
    const { compact } = await import('../state/compact.ts')
    const done = await compact(database, retention, claim)
    if ('heldBy' in done) return refuseHeld(session, done.heldBy)
    const text = `compacted: ${bytes(done.before)} before, ${bytes(done.after)} now`
    return tell(session, options, text, done)
  })
}

export function compactCommand(context: CommandContext): Command {
  return new Command('compact')
    .description('Drop what is no longer kept, and give the room back to the disk.')
    .addHelpText(
      'after',
      `
While it works, a state in a file needs twice its size of free disk beside it. It refuses while a run goes on.

Example:
  $ millrace state compact`,
    )
    .action(action<JsonOption, []>(context, compactState))
}

interface ForgetOptions extends JsonOption {
  readonly yes?: boolean
}

/** True where whoever typed the command means it. */
async function agreed(session: Session, name: string): Promise<boolean> {
  const { ask } = session.context
  if (ask === undefined) {
    throw await configurationError(
      `There is no terminal to ask on whether to forget ${name}. Add --yes if you mean it.`,
    )
  }
  const answer = await ask(
    `Forget ${name}? Its next run sends every row again, and creates those a second time that have no identifier. [y/N] `,
  )
  return /^\s*y(es)?\s*$/i.test(answer)
}

function forgetActivation(session: Session, options: ForgetOptions, name: string): Promise<number> {
  return withState(session, false, async ({ database, claim, indexFolder }) => {
    const { forget, knownActivations } = await import('../state/forget.ts')
    const known = database === null ? [] : await knownActivations(database)
    if (database === null || !known.includes(name)) throw await unknown(name, known)
    if (options.yes !== true && !(await agreed(session, name))) {
      session.voice.say('info', 'Nothing was forgotten.')
      return exitCodes.usage
    }
    const done = await forget(database, name, claim)
    if ('heldBy' in done) return refuseHeld(session, done.heldBy)
    const { removeIndex } = await import('../state/stored-index.ts')
    await removeIndex(indexFolder, name)
    const { countOf } = await import('../report/text.ts')
    const text = `forgot ${name}: ${countOf(done.keys, 'key')}, its runs and its failures`
    return tell(session, options, text, { activation: name, keys: done.keys })
  })
}

async function unknown(name: string, known: readonly string[]): Promise<Error> {
  const { didYouMean } = await import('../config/suggest.ts')
  const others = known.length === 0 ? '; it knows none' : `; it knows ${known.join(', ')}`
  return configurationError(
    `the state knows no activation "${name}"${didYouMean(name, known) || others}`,
  )
}

export function forgetCommand(context: CommandContext): Command {
  return new Command('forget')
    .description('Forget all that is known of one activation. The target is not touched.')
    .argument('<name>', 'the activation, also one whose file is gone')
    .option('--yes', 'do not ask; needed where there is no terminal')
    .addHelpText(
      'after',
      `
Its next run sends every row again. Rows without an identifier (mode insert, or upsert by id where the
id is empty) are then created a second time. It refuses while a run holds the activation.

Example:
  $ millrace state forget people --yes`,
    )
    .action(action<ForgetOptions, [name: string]>(context, forgetActivation))
}

interface ExportOptions extends JsonOption {
  readonly activation?: string
}

function exportTo(session: Session, options: ExportOptions, file: string): Promise<number> {
  return withState(session, false, async ({ database, place, claim }) => {
    if (database === null) throw await configurationError(`There is no state yet: ${place.place}`)
    const { knownActivations } = await import('../state/forget.ts')
    const { exportState, HeldWhileExporting } = await import('../state/export.ts')
    const { writeWhole } = await import('./files.ts')
    const known = await knownActivations(database)
    const { activation } = options
    if (activation !== undefined && !known.includes(activation)) {
      throw await unknown(activation, known)
    }
    const activations = activation === undefined ? known : [activation]
    try {
      await writeWhole(file, exportState(database, activations, claim), 0o600)
    } catch (error) {
      if (error instanceof HeldWhileExporting) return refuseHeld(session, error.heldBy)
      throw error
    }
    const text = `exported ${activations.join(', ') || 'no activation'} to ${file}`
    return tell(session, options, text, { file, activations })
  })
}

export function exportCommand(context: CommandContext): Command {
  return new Command('export')
    .description('Write what the target is known to hold to a file of JSON lines.')
    .argument('<file>', 'the file; an existing one is replaced once the new one is whole')
    .option('--activation <name>', 'this activation only')
    .addHelpText(
      'after',
      `
The file holds the values that were last sent, and is made with mode 0600. Runs and failures are not
part of it. It refuses while a run holds an activation.

Examples:
  $ millrace state export state.jsonl
  $ millrace state export people.jsonl --activation people`,
    )
    .action(action<ExportOptions, [file: string]>(context, exportTo))
}

interface ImportOptions extends JsonOption {
  readonly replace?: boolean
}

/** The lines of a file. Lines end with a line feed and nothing else: values may hold Unicode's own line breaks. */
async function* linesOf(file: string): AsyncGenerator<string> {
  let rest = ''
  for await (const chunk of createReadStream(file, 'utf8')) {
    const lines = `${rest}${chunk}`.split('\n')
    rest = lines.pop() ?? ''
    yield* lines
  }
  if (rest !== '') yield rest
}

function importFrom(session: Session, options: ImportOptions, file: string): Promise<number> {
  return withState(session, true, async ({ database, claim }) => {
    if (database === null) throw new Error('a state was not made')
    const { importState } = await import('../state/import.ts')
    try {
      const done = await importState(database, linesOf(file), {
        ...claim,
        file,
        replace: options.replace === true,
      })
      if ('heldBy' in done) return refuseHeld(session, done.heldBy)
      const { countOf } = await import('../report/text.ts')
      const text = `imported ${countOf(done.keys, 'key')} of ${done.activations.join(', ') || 'no activation'}`
      return tell(session, options, text, { activations: done.activations, keys: done.keys })
    } catch (error) {
      // What a system call refused is about the file.
      if (!(error instanceof Error) || !('syscall' in error)) throw error
      const code = 'code' in error ? ` (${error.code})` : ''
      throw await configurationError(`Cannot read ${file}${code}.`)
    }
  })
}

export function importCommand(context: CommandContext): Command {
  return new Command('import')
    .description('Read what `millrace state export` wrote: all of it, or nothing.')
    .argument('<file>', 'the file')
    .option('--replace', 'where keys of an activation are known, let the file take their place')
    .addHelpText(
      'after',
      `
It refuses while a run holds one of the activations.

Example:
  $ millrace state import state.jsonl --replace`,
    )
    .action(action<ImportOptions, [file: string]>(context, importFrom))
}
