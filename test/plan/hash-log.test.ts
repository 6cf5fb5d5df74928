import { describe, expect, test } from 'vitest'
import { entriesPerChunk } from '../../src/plan/digest-column.ts'
import type { Overflow } from '../../src/plan/interfaces.ts'
import { Index, type Planned, plan, type Row, Snapshot } from './support.ts'

const rowsOf = (count: number, first = 0): readonly Row[] =>
  Array.from({ length: count }, (_, at) => [`key ${first + at}`, 'Ann', 'pro'])

/** An index that counts what is put beside it, and takes no more than so much. */
class Counting extends Index {
  readonly #most: number

  constructor(most = Number.POSITIVE_INFINITY) {
    super()
    this.#most = most
  }

  override async overflow(): Promise<Overflow | null> {
    const overflow = await super.overflow()
    if (overflow === null) return null
    return {
      ...overflow,
      write: async (bytes, at) => {
        if (this.written >= this.#most) return false
        this.written += 1
        return await overflow.write(bytes, at)
      },
    }
  }
}

/** Keeps what a plan leaves, where every hundredth operation fails. */
async function keep(planned: Planned, index: Index, before = new Snapshot()): Promise<Snapshot> {
  const applied = planned.operations.filter((_, at) => at % 100 !== 99)
  for (const [at, operation] of planned.operations.entries()) {
    const status = at % 100 === 99 ? 'failed' : 'applied'
    planned.draft?.note({ ...operation, status })
  }
  const content = await planned.draft?.content()
  if (content !== null && content !== undefined && 'count' in content) await index.write(content)
  await planned.draft?.close()
  return before.after(applied)
}

/** Two rows of one key, which differ, and one that fails, among many. */
const mixed: readonly Row[] = [
  ...rowsOf(entriesPerChunk),
  ['key 3', 'Ben', 'pro'],
  ['key 5', 'Ann', 'pro'],
  ['key x', 'Name that is too long', 'pro'],
  ...rowsOf(2 * entriesPerChunk, entriesPerChunk),
]

describe('the hashes of new rows', () => {
  test.each([
    { name: 'wholly', most: Number.POSITIVE_INFINITY, written: 3 },
    { name: 'in part', most: 1, written: 1 },
    { name: 'not at all', most: 0, written: 0 },
  ])(
    'come into the index all the same when they are put aside $name',
    async ({ most, written }) => {
      const index = new Counting(most)
      const planned = await plan(mixed, { index })
      expect(index.written).toBe(written)
      const snapshot = await keep(planned, index)
      expect(index.opened).toBe(0)
      expect(index.beside?.size).toBe(0)

      const plain = new Index()
      plain.beside = null
      await keep(await plan(mixed, { index: plain }), plain)
      expect(index.kept?.count).toBe(plain.kept?.count)
      for (const [section, bytes] of plain.kept?.sections ?? []) {
        expect(Buffer.from(bytes).equals(index.kept?.sections.get(section) ?? Buffer.of())).toBe(
          true,
        )
      }

      const again = await plan(mixed, { snapshot, index })
      const without = await plan(mixed, { snapshot })
      expect(again.plan).toEqual(without.plan)
      // Two differ, one fails, one repeats what failed or was refused; every hundredth was not taken.
      expect(again.read).toBeLessThan(mixed.length / 100 + 5)
      await again.draft?.close()
    },
  )

  test('are put aside from behind those of the snapshot on', async () => {
    const index = new Counting()
    const known = rowsOf(entriesPerChunk + 5)
    const snapshot = await keep(await plan(known, { index }), index)
    index.written = 0
    index.isAmended = false
    const all = [...known, ...rowsOf(2 * entriesPerChunk - 200, known.length)]
    const planned = await plan(all, { snapshot, index })
    expect(index.written).toBe(1)
    const settled = await keep(planned, index, snapshot)
    const again = await plan(all, { snapshot: settled, index })
    expect(again.plan).toEqual((await plan(all, { snapshot: settled })).plan)
    await again.draft?.close()
  })

  test('are let go of when a plan comes to nothing', async () => {
    const index = new Counting()
    const rows = rowsOf(entriesPerChunk * 2)
    const broken = plan(rows, {
      index,
      onRows: (count) => {
        if (count > entriesPerChunk + 1000) throw new Error('stopped')
      },
    })
    await expect(broken).rejects.toThrow('stopped')
    expect(index.written).toBe(1)
    expect(index.opened).toBe(0)
  })
})
