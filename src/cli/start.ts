import { CommanderError } from 'commander'
import { connectors } from '../../connectors/index.ts'
import { realClock, realRandom } from '../run/system.ts'
import { explain } from './action.ts'
import { askOnTerminal } from './ask.ts'
import { type CommandContext, exitCodes } from './context.ts'
import { Output } from './output.ts'
import { buildProgram } from './program.ts'
import { openVoice } from './voice.ts'

const context: CommandContext = {
  connectors,
  clock: realClock,
  random: realRandom,
  environment: process.env,
  stdout: new Output(process.stdout),
  stderr: new Output(process.stderr),
  ask: process.stdin.isTTY && process.stderr.isTTY ? askOnTerminal : undefined,
  exitCode: exitCodes.done,
}

/** For what no command was there to catch. */
async function crash(error: unknown): Promise<void> {
  const options = { project: '.', color: true, logFormat: 'text' } as const
  const voice = await openVoice(context, options)
  context.exitCode = await explain(error, { context, options, voice })
}

process.on('uncaughtException', (error) => {
  void crash(error).finally(() => process.exit(context.exitCode))
})

try {
  await buildProgram(context).parseAsync()
} catch (error) {
  if (error instanceof CommanderError) {
    // Commander has printed help, the version or the usage error by now.
    context.exitCode = error.exitCode === 0 ? exitCodes.done : exitCodes.usage
  } else {
    await crash(error)
  }
}
// A handle that somebody left open must not keep a scheduler waiting.
process.exit(context.exitCode)
