import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { SnapshotEntry } from '../../src/plan/interfaces.ts'
import { settingsOf } from '../../src/plan/waiting-keys.ts'
import { activation, plan, Snapshot } from './support.ts'

const rowsOf = (ids: readonly number[], name: string) =>
  ids.map((id) => [String(id), `${name} ${id}`, null] as const)

/** A snapshot in which some operations of a plan have failed, and the others were applied. */
async function afterFailures(count: number, isFailed: (id: number) => boolean): Promise<Snapshot> {
  const ids = Array.from({ length: count }, (_, id) => id)
  const { operations } = await plan(rowsOf(ids, 'Ann'))
  const failed = operations.filter(({ key }) => isFailed(Number(key)))
  const snapshot = new Snapshot().after(operations.filter((each) => !failed.includes(each)))
  const settings = settingsOf(activation())
  snapshot.held = failed.map(({ key, fingerprint }) => ({ key, fingerprint, settings }))
  return snapshot
}

describe('keys that wait after a failure', () => {
  it('are held back as they are, told of, and sent as soon as anything about them changes', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 40 }),
        fc.uniqueArray(fc.nat(39)),
        fc.uniqueArray(fc.nat(39)),
        fc.uniqueArray(fc.nat(39)),
        async (count, failing, changing, leaving) => {
          const failed = (id: number) => failing.includes(id)
          const snapshot = await afterFailures(count, failed)
          const here = Array.from({ length: count }, (_, id) => id).filter(
            (id) => !leaving.includes(id),
          )
          const rows = here.flatMap((id) => rowsOf([id], changing.includes(id) ? 'Bob' : 'Ann'))
          const { totals, operations, sink } = await plan(rows, { snapshot })
          const changed = here.filter((id) => changing.includes(id))
          const waiting = here.filter((id) => failed(id) && !changing.includes(id))
          expect(operations.map(({ key }) => Number(key))).toEqual(changed)
          expect(sink.waiting.map(Number)).toEqual(waiting)
          expect(totals.waiting).toBe(waiting.length)
          expect(totals.unchanged).toBe(here.length - changed.length - waiting.length)
        },
      ),
    )
  })

  it('are sent when the activation delivers otherwise', async () => {
    const snapshot = await afterFailures(3, () => true)
    const rows = rowsOf([0, 1, 2], 'Ann')
    expect((await plan(rows, { snapshot })).totals).toMatchObject({ waiting: 3, create: 0 })
    const other = activation({ onArchived: 'unarchive' })
    expect((await plan(rows, { snapshot, activation: other })).totals).toMatchObject({ create: 3 })
  })

  it('fail as duplicates where a second row differs', async () => {
    const snapshot = await afterFailures(1, () => true)
    const rows = [...rowsOf([0], 'Ann'), ...rowsOf([0], 'Bob')]
    const { totals, rejected } = await plan(rows, { snapshot })
    expect(totals).toMatchObject({ waiting: 0, rejected: 1 })
    expect(rejected).toMatchObject([{ failure: { code: 'duplicate_key' } }])
  })
})

describe('a full pass', () => {
  it('updates what is unchanged with all fields, and leaves what it has come to already', async () => {
    const rows = rowsOf([0, 1], 'Ann')
    const { operations } = await plan(rows)
    const [first, second] = [...new Snapshot().after(operations).kept.values()] as [
      SnapshotEntry,
      SnapshotEntry,
    ]
    const snapshot = new Snapshot([{ ...first, again: true }, second])
    const full = await plan(rows, { snapshot })
    expect(full.totals).toMatchObject({ update: 1, unchanged: 1 })
    expect(full.operations).toMatchObject([
      { key: '0', kind: 'update', id: first.id, changed: ['external_id', 'name'] },
    ])
  })
})
