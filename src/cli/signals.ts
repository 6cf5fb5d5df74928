import { Interruption } from '../run/interruption.ts'
import type { CommandContext } from './context.ts'

const numbers = { SIGINT: 2, SIGTERM: 15 } as const

type StopSignal = keyof typeof numbers

/** The signals that ask a process to end. */
export const stopSignals = Object.keys(numbers) as readonly StopSignal[]

/** What a process exits with that ended by this signal. */
function interruptedCode(signal: StopSignal): number {
  return 128 + numbers[signal]
}

// A key press reaches the whole process group, and npm sends it on: the same signal twice at once is one wish.
const sameWishMilliseconds = 300

/**
 * Does `work` so that the first SIGINT or SIGTERM aborts the signal that it is given, and the second one ends the
 * process at once. Returns what `work` returned.
 */
export async function stoppable<Result>(
  context: CommandContext,
  say: (text: string) => void,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const controller = new AbortController()
  let first: { readonly signal: StopSignal; readonly at: number } | null = null
  const hear = (signal: StopSignal): void => {
    const now = context.clock.now()
    if (first === null) {
      first = { signal, at: now }
      say(
        `millrace: ${signal}: waiting for the requests under way, to record them; once more ends at once`,
      )
      controller.abort(new Interruption(interruptedCode(signal)))
      return
    }
    if (first.signal === signal && now - first.at < sameWishMilliseconds) return
    process.exit(interruptedCode(signal))
  }
  for (const signal of stopSignals) process.on(signal, hear)
  try {
    return await work(controller.signal)
  } finally {
    for (const signal of stopSignals) process.off(signal, hear)
  }
}
