import type { Target } from '../connector/index.ts'

/** The same target, with a check of the run's own before it is prepared: what that throws ends the run as if the target had thrown it. */
export function guardedTarget(
  target: Target,
  check: (signal: AbortSignal) => Promise<void>,
): Target {
  return {
    batchSize: target.batchSize,
    concurrency: target.concurrency,
    get requests() {
      return target.requests
    },
    prepare: async (signal) => {
      await check(signal)
      await target.prepare(signal)
    },
    deliver: (operations, report, signal) => target.deliver(operations, report, signal),
    check: (sample, signal) => target.check(sample, signal),
    close: () => target.close(),
  }
}
