import type { Command } from 'commander'
import { type CommandContext, exitCodes, type GlobalOptions } from './context.ts'
import { openVoice, type Voice } from './voice.ts'

/** One call of one command. */
export interface Session {
  readonly context: CommandContext
  readonly options: GlobalOptions
  readonly voice: Voice
}

/** Says what went wrong, and returns what to exit with. */
export async function explain(error: unknown, { context, voice }: Session): Promise<number> {
  // The contract loads zod, and `--help` shall not wait for it.
  const { ConfigurationError, formatProblem, StopRunError } = await import('../connector/index.ts')
  if (error instanceof ConfigurationError) {
    for (const problem of error.problems) voice.say('error', formatProblem(problem))
    return exitCodes.usage
  }
  if (error instanceof StopRunError) {
    voice.say('error', `millrace: ${error.message}`)
    return exitCodes.stopped
  }
  const message = error instanceof Error ? error.message : String(error)
  voice.say(
    'error',
    `millrace: internal error: ${message.split('\n', 1)[0]} (this is a bug in millrace; set MILLRACE_DEBUG=1 to see where)`,
  )
  const { MILLRACE_DEBUG } = context.environment
  if (MILLRACE_DEBUG !== undefined && MILLRACE_DEBUG !== '' && error instanceof Error) {
    voice.say('error', error.stack ?? message)
  }
  return exitCodes.stopped
}

/**
 * Makes a commander action of `work`, which gets the session, the command's arguments and its options, and returns
 * what to exit with. What it throws is explained on stderr.
 */
export function action<Options, Arguments extends readonly unknown[]>(
  context: CommandContext,
  work: (session: Session, options: Options & GlobalOptions, ...args: Arguments) => Promise<number>,
): (...args: unknown[]) => Promise<void> {
  return async (...args) => {
    // Commander ends the arguments with the command's options and the command itself.
    const command = args.at(-1) as Command
    const options = command.optsWithGlobals<Options & GlobalOptions>()
    const session = { context, options, voice: await openVoice(context, options) }
    try {
      context.exitCode = await work(
        session,
        options,
        ...(args.slice(0, -2) as unknown as Arguments),
      )
    } catch (error) {
      context.exitCode = await explain(error, session)
    }
  }
}
