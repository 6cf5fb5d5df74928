import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { planActivation } from '../../src/plan/planner.ts'
import { activation, columns, field, inBatches, type Row, Sink, Snapshot } from './support.ts'

/** Wants to see the first operations only. */
class FewOperations extends Sink {
  get hasEnough(): boolean {
    return this.operations.length >= 2
  }
}

const id = fc.oneof(
  { weight: 40, arbitrary: fc.integer({ min: 1, max: 1_000_000 }).map(String) },
  { weight: 1, arbitrary: fc.constantFrom('1', '2', null) },
)
const name = fc.oneof(
  { weight: 40, arbitrary: fc.constantFrom('Ann', 'Ben') },
  { weight: 1, arbitrary: fc.constant('a name that is too long') },
)
const row: fc.Arbitrary<Row> = fc.tuple(id, name, fc.constantFrom('pro', 'free', null))

describe('a sink that has enough', () => {
  test.each([
    ['upsert', true, {}],
    ['upsert', false, { identifier: 'id', fields: [field('id', 'id'), field('email', 'plan')] }],
    ['update', false, {}],
    ['insert', true, { identifier: null }],
    ['delete', true, { fields: [field('external_id', 'id')] }],
  ] as const)(
    'hears of fewer operations, and the totals are the same: %s',
    async (mode, isSpared, parts) => {
      let spared = 0
      await fc.assert(
        fc.asyncProperty(
          fc.array(row, { maxLength: 4 }),
          fc.array(row, { minLength: 60, maxLength: 120 }),
          async (before, rows) => {
            const planned = async (some: readonly Row[], snapshot: Snapshot, sink: Sink) => {
              const batches = inBatches(some, 7)
              const options = { activation: activation({ mode, ...parts }), columns, batches }
              return planActivation({ ...options, snapshot, sink })
            }
            const delivered = new Sink()
            await planned(before, new Snapshot(), delivered)
            const snapshot = new Snapshot().after(delivered.operations)
            const [all, few] = [new Sink(), new FewOperations()]
            const totals = await planned(rows, snapshot, all)
            expect(await planned(rows, snapshot, few)).toEqual(totals)
            expect(few.rejected).toEqual(all.rejected)
            for (const one of few.operations) {
              expect(one).toEqual(all.operations.find(({ ordinal }) => ordinal === one.ordinal))
            }
            spared += all.operations.length - few.operations.length
          },
        ),
      )
      expect(spared > 0).toBe(isSpared)
    },
  )
})
