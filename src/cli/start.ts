import { CommanderError } from 'commander'
import type { Connectors } from '../connector/index.ts'
import { realClock, realRandom } from '../run/system.ts'
import { explain } from './action.ts'
import { askOnTerminal } from './ask.ts'
import { type CommandContext, exitCodes } from './context.ts'
import { Output } from './output.ts'
import { buildProgram } from './program.ts'
import { openVoice } from './voice.ts'

/** The systems of this build: what `start` gets. */
export { connectors } from '../../connectors/index.ts'

/** Does what the process's arguments say, with these systems to talk to, and ends the process. */
export async function start(connectors: Connectors): Promise<never> {
  const context: CommandContext = {
    connectors,
    clock: realClock,
    random: realRandom,
    environment: process.env,
    stdout: new Output(process.stdout),
    stderr: new Output(process.stderr),
    ask: process.stderr.isTTY && process.stdin.isTTY ? askOnTerminal : undefined,
    exitCode: exitCodes.done,
  }
  process.on('uncaughtException', (error) => {
    void crash(error, context).finally(() => process.exit(context.exitCode))
  })
  try {
    await buildProgram(context).parseAsync()
  } catch (error) {
    if (error instanceof CommanderError) {
      // Commander has printed help, the version or the usage error by now.
      context.exitCode = error.exitCode === 0 ? exitCodes.done : exitCodes.usage
    } else {
      await crash(error, context)
    }
  }
  return await end(context)
}

/** Ends the process, since a handle that somebody left open must not keep a scheduler waiting; not before all was written. */
async function end({ stdout, stderr, exitCode }: CommandContext): Promise<never> {
  await Promise.all([stdout.flush(), stderr.flush()])
  process.exit(exitCode)
}

/** For what no command was there to catch. Never rejects. */
async function crash(error: unknown, context: CommandContext): Promise<void> {
  context.exitCode = exitCodes.stopped
  try {
    const options = { project: '.', color: true, logFormat: 'text' } as const
    const voice = await openVoice(context, options)
    context.exitCode = await explain(error, { context, options, voice })
  } catch {
    // What would explain it is not there any more: an upgrade puts other files in the place of those that were started.
    await context.stderr.write(
      'millrace: it stopped, and cannot say why, since its own files are gone or damaged. Was it upgraded meanwhile? Run it again.\n',
    )
  }
}
