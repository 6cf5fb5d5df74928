import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { RowBatch } from '../../src/connector/index.ts'
import { digest } from '../../src/plan/digest.ts'
import type { PlanDraft, PlanTotals } from '../../src/plan/interfaces.ts'
import { planActivation } from '../../src/plan/planner.ts'
import { rowContent } from '../../src/plan/row-content.ts'
import {
  activation,
  columns,
  Index,
  inBatches,
  type Planned,
  plan,
  type Row,
  Sink,
  Snapshot,
} from './support.ts'

/** What becomes of some rows that stand beside each other. */
interface Edit {
  readonly kind: string
  readonly at: number
  readonly to: number
  readonly length: number
}

const rowsOf = (count: number): readonly Row[] =>
  Array.from({ length: count }, (_, at) => [`key ${at}`, 'Ann', 'pro'])

/** An order of rows that has nothing to do with theirs: another one for each number. */
function shuffled(number: number): (a: Row, b: Row) => number {
  const rankOf = ([id]: Row) => {
    const words = new Int32Array(4)
    digest(`${number} ${id}`, words)
    return words[0] as number
  }
  return (a, b) => rankOf(a) - rankOf(b)
}

/** Keeps what a plan leaves, after everything was applied. */
async function keep(planned: Planned, index: Index): Promise<void> {
  for (const operation of planned.operations) {
    planned.draft?.note({ ...operation, status: 'applied' })
  }
  const content = await planned.draft?.content()
  if (content !== null && content !== undefined && 'count' in content) await index.write(content)
  await planned.draft?.close()
}

/** A snapshot and an index of rows that were delivered. */
async function delivered(rows: readonly Row[]): Promise<{ snapshot: Snapshot; index: Index }> {
  const index = new Index()
  const planned = await plan(rows, { index })
  await keep(planned, index)
  return { snapshot: new Snapshot().after(planned.operations), index }
}

describe('rows in the order of last time', () => {
  test('are recognised, all of them', async () => {
    const rows = rowsOf(3000)
    const { snapshot, index } = await delivered(rows)
    const planned = await plan(rows, { snapshot, index })
    expect(planned.read).toBe(0)
    expect(planned.totals.unchanged).toBe(3000)
    await planned.draft?.close()
  })

  test.each([1, 7, 8, 9, 2000])('are recognised behind %i that are gone', async (gone) => {
    const rows = rowsOf(9000)
    const { snapshot, index } = await delivered(rows)
    const left = rows.filter((_, at) => at < 100 || at >= 100 + gone)
    const planned = await plan(left, { snapshot, index })
    // One that lies far away is read, and shows where the others are.
    expect(planned.read).toBe(gone < 8 ? 0 : 1)
    expect(planned.totals).toMatchObject({ unchanged: 9000 - gone, removed: gone })
    await planned.draft?.close()
  })

  test('are recognised in any other order too, but for the first of many', async () => {
    const rows = rowsOf(5000)
    const { snapshot, index } = await delivered(rows)
    const planned = await plan([...rows].reverse(), { snapshot, index })
    expect(planned.read).toBe(4)
    expect(planned.totals.unchanged).toBe(5000)
    await planned.draft?.close()
  })

  test('are recognised from several places by turns: what was changed lies behind the others', async () => {
    let rows = rowsOf(9000)
    let { snapshot, index } = await delivered(rows)
    for (const name of ['Ben', 'Cid']) {
      const [first, every] = name === 'Ben' ? [50, 100] : [70, 90]
      rows = rows.map((row, at) => (at % every === first ? [row[0] ?? null, name, 'pro'] : row))
      const changed = await plan(rows, { snapshot, index })
      await keep(changed, index)
      snapshot = snapshot.after(changed.operations)
    }
    const planned = await plan(rows, { snapshot, index })
    // Of the rows that each run has changed, one shows where they are.
    expect(planned.read).toBe(2)
    expect(planned.totals.unchanged).toBe(9000)
    expect(await planned.draft?.content()).toBe(null)
    await planned.draft?.close()
    expect(index.written).toBe(1)
  })

  const kinds = ['change', 'drop', 'insert', 'repeat', 'move', 'differ', 'rotate', 'shuffle']

  const edit: fc.Arbitrary<Edit> = fc.record({
    kind: fc.constantFrom(...kinds),
    at: fc.nat(10_000),
    to: fc.nat(10_000),
    length: fc.constantFrom(1, 1, 2, 7, 8, 9, 30),
  })

  function edited(rows: readonly Row[], edits: readonly Edit[]): Row[] {
    const table = [...rows]
    for (const [number, { kind, at, to, length }] of edits.entries()) {
      const start = at % (table.length + 1)
      const end = to % (table.length + 1)
      const some = table.slice(start, start + length)
      if (kind === 'change') {
        table.splice(start, length, ...some.map(([id]): Row => [id ?? null, `B${number}`, 'pro']))
      } else if (kind === 'drop') table.splice(start, length)
      else if (kind === 'insert') {
        const rows = some.map((_, at): Row => [`new ${number} ${at}`, 'Cid', 'free'])
        table.splice(start, 0, ...rows)
      } else if (kind === 'repeat') table.splice(end, 0, ...some)
      else if (kind === 'move') table.splice(end, 0, ...table.splice(start, length))
      else if (kind === 'differ') {
        table.splice(end, 0, ...some.map(([id]): Row => [id ?? null, 'Dan', 'pro']))
      } else if (kind === 'shuffle') table.sort(shuffled(at))
      else table.push(...table.splice(0, start))
    }
    return table
  }

  test.each([
    { count: 40, numRuns: 150 },
    { count: 2500, numRuns: 25 },
  ])(
    'come to the same as without an index, however they differ ($count rows)',
    async ({ count, numRuns }) => {
      let recognised = 0
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.array(edit, { maxLength: 6 }), { minLength: 1, maxLength: 4 }),
          fc.boolean(),
          async (runs, isAmended) => {
            let rows: readonly Row[] = rowsOf(count)
            let { snapshot, index } = await delivered(rows)
            index.isAmended = isAmended
            for (const edits of runs) {
              rows = edited(rows, edits)
              const plain = await plan(rows, { snapshot })
              const planned = await plan(rows, { snapshot, index })
              expect(planned.plan).toEqual(plain.plan)
              expect(planned.totals).toEqual(plain.totals)
              expect(planned.sink.waiting).toEqual(plain.sink.waiting)
              recognised += rows.length - planned.read
              await keep(planned, index)
              snapshot = snapshot.after(planned.operations)
              expect(index.opened).toBe(0)
            }
          },
        ),
        { numRuns, seed: 20_261_121 },
      )
      expect(recognised).toBeGreaterThan(count * numRuns)
    },
    60_000,
  )
})

