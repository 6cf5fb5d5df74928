import { Command } from 'commander'
import type { Activation } from '../config/activation.ts'
import type { Problem } from '../connector/index.ts'
import { action, type Session } from './action.ts'
import { type CommandContext, exitCodes, wantsColours } from './context.ts'
import { openProject } from './project.ts'

interface ValidateOptions {
  readonly json?: boolean
}

/** The result for programs: one object. */
function json(activations: readonly Activation[], problems: readonly Problem[]): string {
  return JSON.stringify({
    valid: problems.length === 0,
    activations: activations.map((activation) => ({
      name: activation.name,
      file: activation.file,
      source: activation.source,
      target: activation.target,
      object: activation.object.name,
      mode: activation.mode,
      identifier: activation.identifier,
    })),
    problems: problems.map(({ message, position }) => ({
      file: position?.file ?? null,
      line: position?.line ?? null,
      column: position?.column ?? null,
      message,
    })),
  })
}

async function validate(
  session: Session,
  options: ValidateOptions,
  names: readonly string[],
): Promise<number> {
  const { stdout, environment } = session.context
  try {
    const { activations } = await openProject(session, names)
    if (options.json === true) {
      await stdout.write(`${json(activations, [])}\n`)
      return exitCodes.done
    }
    const { coloured, plain } = await import('../report/style.ts')
    const { printable } = await import('../report/text.ts')
    const style = wantsColours(stdout, session.options, environment) ? coloured : plain
    const lines = activations.map(({ name, file, mode, target, object, identifier, source }) => {
      const by = identifier === null ? '' : ` by ${identifier}`
      return `${style.good('ok')}  ${printable(name)}: ${mode} ${target}.${object.name}${by} from ${source}  ${style.faint(printable(file))}\n`
    })
    if (lines.length === 0) lines.push(`${style.good('ok')}  no enabled activations\n`)
    await stdout.write(lines.join(''))
    return exitCodes.done
  } catch (error) {
    const { ConfigurationError } = await import('../connector/index.ts')
    if (options.json !== true || !(error instanceof ConfigurationError)) throw error
    await stdout.write(`${json([], error.problems)}\n`)
    return exitCodes.usage
  }
}

export function validateCommand(context: CommandContext): Command {
  return new Command('validate')
    .description('Check every YAML file, offline.')
    .argument('[names...]', 'activations to list, also as globs; the whole project is checked')
    .option('--json', 'print the result as one JSON object')
    .addHelpText(
      'after',
      `
Every problem is printed as file:line:column with what to do about it. Connects to nothing.

Examples:
  $ millrace validate
  $ millrace validate --profile prod --json | jq '.problems[]'`,
    )
    .action(action<ValidateOptions, [names: readonly string[]]>(context, validate))
}
