import { describe, expect, it } from 'vitest'
import type { Activation } from '../../src/config/activation.ts'
import { ConfigurationError } from '../../src/connector/index.ts'
import { planByMerging } from '../../src/plan/merge-planner.ts'
import {
  activation,
  columns,
  Entries,
  hashed,
  inBatches,
  plan,
  type Row,
  Sink,
  Snapshot,
} from './support.ts'

/** Rows whose keys are sorted: numbers of six digits. */
function rowsOf(count: number, name = (_number: number) => 'Ann'): Row[] {
  return Array.from({ length: count }, (_, number) => [
    String(number).padStart(6, '0'),
    name(number),
    'pro',
  ])
}

/** Plans, has every operation applied, and keeps what can be kept. */
async function run(
  rows: readonly Row[],
  snapshot: Snapshot,
  entries: Entries,
  parts: Partial<Activation> = {},
) {
  const planned = await plan(rows, { snapshot, index: entries, activation: activation(parts) })
  const { draft, operations } = planned
  for (const operation of operations) draft?.note({ ...operation, status: 'applied' })
  const content = (await draft?.content()) ?? null
  if (content !== null && 'keep' in content) await content.keep('token')
  await draft?.close()
  return { planned, after: snapshot.after(operations) }
}

describe('planning by merging', () => {
  it('comes to the same as by hashing where there are many keys and many changes', async () => {
    const entries = new Entries()
    const first = await run(rowsOf(6_000), new Snapshot(), entries)
    expect(first.planned.totals).toMatchObject({ rows: 6_000, create: 6_000, known: 0 })
    const unchanged = await run(rowsOf(6_000), first.after, entries)
    expect(unchanged.planned).toMatchObject({ totals: { unchanged: 6_000 }, read: 0 })
    // Nothing to write down.
    expect(entries.written).toBe(1)

    const edited = rowsOf(6_300, (number) => (number % 3 === 0 ? 'Ben' : 'Ann')).flatMap(
      (row, number): Row[] => {
        if (number % 50 === 0) return []
        if (number % 70 === 0) return [row, row]
        if (number % 110 === 0) return [row, [row[0] as string, 'Cleo', 'pro']]
        return [row]
      },
    )
    const parts = { onRemoved: 'archive' as const }
    const options = { snapshot: unchanged.after, activation: activation(parts) }
    const plain = await plan(edited, options)
    const changed = await run(edited, unchanged.after, entries, parts)
    expect(changed.planned.plan).toEqual(plain.plan)
    expect(changed.planned.totals).toEqual(plain.totals)
    expect(changed.planned.totals.archive).toBe(120)
    const again = await run(edited, changed.after, entries, parts)
    expect(again.planned.totals).toMatchObject({ create: 0, update: 0, archive: 0 })
    // Those that are always read are the doubled ones.
    expect(again.planned.read).toBeLessThan(250)
  })

  it('sees to it that rows are in order, and removes nothing where they are not', async () => {
    const { after } = await run(rowsOf(100), new Snapshot(), new Entries())
    const rows = rowsOf(100)
    for (const [a, b] of [
      [0, 1],
      [3, 90],
      [98, 99],
    ] as const) {
      const mixed = [...rows]
      ;[mixed[a], mixed[b]] = [mixed[b] as Row, mixed[a] as Row]
      const planned = run(mixed, after, new Entries(), { onRemoved: 'delete' })
      await expect(planned).rejects.toThrow(/plan_by: .*in the order of their keys/)
    }
  })

  it('has the order of UTF-8, not of UTF-16', async () => {
    const rows: Row[] = ['a', '\uffff', '\u{10000}'].map((id) => [id, 'Ann', 'pro'])
    const entries = new Entries()
    const { after } = await run(rows, new Snapshot(), entries)
    expect((await run(rows, after, entries)).planned.read).toBe(0)
    await expect(run(rows.toReversed(), after, new Entries())).rejects.toThrow(ConfigurationError)
  })

  it('reads no row twice that is there twice, and none that has not changed', async () => {
    const entries = new Entries()
    const { after } = await run(rowsOf(10), new Snapshot(), entries)
    const twice = rowsOf(10).flatMap((row) => [row, row])
    const { planned } = await run(twice, after, entries)
    expect(planned.totals).toMatchObject({ rows: 20, unchanged: 10, repeated: 10 })
    expect(planned.read).toBe(0)
  })

  it('goes on with the snapshot where what was kept is damaged', async () => {
    const entries = new Entries()
    const { after } = await run(rowsOf(60), new Snapshot(), entries)
    const edited = rowsOf(58, (number) => (number === 50 ? 'Ben' : 'Ann'))
    const parts = { onRemoved: 'archive' as const }
    const plain = await plan(edited, { snapshot: after, activation: activation(parts) })
    for (const whole of [0, 1, 2, 7, 20]) {
      const damaged = new Entries()
      Object.assign(damaged, { kept: entries.kept, isCurrent: true, whole })
      const { planned, after: then } = await run(edited, after, damaged, parts)
      expect(planned.plan).toEqual(plain.plan)
      expect(planned.totals).toEqual(plain.totals)
      expect(damaged.written).toBe(1)
      damaged.whole = Number.POSITIVE_INFINITY
      expect((await run(edited, then, damaged, parts)).planned.read).toBe(0)
    }
  })

  it('plans rows without hashes too', async () => {
    const { after } = await run(rowsOf(10), new Snapshot(), new Entries())
    const sink = new Sink()
    const totals = await planByMerging({
      activation: activation({ planBy: 'merge' }),
      columns,
      batches: inBatches(rowsOf(11), 4),
      orderedBy: 'id',
      snapshot: after,
      sorted: new Entries(),
      sink,
    })
    expect(totals).toMatchObject({ rows: 11, unchanged: 10, create: 1 })
  })

  it('stops where the state is changed under a plan that removes', async () => {
    const { after } = await run(rowsOf(10), new Snapshot(), new Entries())
    const rows = hashed(rowsOf(9), 4)
    const growing = async function* () {
      yield* rows.batches
      for (const key of ['x', 'y']) {
        after.kept.set(key, { key, fingerprint: null, id: null, sent: {}, removed: null })
      }
    }
    const planned = planByMerging({
      activation: activation({ planBy: 'merge', onRemoved: 'archive' }),
      columns,
      batches: growing(),
      orderedBy: 'id',
      snapshot: after,
      sink: new Sink(),
    })
    await expect(planned).rejects.toThrow('The state was changed while the plan was made')
  })

  it.each([
    [{ identifier: 'external_id' }, 'decimal', 'id', 'needs a key of text or whole numbers'],
    [{ key: ['id'] }, 'float', 'id', 'column "id" is float'],
    [{ identifier: 'external_id' }, 'text', undefined, 'the source cannot sort this query'],
    [{ identifier: 'external_id' }, 'text', 'name', 'needs the rows in the order of column "id"'],
  ] as const)('refuses %j of a column of type %s, sorted by %s', async (parts, type, by, why) => {
    const planned = planByMerging({
      activation: activation({ planBy: 'merge', ...parts }),
      columns: columns.map((column) =>
        column.name === 'id' ? { name: 'id', type, sourceType: type } : column,
      ),
      batches: inBatches([], 1),
      orderedBy: by,
      snapshot: new Snapshot(),
      sink: new Sink(),
    })
    const error = await planned.catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(ConfigurationError)
    expect((error as ConfigurationError).message).toContain(`plan_by: "plan_by: merge" `)
    expect((error as ConfigurationError).message).toContain(why)
  })
})