describe('rows in another order than last time', () => {
  const rows = rowsOf(5000)

  /** Runs over rows that have not changed. */
  async function run(rows: readonly Row[], snapshot: Snapshot, index: Index): Promise<number> {
    const planned = await plan(rows, { snapshot, index })
    expect(planned.totals).toMatchObject({ unchanged: rows.length, repeated: 0 })
    await keep(planned, index)
    expect(index.opened).toBe(0)
    return planned.read
  }

  test('have the index written in theirs, once: then each is where it is expected', async () => {
    const { snapshot, index } = await delivered(rows)
    const order = [...rows].sort(shuffled(1))
    expect(await run(order, snapshot, index)).toBe(4)
    expect(index).toMatchObject({ written: 2, kept: { count: 5000, disorder: 1 } })
    expect(await run(order, snapshot, index)).toBe(0)
    expect(index).toMatchObject({ written: 2, kept: { disorder: 0 } })
    const planned = await plan(order, { snapshot, index })
    expect(planned.read).toBe(0)
    expect(await planned.draft?.content()).toBe(null)
    await planned.draft?.close()
  })

  test('have it written ever more seldom where the order is another one each time', async () => {
    const { snapshot, index } = await delivered(rows)
    const written: number[] = []
    for (let number = 1; number <= 9; number += 1) {
      await run([...rows].sort(shuffled(number)), snapshot, index)
      written.push(index.written - 1)
    }
    expect(written).toEqual([1, 2, 2, 3, 3, 3, 3, 4, 4])
    // Once it is the same again, the next time counts as the first.
    const last = [...rows].sort(shuffled(8))
    expect(await run(last, snapshot, index)).toBe(0)
    expect(index.kept?.disorder).toBe(0)
    await run(rows, snapshot, index)
    expect(index.written).toBe(6)
  })

  test('have it written in theirs together with what has changed', async () => {
    const { snapshot, index } = await delivered(rows)
    const order = [...rows].sort(shuffled(1)).flatMap((row, at): readonly Row[] => {
      if (at % 500 === 499) return []
      if (at % 500 === 250) return [[row[0] ?? null, 'Ben', 'pro']]
      return at % 500 === 150
        ? [row, row]
        : at % 500 === 50
          ? [row, [`new ${at}`, 'Cid', 'pro']]
          : [row]
    })
    const planned = await plan(order, { snapshot, index })
    expect(planned.totals).toMatchObject({ create: 10, update: 10, repeated: 10, removed: 10 })
    await keep(planned, index)
    const after = snapshot.after(planned.operations)
    expect(index).toMatchObject({ written: 2, kept: { count: 5010, disorder: 1 } })
    const again = await plan(order, { snapshot: after, index })
    expect(again.totals).toMatchObject({ unchanged: 5000, repeated: 10, removed: 10 })
    // A row that is there twice is read, as long as there are few.
    expect(again.read).toBeLessThanOrEqual(4)
    await keep(again, index)
    expect(index).toMatchObject({ written: 2, kept: { disorder: 0 } })
  })

  test('leave the index alone where few of them are', async () => {
    const { snapshot, index } = await delivered(rows)
    const some = rows.filter((_, at) => at % 20 === 7)
    const moved = [...rows.filter((_, at) => at % 20 !== 7), ...some.sort(shuffled(1))]
    await run(moved, snapshot, index)
    expect(index).toMatchObject({ written: 1, kept: { disorder: 0 } })
    const turned = [...rows.slice(2000), ...rows.slice(0, 2000)]
    expect(await run(turned, snapshot, index)).toBe(1)
    expect(index).toMatchObject({ written: 1, kept: { disorder: 0 } })
  })

  test('have the index left as it is where its fingerprints are damaged', async () => {
    const { snapshot, index } = await delivered(rows)
    const order = [...rows].sort(shuffled(1))
    index.damaged = 'fingerprints'
    const planned = await plan(order, { snapshot, index })
    await expect(keep(planned, index)).rejects.toThrow('damaged')
    await planned.draft?.close()
    expect(index).toMatchObject({ written: 1, opened: 0 })
    expect(await run(order, snapshot, new Index())).toBe(5000)
    index.damaged = null
    expect(await run(order, snapshot, index)).toBe(4)
    expect(index.written).toBe(2)
  })

  test('are written in theirs where there was no index, or one of another mapping', async () => {
    const { snapshot, index } = await delivered(rows)
    const order = [...rows].sort(shuffled(1))
    for (const one of [new Index(), index]) {
      const options = { snapshot, index: one, hashedAs: 'otherwise' }
      const first = await plan(order, options)
      expect(first).toMatchObject({ read: 5000, totals: { unchanged: 5000 } })
      await keep(first, one)
      const second = await plan(order, options)
      expect(second.read).toBe(0)
      expect(await second.draft?.content()).toBe(null)
      await second.draft?.close()
    }
  })
})

