// A benchmark that is broken off ends what it has started, and takes its folders with it.

const controller = new AbortController()

/** Aborts when the benchmark is broken off. */
export const interruption = controller.signal

const exitCodes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 }

/**
 * Breaks off at the first signal: programs that run are killed, what is waited for rejects, and whoever has started something
 * ends it. The next one ends the process at once. Call it once, at the start.
 */
export function listenForSignals() {
  for (const [name, code] of Object.entries(exitCodes)) {
    process.on(name, () => {
      if (interruption.aborted) process.exit(code)
      process.exitCode = code
      controller.abort(new Error(`broken off by ${name}`))
    })
  }
}

/** The same as the promise, but rejects as soon as the benchmark is broken off. */
export async function unlessInterrupted(promise) {
  let onAbort = () => {}
  const broken = new Promise((_, reject) => {
    onAbort = () => reject(interruption.reason)
    interruption.addEventListener('abort', onAbort, { once: true })
  })
  try {
    interruption.throwIfAborted()
    return await Promise.race([promise, broken])
  } finally {
    interruption.removeEventListener('abort', onAbort)
  }
}
