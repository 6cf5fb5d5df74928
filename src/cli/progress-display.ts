import { coloured, plain } from '../report/style.ts'
import { printable } from '../report/text.ts'
import type { RunEvent, RunListener } from '../run/events.ts'
import type { Session } from './action.ts'
import { wantsColours } from './context.ts'
import { advance, finishedText, type Progress, plannedText, progressText } from './progress.ts'

const drawMilliseconds = 100
const lineMilliseconds = 10_000

const hideCursor = '\u001b[?25l'
const showCursor = '\u001b[?25h'
const clearLine = '\r\u001b[2K'

/** Shows a run while it goes on; `close` leaves the terminal as it was. */
export interface ProgressDisplay {
  readonly listener: RunListener
  close(): Promise<void>
}

/** A redrawn line on a terminal, plain lines elsewhere, log lines with `--log-format json`. */
export async function openProgress(session: Session): Promise<ProgressDisplay> {
  const { context, options, voice } = session
  const { stderr } = context
  if (voice.log !== null) return { listener: voice.log, close: async () => undefined }
  const style = wantsColours(stderr, options, context.environment) ? coloured : plain
  const redraws = stderr.isTerminal && context.environment.TERM !== 'dumb'
  // How wide text is takes a table, which no log needs.
  const line = redraws ? (await import('./progress-line.ts')).progressLine : null
  let progress: Progress | null = null
  /** What was heard last of the writing. It repeats for each operation: it is looked at when something is drawn. */
  let writing: RunEvent | null = null

  /** Lines that stay, above the one that is redrawn. */
  const print = (text: string): void => stderr.put(redraws ? `${clearLine}${text}` : text)
  const catchUp = (now: number): void => {
    if (writing !== null) progress = advance(progress, writing, now)
    writing = null
  }
  const draw = (): void => {
    const now = context.clock.now()
    catchUp(now)
    if (progress === null) return
    if (line !== null) {
      stderr.put(`${clearLine}${line(progress, now, stderr.columns ?? 80, style)}`)
    } else {
      stderr.put(`${printable(progress.activation)}: ${progressText(progress, now)}\n`)
    }
  }
  const hear = (event: RunEvent): void => {
    if (event.type === 'writing') {
      writing = event
      return
    }
    const now = context.clock.now()
    catchUp(now)
    progress = advance(progress, event, now)
    if (event.type === 'started' && !redraws) {
      const run = event.run === null ? '' : ` (run ${event.run})`
      print(`${printable(event.activation)}: started${run}\n`)
    } else if (event.type === 'planned') {
      print(`${plannedText(event.activation, event.totals)}\n`)
    } else if (event.type === 'notice') {
      voice.say('warn', `${event.activation}: ${event.message}`)
    } else if (event.type === 'finished') {
      print(`${finishedText(event.summary, style)}\n`)
      if (event.summary.error !== null) voice.say('error', event.summary.error)
    }
  }

  voice.redirect(print)
  const restore = (): void => stderr.put(`${clearLine}${showCursor}`)
  if (redraws) {
    stderr.put(hideCursor)
    process.on('exit', restore)
  }
  const closed = new AbortController()
  const drawing = repeat(draw)
  async function repeat(work: () => void): Promise<void> {
    while (!closed.signal.aborted) {
      try {
        await context.clock.sleep(redraws ? drawMilliseconds : lineMilliseconds, closed.signal)
      } catch {
        return
      }
      work()
    }
  }
  return {
    listener(event) {
      try {
        hear(event)
      } catch {
        // Watching must not change what is watched.
      }
    },
    async close() {
      closed.abort()
      await drawing
      voice.redirect(null)
      if (redraws) {
        process.off('exit', restore)
        restore()
      }
    },
  }
}
