import { describe, expect, test } from 'vitest'
import { deliverBatch } from '../../../connectors/intercom/deliver.ts'
import type { ListDelivery, Placed } from '../../../connectors/intercom/lists.ts'
import type { DeliverOne } from '../../../connectors/intercom/session.ts'
import { type Delivery, type Operation, StopRunError } from '../../../src/connector/index.ts'
import { never, operation } from './harness.ts'

const tagged = { external_id: 'u1', tags: ['VIP'] }
const applied: Delivery = { result: 'applied', id: 'new', created: true }

/** Delivers operations with a writer and lists made for the test; says what was reported and what was placed. */
async function deliver(
  operations: readonly Operation[],
  one: DeliverOne,
  lists: (...args: Parameters<ListDelivery['deliver']>) => Promise<void>,
) {
  const placed: Placed[] = []
  const reported = new Map<number, Delivery>()
  const delivery: ListDelivery = {
    deliver(batch, report, signal) {
      placed.push(...batch)
      return lists(batch, report, signal)
    },
  }
  const report = (ordinal: number, result: Delivery) => reported.set(ordinal, result)
  const ended = deliverBatch(operations, one, delivery, report, never)
  const error = await ended.then(
    () => null,
    (thrown: unknown) => thrown,
  )
  return { placed, reported, error }
}

const allDone: ListDelivery['deliver'] = async (batch, report) => {
  for (const each of batch) report(each.operation.ordinal, null)
}

describe('a record and its lists', () => {
  test('the operation is applied once both are', async () => {
    const { placed, reported } = await deliver([operation(0, tagged)], async () => applied, allDone)
    expect(placed).toMatchObject([{ id: 'new', moved: true }])
    expect(reported.get(0)).toEqual(applied)
  })

  test('lists that failed fail the operation; what was learnt of the record is kept', async () => {
    const failure = { code: 'not_found', message: 'no such company' } as const
    const { reported } = await deliver(
      [operation(0, tagged)],
      async () => applied,
      async (_, report) => report(0, { result: 'rejected', failure, held: { tags: [] } }),
    )
    expect(reported.get(0)).toEqual({ result: 'rejected', failure, held: { tags: [] }, id: 'new' })
  })

  test('where only lists differ, nothing is asked of the record', async () => {
    const task = operation(0, tagged, 'known', { changed: ['tags'], held: { tags: [] } })
    const { placed, reported } = await deliver(
      [task],
      () => Promise.reject(new Error('the record was written')),
      allDone,
    )
    expect(placed).toEqual([{ operation: task, id: 'known', moved: false }])
    expect(reported.get(0)).toEqual({ result: 'applied', id: 'known', created: false })
  })

  test('one that millrace archived is brought back before its lists', async () => {
    const task = operation(0, tagged, 'known', { changed: ['tags'], archivedByUs: true })
    let written = 0
    const one: DeliverOne = async () => {
      written += 1
      return { result: 'applied', id: 'known', created: false }
    }
    await deliver([task], one, allDone)
    expect(written).toBe(1)
  })

  test('a record that failed has no lists', async () => {
    const failure = { code: 'conflict', message: 'held by another' } as const
    const one: DeliverOne = async () => ({ result: 'rejected', failure })
    const { placed, reported } = await deliver([operation(0, tagged)], one, allDone)
    expect(placed).toEqual([])
    expect(reported.get(0)).toEqual({ result: 'rejected', failure })
  })

  test('what is taken away has no lists', async () => {
    const task = operation(0, tagged, 'known', { kind: 'archive' })
    const one: DeliverOne = async () => ({ result: 'applied', id: 'known', created: false })
    const { placed } = await deliver([task], one, allDone)
    expect(placed).toEqual([])
  })
})

describe('an end between the two', () => {
  test('the id is kept, and the lists as they were before', async () => {
    const held = { external_id: 'u1', tags: ['Old'] }
    const tasks = [operation(0, tagged), operation(1, tagged, 'known', { held })]
    const one: DeliverOne = async ({ id }) => ({
      result: 'applied',
      id: id ?? 'new',
      created: id === null,
    })
    const { reported } = await deliver(tasks, one, async () => {})
    expect(reported.get(0)).toMatchObject({ result: 'retry', id: 'new', held: { tags: [] } })
    expect(reported.get(1)).toMatchObject({ result: 'retry', id: 'known', held: { tags: ['Old'] } })
  })

  test('a record that stops the run does not leave the others unreported', async () => {
    const tasks = [operation(0, tagged), operation(1, tagged)]
    const stop = new StopRunError('revoked')
    const one: DeliverOne = async ({ ordinal }) => {
      if (ordinal === 1) throw stop
      return applied
    }
    const { reported, error } = await deliver(tasks, one, async (_, __, signal) => {
      expect(signal.aborted).toBe(true)
    })
    expect(error).toBe(stop)
    expect([...reported.keys()]).toEqual([0])
    expect(reported.get(0)).toMatchObject({ result: 'retry', id: 'new' })
  })
})
