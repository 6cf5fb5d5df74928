import { type Delivery, type Operation, StopRunError } from '../../src/connector/index.ts'
import {
  type ListDelivery,
  listsBefore,
  listsDiffer,
  onlyListsDiffer,
  type Placed,
} from './lists.ts'
import type { DeliverOne } from './session.ts'

type Report = (ordinal: number, delivery: Delivery) => void

/**
 * Delivers a batch: the records side by side (the limiter decides how many at once), then the lists of those that
 * are in place, together. Each operation is reported as soon as all of it is known. Where one ends in
 * `StopRunError`, no new request is started, those under way are reported, and then it is thrown.
 */
export async function deliverBatch(
  operations: readonly Operation[],
  one: DeliverOne,
  lists: ListDelivery,
  report: Report,
  signal: AbortSignal,
): Promise<void> {
  const halt = new AbortController()
  const either = AbortSignal.any([signal, halt.signal])
  const placed: Placed[] = []
  const created = new Set<number>()
  const deliver = async (operation: Operation) => {
    const known = onlyListsDiffer(operation) ? operation.id : null
    const delivery =
      known === null
        ? await one(operation, either)
        : ({ result: 'applied', id: known, created: false } as const)
    if (delivery === null) return
    if (delivery.result !== 'applied' || delivery.id === null || !listsDiffer(operation)) {
      report(operation.ordinal, delivery)
      return
    }
    const { id } = delivery
    placed.push({ operation, id, moved: id !== operation.id })
    if (delivery.created) created.add(operation.ordinal)
  }
  const errors: unknown[] = []
  const failed = (error: unknown) => {
    errors.push(error)
    halt.abort()
  }
  await Promise.all(operations.map((operation) => deliver(operation).catch(failed)))
  if (placed.length > 0) {
    placed.sort((one, other) => one.operation.ordinal - other.operation.ordinal)
    await deliverLists(placed, created, lists, report, either).catch(failed)
  }
  const stop = errors.find((error) => error instanceof StopRunError) ?? errors[0]
  if (stop !== undefined) throw stop
}

async function deliverLists(
  placed: readonly Placed[],
  created: ReadonlySet<number>,
  lists: ListDelivery,
  report: Report,
  signal: AbortSignal,
): Promise<void> {
  const unreported = new Map(placed.map((each) => [each.operation.ordinal, each]))
  try {
    await lists.deliver(
      placed,
      (ordinal, failure) => {
        const reported = unreported.get(ordinal)
        if (reported === undefined) throw new Error(`lists of ${ordinal} were reported twice`)
        unreported.delete(ordinal)
        const { id } = reported
        if (failure === null)
          report(ordinal, { result: 'applied', id, created: created.has(ordinal) })
        else report(ordinal, failure.id === undefined ? { ...failure, id } : failure)
      },
      signal,
    )
  } finally {
    for (const [ordinal, each] of unreported) {
      report(ordinal, { ...interrupted(each.id), held: listsBefore(each) })
    }
  }
}

/** The result of an operation that was interrupted between two of its requests; the next run takes it up again. */
export function interrupted(id?: string): Extract<Delivery, { result: 'retry' }> {
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
