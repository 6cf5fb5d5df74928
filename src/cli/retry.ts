import { Command } from 'commander'
import { action, type Session } from './action.ts'
import { type CommandContext, exitCodes } from './context.ts'
import { openProject } from './project.ts'

interface RetryOptions {
  readonly key?: readonly string[]
  readonly json?: boolean
}

interface Released {
  readonly activation: string
  readonly released: number
}

async function retry(session: Session, options: RetryOptions, name: string): Promise<number> {
  const { context, voice } = session
  const { project, activations } = await openProject(session, [name])
  const { openStateStore } = await import('../state/index.ts')
  const { countOf } = await import('../report/text.ts')
  const store = await openStateStore({
    location: project.state,
    clock: context.clock,
    create: false,
  })
  try {
    const results: Released[] = []
    // A key is unknown where none of the activations has it.
    let unknown: ReadonlySet<string> = new Set(options.key)
    for (const { name: activation } of activations) {
      const { released, unknown: here } = await store.release(activation, options.key ?? null)
      unknown = new Set(here.filter((key) => unknown.has(key)))
      results.push({ activation, released })
    }
    if (options.json === true) {
      const activations = results.map(({ activation, released }) => ({ activation, released }))
      await context.stdout.write(`${JSON.stringify({ activations, unknown_keys: [...unknown] })}\n`)
    } else {
      const lines = results.map(({ activation, released }) =>
        released === 0
          ? `${activation}: nothing waits\n`
          : `${activation}: ${countOf(released, 'row')} released, the next run sends what is still in the query\n`,
      )
      await context.stdout.write(lines.join(''))
    }
    for (const key of unknown) {
      voice.say(
        'error',
        `There is no open failure of the key ${JSON.stringify(key)}. \`millrace failures\` lists the keys.`,
      )
    }
    return unknown.size > 0 ? exitCodes.usage : exitCodes.done
  } finally {
    await store.close()
  }
}

function together(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value]
}

export function retryCommand(context: CommandContext): Command {
  return new Command('retry')
    .description('Let the next run send rows that wait after a failure.')
    .argument('<name>', 'an activation, also as a glob')
    .option('--key <key>', 'only this key; may be given several times', together)
    .option('--json', 'print the result as one JSON object')
    .addHelpText(
      'after',
      `
Sends nothing itself. A row that fails again waits again. Exits with 2 if a key has no open failure.

Examples:
  $ millrace retry people
  $ millrace retry people --key u-17 --key u-18`,
    )
    .action(action<RetryOptions, [name: string]>(context, retry))
}
