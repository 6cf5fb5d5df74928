import { coloured, plain, type Style } from '../report/style.ts'
import { printable } from '../report/text.ts'
import type { RunEvent } from '../run/events.ts'
import type { CommandContext, GlobalOptions } from './context.ts'
import { wantsColours } from './context.ts'

export type Level = 'debug' | 'info' | 'warn' | 'error'

/** What is said on stderr: lines for people, or one JSON object a line (`--log-format json`). */
export interface Voice {
  /** Says it if the level is wanted. Control characters are shown escaped; a line break begins a new line. */
  say(level: Level, text: string): void
  /** A run's event as a log line; null where lines are for people, who see progress instead. */
  readonly log: ((event: RunEvent) => void) | null
  /** Sends lines through `print` from now on, for a display that redraws itself; null undoes it. */
  redirect(print: ((text: string) => void) | null): void
}

class TextVoice implements Voice {
  readonly log = null
  readonly #verbose: boolean
  readonly #style: Style
  readonly #write: (text: string) => void
  #print: (text: string) => void

  constructor(verbose: boolean, style: Style, write: (text: string) => void) {
    this.#verbose = verbose
    this.#style = style
    this.#write = write
    this.#print = write
  }

  redirect(print: ((text: string) => void) | null): void {
    this.#print = print ?? this.#write
  }

  say(level: Level, text: string): void {
    if (level === 'debug' && !this.#verbose) return
    const colour = { debug: 'faint', info: null, warn: 'warn', error: 'bad' } as const
    const name = colour[level]
    const lines = text.split('\n').map((line) => {
      const shown = printable(line)
      return `${name === null ? shown : this.#style[name](shown)}\n`
    })
    this.#print(lines.join(''))
  }
}

/** Opens the voice that the options ask for. */
export async function openVoice(context: CommandContext, options: GlobalOptions): Promise<Voice> {
  if (options.logFormat === 'json') {
    const { logVoice } = await import('./log.ts')
    return logVoice(context, options)
  }
  const style = wantsColours(context.stderr, options, context.environment) ? coloured : plain
  return new TextVoice(options.verbose === true, style, (text) => context.stderr.put(text))
}
