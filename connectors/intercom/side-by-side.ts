import { StopRunError } from '../../src/connector/index.ts'

/**
 * Does work side by side; the limiter decides how many requests are under way. Where one ends in an error, the
 * signal that all were given aborts, so that no new request is started; once all have ended the error is thrown,
 * `StopRunError` before others.
 */
export async function sideBySide<Item>(
  items: Iterable<Item>,
  work: (item: Item, signal: AbortSignal) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const halt = new AbortController()
  const either = AbortSignal.any([signal, halt.signal])
  const errors: unknown[] = []
  await Promise.all(
    [...items].map(async (item) => {
      try {
        await work(item, either)
      } catch (error) {
        errors.push(error)
        halt.abort()
      }
    }),
  )
  const stop = errors.find((error) => error instanceof StopRunError) ?? errors[0]
  if (stop !== undefined) throw stop
}

/** Waits until all have ended, then throws the first error, if any. */
export async function allEnded(work: readonly Promise<void>[]): Promise<void> {
  const ended = await Promise.allSettled(work)
  const failed = ended.find(({ status }) => status === 'rejected')
  if (failed?.status === 'rejected') throw failed.reason
}
