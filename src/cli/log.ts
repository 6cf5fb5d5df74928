import { destination, pino } from 'pino'
import type { RunEvent } from '../run/events.ts'
import type { CommandContext, GlobalOptions } from './context.ts'
import type { Voice } from './voice.ts'

/** Names under which a secret might reach a log line; whatever stands there is replaced. */
const secretNames = ['token', 'password', 'secret', 'url', 'authorization', 'connection']

// What repeats while a run goes on is logged no more often than this.
const repeatMilliseconds = 1000

/** The part of an event that a log line holds beside its type and activation. */
function details(event: RunEvent): Record<string, unknown> {
  switch (event.type) {
    case 'started':
      return { run: event.run }
    case 'planning':
      return { rows: event.rows }
    case 'planned':
      return { totals: event.totals }
    case 'writing':
      return {
        applied: event.applied,
        failed: event.failed,
        calls: event.requests.total,
        rate_limited: event.requests.rateLimited,
      }
    case 'notice':
      return {}
    case 'finished':
      return { summary: event.summary }
  }
}

/** One JSON object a line on stderr. */
export function logVoice(context: CommandContext, options: GlobalOptions): Voice {
  const stream = destination({ fd: 2, sync: true })
  stream.on('error', () => undefined)
  const logger = pino(
    {
      level: options.verbose === true ? 'debug' : 'info',
      base: null,
      timestamp: () => `,"time":"${new Date(context.clock.now()).toISOString()}"`,
      formatters: { level: (level) => ({ level }) },
      redact: {
        paths: secretNames.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]),
        censor: '***',
      },
    },
    stream,
  )
  const logged = new Map<RunEvent['type'], number>()
  return {
    say: (level, text) => logger[level](text),
    log(event) {
      const level = event.type === 'planning' || event.type === 'writing' ? 'debug' : 'info'
      if (level === 'debug') {
        const now = context.clock.now()
        if (now - (logged.get(event.type) ?? Number.NEGATIVE_INFINITY) < repeatMilliseconds) return
        logged.set(event.type, now)
      }
      const error = event.type === 'finished' ? event.summary.error : null
      const message = event.type === 'notice' ? event.message : (error ?? event.type)
      logger[error === null ? level : 'error'](
        { event: event.type, activation: event.activation, ...details(event) },
        `${event.activation}: ${message}`,
      )
    },
    redirect: () => undefined,
  }
}
