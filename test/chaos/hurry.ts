/** How much faster time passes in a process that is run in a hurry. */
const speed = 60

/** A clock for the sandbox of such a process, and what the process is to be started with. */
export interface Hurry {
  now(): number
  readonly env: Readonly<Record<string, string>>
}

/**
 * Time that passes sixty times faster from now on, in this process for who asks and in those that are started with
 * `env`: what waits for minutes is killed and run in seconds, as it is built.
 */
export function hurry(): Hurry {
  const start = Date.now()
  const script = `
    import timers from 'node:timers/promises'
    import { syncBuiltinESMExports } from 'node:module'
    const { now } = Date
    const wait = timers.setTimeout
    Date.now = () => ${start} + (now() - ${start}) * ${speed}
    timers.setTimeout = (milliseconds, ...rest) => wait(milliseconds / ${speed}, ...rest)
    syncBuiltinESMExports()`
  return {
    now: () => start + (Date.now() - start) * speed,
    env: { NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(script)}` },
  }
}
