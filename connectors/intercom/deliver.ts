import { type Delivery, type Operation, StopRunError } from '../../src/connector/index.ts'

/** One operation's result, or null where nothing was sent because the run is being stopped. */
export type DeliverOne = (operation: Operation, signal: AbortSignal) => Promise<Delivery | null>

/**
 * Delivers operations side by side (the limiter decides how many) and reports each as soon as its result is known.
 * Where one ends in `StopRunError`, no new request is started, those under way are reported, and then it is thrown.
 */
export async function deliverEach(
  operations: readonly Operation[],
  one: DeliverOne,
  report: (ordinal: number, delivery: Delivery) => void,
  signal: AbortSignal,
): Promise<void> {
  const halt = new AbortController()
  const either = AbortSignal.any([signal, halt.signal])
  const errors: unknown[] = []
  await Promise.all(
    operations.map(async (operation) => {
      try {
        const delivery = await one(operation, either)
        if (delivery !== null) report(operation.ordinal, delivery)
      } catch (error) {
        errors.push(error)
        halt.abort()
      }
    }),
  )
  const stop = errors.find((error) => error instanceof StopRunError) ?? errors[0]
  if (stop !== undefined) throw stop
}

/** The result of an operation that was interrupted between two of its requests; the next run takes it up again. */
export function interrupted(id?: string): Delivery {
  const failure = {
    code: 'not_attempted',
    message: 'The run was stopped before the row was wholly delivered.',
  } as const
  return id === undefined ? { result: 'retry', failure } : { result: 'retry', failure, id }
}

/** The same delivery with what is now known of the id: kept whatever the result. */
export function withId(delivery: Delivery, id: string | null): Delivery {
  return delivery.result === 'applied' ? delivery : { ...delivery, id }
}