test('an old index is right again once keys came, went and changed behind its back', async () => {
  const rows = rowsOf(5000)
  const { snapshot: before, index } = await delivered(rows)
  // Another machine's run, of which this index knows nothing; its keys are in an order of their own in the snapshot.
  const overtaken = rows.flatMap((row, at): readonly Row[] => {
    if (at % 900 === 5) return [[row[0] ?? null, 'Ben', 'pro']]
    return at % 700 === 5 ? [[`z ${5000 - at}`, 'Cid', 'pro'], row] : [row]
  })
  const other = await plan(overtaken, { snapshot: before })
  const snapshot = before.after(other.operations)
  index.isCurrent = false

  const changed = overtaken.map(([id, name, plan], at): Row => {
    return at % 800 === 5
      ? [id ?? null, 'Dan', plan ?? null]
      : [id ?? null, name ?? null, plan ?? null]
  })
  const second = await plan(changed, { snapshot, index })
  const plain = await plan(changed, { snapshot })
  expect(second.plan).toEqual(plain.plan)
  expect(second.totals).toEqual(plain.totals)
  expect(second.read).toBeLessThan(40)
  await keep(second, index)
  expect(index).toMatchObject({ written: 1, opened: 0, isCurrent: true })

  const after = snapshot.after(second.operations)
  const third = await plan(changed, { snapshot: after, index })
  expect(third.totals).toMatchObject({ unchanged: 5007, update: 0, create: 0 })
  await keep(third, index)
  // Had a row been kept with the hash of another one, its change would be missed now.
  const all = changed.map(([id]): Row => [id ?? null, 'Eve', 'pro'])
  for (const rows of [all, overtaken]) {
    const last = await plan(rows, { snapshot: after, index })
    expect(last.plan).toEqual((await plan(rows, { snapshot: after })).plan)
    await last.draft?.close()
  }
})

test('an old index whose hashes are damaged is as good as none', async () => {
  const rows = rowsOf(3000)
  const { snapshot, index } = await delivered(rows)
  index.isCurrent = false
  index.damaged = 'hashes'
  const planned = await plan(rows, { snapshot, index })
  expect(planned).toMatchObject({ read: 3000, totals: { unchanged: 3000, update: 0 } })
  await keep(planned, index)
  expect(index).toMatchObject({ written: 2, opened: 0 })
})

