import { Command } from 'commander'
import { action, type Session } from './action.ts'
import { type CommandContext, exitCodes } from './context.ts'

async function refusal(error: unknown, path: string): Promise<unknown> {
  const code = error instanceof Error && 'code' in error ? String(error.code) : null
  if (code === null) return error
  const { ConfigurationError } = await import('../connector/index.ts')
  return new ConfigurationError(
    `Cannot write ${path} (${code}). Name a folder that you may write in.`,
    { cause: error },
  )
}

async function init({ context }: Session, _options: unknown, folder = '.'): Promise<number> {
  const { existsSync } = await import('node:fs')
  const { mkdir, writeFile } = await import('node:fs/promises')
  const { dirname, join } = await import('node:path')
  const { projectFiles, sandboxPort } = await import('./init-files.ts')
  const paths = Object.keys(projectFiles).map((path) => join(folder, path))
  const existing = paths.filter((path) => existsSync(path))
  if (existing.length > 0) {
    const { ConfigurationError } = await import('../connector/index.ts')
    throw new ConfigurationError([
      ...existing.map((path) => ({ message: `${path} exists already.` })),
      { message: 'Nothing was written. Name an empty folder: `millrace init my-project`.' },
    ])
  }
  for (const [path, text] of Object.entries(projectFiles)) {
    const file = join(folder, path)
    try {
      await mkdir(dirname(file), { recursive: true })
      // `wx`: a file that appeared meanwhile is not overwritten either.
      await writeFile(file, text, { flag: 'wx' })
    } catch (error) {
      throw await refusal(error, file)
    }
  }
  const enter = folder === '.' ? '' : `  cd ${quoted(folder)}\n`
  const enterAgain = folder === '.' ? '' : `cd ${quoted(folder)} && `
  await context.stdout.write(
    `${paths.map((path) => `created ${path}\n`).join('')}
Next, a local Intercom to try against:
${enter}  millrace sandbox --port ${sandboxPort} --seed sandbox.json

and in another terminal:
  ${enterAgain}millrace plan
  millrace run
  millrace run          # again: nothing has changed, so nothing is sent
`,
  )
  return exitCodes.done
}

/** A path as a shell takes it for one word. */
function quoted(path: string): string {
  return /^[\w./][\w./-]*$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`
}

export function initCommand(context: CommandContext): Command {
  return new Command('init')
    .description('Make a runnable project: configuration, two activations, sample data.')
    .argument('[dir]', 'the folder to make it in (default: this folder)')
    .addHelpText(
      'after',
      `
Overwrites nothing: if one of its files exists, it says which and writes none.

Example:
  $ millrace init demo`,
    )
    .action(action<unknown, [folder?: string]>(context, init))
}
