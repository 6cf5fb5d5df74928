import { Command, CommanderError } from 'commander'
import type { Clock, Connectors, Random, RunningSandbox, Sandbox } from '../connector/index.ts'
import { Output } from './output.ts'

export interface SandboxContext {
  readonly connectors: Connectors
  readonly clock: Clock
  readonly random: Random
}

/**
 * `millrace sandbox [type]`. Its flags are the options of the target's sandbox, which is loaded when the command runs;
 * so the command reads its own arguments.
 */
export function sandboxCommand(context: SandboxContext): Command {
  const command = new Command('sandbox')
    .description('Start a local stand-in for a target, to try against and to test with.')
    .usage('[type] [options]')
    // An option of its own, so that the help is not printed before the sandbox's options are known.
    .option('-h, --help', 'show help')
    .argument('[arguments...]')
    .allowUnknownOption()
    .addHelpText('after', '\n`millrace sandbox --help` lists the options of the sandbox.')
  return command.action(async () => {
    const { type, sandbox } = await findSandbox(context.connectors, command.args[0])
    const { sandboxFlags } = await import('./sandbox-flags.ts')
    const flags = sandboxFlags(sandbox)
    const inner = new Command('millrace sandbox')
      .description(`Start a local stand-in for ${type}, until SIGINT or SIGTERM stops it.`)
      .argument('[type]', 'which target', type)
      .copyInheritedSettings(command)
      .configureHelp({ showGlobalOptions: false })
      .exitOverride()
      .option('--json', 'print one line of JSON with url and token, for programs')
      .addHelpText('after', examples)
    for (const option of flags.options) inner.addOption(option)
    const help = command.opts<{ help?: boolean }>().help === true ? ['--help'] : []
    if (!parse(inner, [...command.args, ...help])) return
    const { json, ...values } = inner.opts<{ json?: boolean }>()
    const running = await sandbox.start(flags.read(values), context)
    const stopped = signalled()
    const output = new Output(process.stdout)
    await output.write(json === true ? announcement(running) : instructions(type, running))
    await stopped
    await running.close()
  })
}

const examples = `
Examples:
  $ millrace sandbox --port 4010 --seed sandbox.json
  $ millrace sandbox --attributes contact.seats:integer --rate-limit 167 --latency-ms 100`

/** True where there is something to do; false where help was asked for. Throws on what cannot be read. */
function parse(command: Command, args: readonly string[]): boolean {
  try {
    command.parse(args, { from: 'user' })
    return true
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return false
    throw error
  }
}

/** The sandbox of the target that was named, or of the only target that has one. Throws `ConfigurationError`. */
async function findSandbox(
  { targets }: Connectors,
  wanted: string | undefined,
): Promise<{ readonly type: string; readonly sandbox: Sandbox }> {
  const found = new Map<string, () => Promise<Sandbox>>()
  for (const [type, load] of Object.entries(targets)) {
    const { sandbox } = await load()
    if (sandbox !== undefined) found.set(type, sandbox)
  }
  const named = wanted === undefined || wanted.startsWith('-') ? undefined : wanted
  const [only] = found.size === 1 ? found.keys() : []
  const type = named ?? only ?? ''
  const load = found.get(type)
  if (load !== undefined) return { type, sandbox: await load() }
  const { ConfigurationError } = await import('../connector/index.ts')
  throw new ConfigurationError(
    named === undefined
      ? `Name the target: one of ${[...found.keys()].join(', ')}.`
      : `There is no sandbox for '${named}', but for ${[...found.keys()].join(', ')}.`,
  )
}

/** Resolves when the process is asked to stop. */
function signalled(): Promise<void> {
  return new Promise((resolve) => {
    const stop = (): void => {
      process.off('SIGINT', stop)
      process.off('SIGTERM', stop)
      resolve()
    }
    process.on('SIGINT', stop)
    process.on('SIGTERM', stop)
  })
}

function announcement({ url, token }: RunningSandbox): string {
  return `${JSON.stringify({ url, token })}\n`
}

function instructions(type: string, { url, token }: RunningSandbox): string {
  const variable = `${type.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_')}_TOKEN`
  return `A sandbox for ${type} listens on ${url}
It takes the token ${token}

In millrace.yaml:

  targets:
    ${type}:
      type: ${type}
      token: \${${variable}}
      base_url: ${url}

In the shell that runs millrace:

  export ${variable}=${token}

Ctrl-C stops it; what it holds is gone then.
`
}