/** Plans rows that have hashes of their own. */
async function planHashed(
  rows: readonly Row[],
  hashOf: (row: Row) => string,
  { snapshot = new Snapshot(), index = new Index() } = {},
): Promise<{ totals: PlanTotals; draft: PlanDraft; sink: Sink }> {
  async function* batches(): AsyncGenerator<RowBatch> {
    let start = 0
    for await (const batch of inBatches(rows, 100)) {
      const first = start
      start += batch.size
      const hash = (at: number, into: Int32Array) => digest(hashOf(rows[first + at] as Row), into)
      yield { size: batch.size, values: (at) => batch.values(at), hash }
    }
  }
  const sink = new Sink()
  const drafts: PlanDraft[] = []
  const totals = await planActivation({
    activation: activation(),
    columns,
    batches: batches(),
    hashedAs: 'own',
    snapshot,
    index,
    sink,
    onDraft: (draft) => drafts.push(draft),
  })
  return { totals, draft: drafts[0] as PlanDraft, sink }
}

async function keepHashed(
  { draft, sink }: Awaited<ReturnType<typeof planHashed>>,
  index: Index,
): Promise<void> {
  for (const operation of sink.operations) draft.note({ ...operation, status: 'applied' })
  const content = await draft.content()
  if (content !== null && 'count' in content) await index.write(content)
  await draft.close()
}

test('two keys whose rows have one hash each have their row, in whatever order they come', async () => {
  const rows = rowsOf(20)
  const hash = ([id]: Row) => (id === 'key 3' || id === 'key 15' ? 'one hash' : String(id))
  const index = new Index()
  const first = await planHashed(rows, hash, { index })
  await keepHashed(first, index)
  const snapshot = new Snapshot().after(first.sink.operations)
  const turned = [...rows.slice(10), ...rows.slice(0, 10)]
  for (const order of [rows, turned, [...rows].reverse()]) {
    const { totals, draft } = await planHashed(order, hash, { snapshot, index })
    expect(totals).toMatchObject({ unchanged: 20, repeated: 0, removed: 0 })
    await draft.close()
    const again = await planHashed([...order, ...order], hash, { snapshot, index })
    expect(again.totals).toMatchObject({ unchanged: 20, repeated: 20, removed: 0 })
    await again.draft.close()
  }
})

describe('rows whose hashes all have changed, and whose records have not', () => {
  const rows = rowsOf(6000)
  const salted = (salt: string) => (row: Row) => salt + rowContent(row, [0, 1, 2])

  async function start() {
    const index = new Index()
    const first = await planHashed(rows, salted('a'), { index })
    await keepHashed(first, index)
    return { index, snapshot: new Snapshot().after(first.sink.operations) }
  }

  test('are compared with the fingerprints in the index, after a thousand', async () => {
    const { index, snapshot } = await start()
    const second = await planHashed(rows, salted('b'), { snapshot, index })
    expect(second.totals).toMatchObject({ unchanged: 6000, update: 0 })
    expect(snapshot.lookUps).toBe(2)
    await keepHashed(second, index)
    expect(index.opened).toBe(0)

    snapshot.lookUps = 0
    const third = await planHashed(rows, salted('b'), { snapshot, index })
    expect(third.totals.unchanged).toBe(6000)
    expect(snapshot.lookUps).toBe(0)
    await third.draft.close()
  })

  test('are found changed, repeated and gone as ever', async () => {
    const { index, snapshot } = await start()
    const others = rows.flatMap((row, at): readonly Row[] => {
      if (at % 1000 === 999) return []
      if (at % 1000 === 500) return [[row[0] ?? null, 'Ben', 'pro']]
      return at % 1000 === 300 ? [row, row] : [row]
    })
    const late: Row[] = [rows[5] as Row, ['key 7', 'Eve', 'pro'], ['new', 'Cid', 'pro']]
    const plain = await plan([...others, ...late], { snapshot })
    const second = await planHashed([...others, ...late], salted('b'), { snapshot, index })
    expect(second.sink.plan).toEqual(plain.plan)
    expect(second.totals).toEqual(plain.totals)
    await keepHashed(second, index)
    const after = snapshot.after(second.sink.operations)
    const third = await planHashed([...others, ...late], salted('b'), { snapshot: after, index })
    expect(third.totals).toEqual((await plan([...others, ...late], { snapshot: after })).totals)
    await third.draft.close()
  })

  test('are looked up one by one where the fingerprints are damaged', async () => {
    const { index, snapshot } = await start()
    index.damaged = 'fingerprints'
    const second = await planHashed(rows, salted('b'), { snapshot, index })
    expect(second.totals).toMatchObject({ unchanged: 6000, update: 0 })
    expect(snapshot.lookUps).toBe(12)
    await second.draft.close()
    expect(index.opened).toBe(0)
  })
})
