import { execFile, spawn } from 'node:child_process'
import { chmod, cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import {
  type RunningIntercomSandbox,
  startSandbox,
} from '../../connectors/intercom/sandbox/index.ts'
import { realClock } from '../../src/run/system.ts'
import { root } from './markdown.ts'

/** A command of a `console` block and what the page says that it prints. */
export interface Typed {
  readonly command: string
  readonly output: readonly string[]
}

/** The commands of a block: lines that begin with `$ `, each continued by a backslash, and what follows them. */
export function typedIn(text: string): Typed[] {
  const typed: { command: string; output: string[] }[] = []
  let continued = false
  for (const line of text.split('\n')) {
    const last = typed.at(-1)
    if (line.startsWith('$ ')) typed.push({ command: line.slice(2), output: [] })
    else if (continued && last !== undefined) last.command += `\n${line}`
    else last?.output.push(line)
    continued = (line.startsWith('$ ') || continued) && line.endsWith('\\')
  }
  return typed
}

/** What a command printed, stdout and stderr as they came, and its exit code. */
export interface Result {
  readonly output: string
  readonly code: number | string | null | undefined
}

/** A folder with the sample project and a sandbox beside it, in which a page's commands are run one after another. */
export interface Desk {
  readonly folder: string
  run(command: string): Promise<Result>
  close(): Promise<void>
}

const sample = ['millrace.yaml', 'sandbox.json', 'data', 'activations', 'queries']

export async function openDesk(): Promise<Desk> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-docs-'))
  for (const path of sample) {
    await cp(join(root, path), join(folder, path), { recursive: true })
  }
  const programs = await mkdtemp(join(tmpdir(), 'millrace-bin-'))
  const program = join(programs, 'millrace')
  await writeFile(
    program,
    `#!/bin/sh\nexec '${process.execPath}' '${join(root, 'dist/src/cli/main.js')}' "$@"\n`,
  )
  await chmod(program, 0o755)
  const sandbox: RunningIntercomSandbox = await startSandbox(
    { seed: join(folder, 'sandbox.json') },
    { clock: realClock, random: () => 0.5 },
  )
  const environment = {
    ...process.env,
    PATH: `${programs}${delimiter}${process.env.PATH}`,
    INTERCOM_BASE_URL: sandbox.url,
    INTERCOM_TOKEN: sandbox.token,
    NO_COLOR: '1',
    FORCE_COLOR: undefined,
    COLUMNS: '100',
  }
  return {
    folder,
    run: (command) => {
      const here = command
        .replace(/(127\.0\.0\.1|localhost):\d+/g, new URL(sandbox.url).host)
        .replace(/--port \d+/g, '--port 0')
      const options = { cwd: folder, env: environment }
      if (/^millrace sandbox(?!.*(--help|&$))/.test(here)) return untilItListens(here, options)
      return new Promise((resolve) => {
        // Output and complaints in one, as a terminal shows them.
        execFile(
          'bash',
          ['-c', `exec 2>&1\n${here}`],
          { ...options, timeout: 30_000 },
          (error, output) => resolve({ output, code: error === null ? 0 : error.code }),
        )
      })
    },
    close: async () => {
      await sandbox.close()
      await rm(folder, { recursive: true, force: true })
      await rm(programs, { recursive: true, force: true })
    },
  }
}

/** A server says what it has to say, and then runs until it is stopped. */
function untilItListens(
  command: string,
  options: { cwd: string; env: NodeJS.ProcessEnv },
): Promise<Result> {
  return new Promise((resolve) => {
    const child = spawn('bash', ['-c', `exec 2>&1\nexec ${command}`], options)
    let output = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text
      if (/http:\/\/[\d.]+:\d+.*\n$/s.test(output)) child.kill('SIGTERM')
    })
    child.on('close', (code) => resolve({ output, code }))
  })
}

/** Puts words in place of what differs from run to run: times, durations, ports, names that were drawn. */
export function normalised(text: string): string[] {
  return text
    .trimEnd()
    .replace(/\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?( ?UTC|Z)?/g, 'TIME')
    .replace(/\b(\d+ h )?(\d+ min )?\d+(\.\d+)? ?(ms|s)\b/g, 'DURATION')
    .replace(/(127\.0\.0\.1|localhost):\d+/g, 'HOST:PORT')
    .replace(/\b[0-9a-f]{24}\b/g, 'ID')
    .replace(/"duration_ms":\d+/g, '"duration_ms":0')
    .replace(/\/\S*\/millrace-docs-\w+/g, 'FOLDER')
    .split('\n')
    .map((line) => line.trimEnd())
}

/** Whether what was printed is what the page shows; a line `...` there stands for any lines. */
export function matches(shown: readonly string[], printed: readonly string[]): boolean {
  const [first, ...rest] = shown
  if (first === undefined) return printed.length === 0
  if (first === '...' || first === '…') {
    return printed.some((_, index) => matches(rest, printed.slice(index))) || matches(rest, [])
  }
  return first === printed[0] && matches(rest, printed.slice(1))
}
