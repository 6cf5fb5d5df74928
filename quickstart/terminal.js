// What the quickstart needs to run commands as a reader would type them, and to show what they print.
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const program = fileURLToPath(new URL('../dist/src/cli/main.js', import.meta.url))

/** Prints a paragraph of the story. */
export function tell(text) {
  process.stdout.write(`\n${text}\n`)
}

/** Prints a heading. */
export function step(number, title) {
  process.stdout.write(`\n── ${number}. ${title} ${'─'.repeat(Math.max(3, 76 - title.length))}\n`)
}

/** Prints what was asked and what came back, set off from the story. */
export function show(asked, output) {
  const lines = [asked, ...output.trimEnd().split('\n')]
  process.stdout.write(`\n${lines.map((line) => `    ${line}`.trimEnd()).join('\n')}\n`)
}

/**
 * Runs `millrace` in a folder and shows what it printed, stdout and stderr as they came.
 * Resolves to its output and its exit code.
 */
export async function millrace(commandArguments, { folder, environment }) {
  const child = start(commandArguments, { folder, environment })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      output += text
    })
  }
  const code = await new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', resolve)
  })
  const exit = code === 0 ? '' : `(exit code ${code})\n`
  show(`$ millrace ${commandArguments.join(' ')}`, `${output.trimEnd()}\n${exit}`)
  return { output, code }
}

/** Starts `millrace` in the background. */
export function start(commandArguments, { folder, environment }) {
  return spawn(process.execPath, [program, ...commandArguments], {
    cwd: folder,
    env: { ...process.env, ...environment, NO_COLOR: '1', FORCE_COLOR: undefined },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

/** Thrown where the story does not go as told: the quickstart is a test too. */
export class Unexpected extends Error {}

/** Compares what happened with what was told. */
export function expect(what, actual, expected) {
  if (actual !== expected) {
    throw new Unexpected(`Expected ${what} to be ${expected}, and got ${actual}.`)
  }
}
