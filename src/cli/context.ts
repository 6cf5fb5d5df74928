import type { Clock, Connectors, Random } from '../connector/index.ts'
import type { Output } from './output.ts'

/** What the command line hands to every command: nothing below reads the process. */
export interface CommandContext {
  readonly connectors: Connectors
  readonly clock: Clock
  readonly random: Random
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly stdout: Output
  readonly stderr: Output
  /** Asks whoever sits at the terminal, and returns the line; absent where there is no terminal. */
  readonly ask?: ((question: string) => Promise<string>) | undefined
  /** What the process will exit with. */
  exitCode: number
}

/** The options that every command takes. */
export interface GlobalOptions {
  readonly project: string
  readonly profile?: string
  readonly color: boolean
  readonly verbose?: boolean
  readonly logFormat: 'text' | 'json'
}

/** The exit codes, as documented for schedulers. */
export const exitCodes = {
  done: 0,
  usage: 2,
  stopped: 4,
  locked: 75,
} as const

/** True where `output` shall get colours: `--no-color`, `NO_COLOR` and `FORCE_COLOR` in this order, else on terminals. */
export function wantsColours(
  output: Pick<Output, 'isTerminal'>,
  options: Pick<GlobalOptions, 'color'>,
  environment: CommandContext['environment'],
): boolean {
  if (!options.color) return false
  const { NO_COLOR, FORCE_COLOR, TERM } = environment
  if (NO_COLOR !== undefined && NO_COLOR !== '') return false
  if (FORCE_COLOR !== undefined) return FORCE_COLOR !== '0' && FORCE_COLOR !== 'false'
  return output.isTerminal && TERM !== 'dumb'
}
