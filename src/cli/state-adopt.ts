import { Command } from 'commander'
import { action, type Session } from './action.ts'
import { type CommandContext, wantsColours } from './context.ts'
import { openProject } from './project.ts'
import { stoppable } from './signals.ts'

interface AdoptOptions {
  readonly json?: boolean
}

async function adopt(
  session: Session,
  options: AdoptOptions,
  names: readonly string[],
): Promise<number> {
  const { context, voice } = session
  const { openProgress } = await import('./progress-display.ts')
  const { adoptActivations } = await import('../run/adopt.ts')
  const { adoptionExitCode, adoptionJson, adoptionText } = await import('../report/adoption.ts')
  const summaries = await stoppable(
    context,
    (text) => voice.say('warn', text),
    async (signal) => {
      const { project, activations } = await openProject(session, names)
      const display = await openProgress(session)
      const { clock, random } = context
      const { listener } = display
      try {
        return await adoptActivations({ project, activations, clock, random, listener, signal })
      } finally {
        await display.close()
      }
    },
  )
  if (options.json === true) {
    await context.stdout.write(`${adoptionJson(summaries)}\n`)
  } else {
    const { coloured, plain } = await import('../report/style.ts')
    const colours = wantsColours(context.stdout, session.options, context.environment)
    await context.stdout.write(adoptionText(summaries, colours ? coloured : plain))
  }
  return adoptionExitCode(summaries)
}

export function adoptCommand(context: CommandContext): Command {
  return new Command('adopt')
    .description('Link rows to records that the target has already. Nothing is written there.')
    .argument('<names...>', 'activations, also as globs')
    .addHelpText(
      'after',
      `
Runs the query of each activation, looks the record of every row up by its identifier, and keeps its id,
so that the next run updates each with one request and looks nothing up. What is linked does not count
as delivered by millrace: it is never removed for having left the query. For modes upsert and update.

Stopped or killed, it goes on where it was when it is started again. It holds the activation as a run does.

Examples:
  $ millrace state adopt people
  $ millrace state adopt 'crm-*' --json`,
    )
    .action(action<AdoptOptions, [names: string[]]>(context, adopt))
}
