import type { Command } from 'commander'
import { connectors } from '../../connectors/index.ts'
import { sandbox } from '../../connectors/intercom/sandbox/index.ts'
import { Output } from '../../src/cli/output.ts'
import { buildProgram } from '../../src/cli/program.ts'
import { sandboxFlags } from '../../src/cli/sandbox-flags.ts'
import { realClock } from '../../src/run/system.ts'

const program = buildProgram({
  connectors,
  clock: realClock,
  random: () => 0.5,
  environment: {},
  stdout: new Output(process.stdout),
  stderr: new Output(process.stderr),
  exitCode: 0,
})

// These come from the sandbox itself, once the command runs.
const sandboxOptions = ['--json', ...sandboxFlags(sandbox).options.map(({ long }) => long)]

/** Every `millrace ...` in a text, up to where the shell's own words begin. */
export function commandsIn(text: string): string[] {
  return [...text.replace(/\\\n\s*/g, ' ').matchAll(/\bmillrace (?=[a-z-]+\b)([^\n|>;&"`#(]*)/g)]
    .map((match) => (match[1] ?? '').trim())
    .filter((words) => words !== '')
}

/** What of a command line does not exist: the command, or one of its options. Null where all of it does. */
export function unknownIn(commandLine: string): string | null {
  const words = commandLine.split(/\s+/)
  const known = (command: Command, flag: string) =>
    command.options.some((option) => option.long === flag || option.short === flag)
  const global = (flag: string) => known(program, flag) || flag === '--help' || flag === '-h'
  const name = words.find((word) => program.commands.some((command) => command.name() === word))
  if (name === undefined) {
    const rest = words.filter((word) => !global(word))
    return rest.length === 0 ? null : `no command ${rest[0]}`
  }
  if (!words[0]?.startsWith('-') && words[0] !== name) return `no command ${words[0]}`
  const outer = program.commands.find((each) => each.name() === name)
  if (outer === undefined) return `no command ${name}`
  const inner = outer.commands.find((each) => each.name() === words[words.indexOf(name) + 1])
  const command = inner ?? outer
  const flags = words
    .map((word) => word.replace(/=.*/, ''))
    .filter((word) => /^--?[a-z]/.test(word))
  const unknown = flags.find(
    (flag) =>
      !global(flag) &&
      !known(command, flag) &&
      !known(outer, flag) &&
      !(name === 'sandbox' && sandboxOptions.includes(flag)),
  )
  return unknown === undefined ? null : `${name} has no option ${unknown}`
}
