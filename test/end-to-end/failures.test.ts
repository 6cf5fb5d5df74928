import { afterEach, describe, expect, it } from 'vitest'
import { openStateStore } from '../../src/state/index.ts'
import type { FailureRecord, StateStore } from '../../src/state/store.ts'
import {
  openWorkspace,
  people,
  peopleActivation,
  person,
  type Workspace,
} from '../support/workspace.ts'

let workspace: Workspace
afterEach(() => workspace.close())

const minute = 60_000

async function withState<Result>(work: (store: StateStore) => Promise<Result>): Promise<Result> {
  const location = { kind: 'sqlite', file: `${workspace.folder}/.millrace/state.db` } as const
  const store = await openStateStore({ location, clock: workspace.clock, create: true })
  try {
    return await work(store)
  } finally {
    await store.close()
  }
}

function openFailures(): Promise<FailureRecord[]> {
  return withState(async (store) => {
    const records: FailureRecord[] = []
    for await (const batch of store.failures({ activation: 'people' })) records.push(...batch)
    return records
  })
}

/** Ten people are inserted of whom Intercom has the third already. */
async function oneRefused(): Promise<void> {
  workspace = await openWorkspace()
  const insert = peopleActivation
    .replace('mode: upsert', 'mode: insert')
    .replace('identifier: external_id\n', '')
  await workspace.write('activations/people.yaml', insert)
  workspace.sandbox.seed({ contacts: [{ external_id: 'user-3', email: 'person3@example.com' }] })
  await workspace.writePeople(people(10))
  const first = await workspace.runOne()
  expect(first).toMatchObject({
    status: 'failures',
    outcomes: { applied: 9, rejected: 1 },
    failures: { new: 1, still: 0, cured: 0 },
  })
}

/** Ten people are updated of whom Intercom does not have the third. */
async function oneMissing(): Promise<void> {
  workspace = await openWorkspace()
  const update = peopleActivation.replace('mode: upsert', 'mode: update')
  await workspace.write('activations/people.yaml', update)
  const contacts = people(10).filter(({ user_id }) => user_id !== 'user-3')
  workspace.sandbox.seed({
    contacts: contacts.map(({ user_id, email }) => ({ external_id: user_id, email })),
  })
  await workspace.writePeople(people(10))
  const first = await workspace.runOne()
  expect(first.failures_by_code).toEqual({ not_found: 1 })
}

describe('a row that only a change can cure', () => {
  it('is not sent again as it is, stays open, and is sent once it has changed', async () => {
    await oneRefused()
    await workspace.clock.advance(100 * 24 * 60 * minute)
    for (let count = 0; count < 2; count += 1) {
      const again = await workspace.runOne()
      expect(again).toMatchObject({ status: 'failures', exit_code: 1, calls: { total: 0 } })
      expect(again.planned).toMatchObject({ unchanged: 9, waiting: 1, create: 0 })
      expect(again.failures).toEqual({ new: 0, still: 1, cured: 0 })
    }
    expect(await openFailures()).toMatchObject([
      { code: 'already_exists', waitsForChange: true, nextRetry: null },
    ])
    const rows = people(10).map((row, number) =>
      number === 3 ? person(3, { user_id: 'user-33', email: 'person33@example.com' }) : row,
    )
    await workspace.writePeople(rows)
    const changed = await workspace.runOne()
    expect(changed).toMatchObject({ status: 'done', outcomes: { applied: 1 } })
    expect(changed.failures).toEqual({ new: 0, still: 0, cured: 1 })
    expect(await openFailures()).toEqual([])
  })

  it('is sent once the activation delivers otherwise', async () => {
    await oneRefused()
    await workspace.write('activations/people.yaml', peopleActivation)
    const run = await workspace.runOne({ allow: ['key'] })
    expect(run).toMatchObject({ status: 'done', planned: { waiting: 0 }, failures: { cured: 1 } })
  })

  it('is forgotten when it leaves the query', async () => {
    await oneRefused()
    await workspace.writePeople(people(10).filter(({ user_id }) => user_id !== 'user-3'))
    const run = await workspace.runOne()
    expect(run).toMatchObject({ status: 'done', failures: { new: 0, still: 0, cured: 1 } })
    expect(await openFailures()).toEqual([])
  })

  it('is sent when it was released, and with --full', async () => {
    await oneRefused()
    const release = (keys: readonly string[] | null) =>
      withState((store) => store.release('people', keys))
    const [failed] = await openFailures()
    const key = failed?.key ?? ''
    expect(await release(['unknown'])).toEqual({ released: 0, unknown: ['unknown'] })
    expect((await workspace.runOne()).planned.waiting).toBe(1)
    expect(await release([key, 'unknown'])).toEqual({ released: 1, unknown: ['unknown'] })
    expect(await release([key])).toEqual({ released: 0, unknown: [] })
    const second = await workspace.runOne()
    expect(second.planned).toMatchObject({ waiting: 0, create: 1 })
    expect(second.failures).toEqual({ new: 0, still: 1, cured: 0 })
    expect((await workspace.runOne()).planned.waiting).toBe(1)
    expect(await release(null)).toEqual({ released: 1, unknown: [] })
    expect((await workspace.runOne()).planned).toMatchObject({ waiting: 0, create: 1 })
    expect((await workspace.runOne({ full: true })).planned).toMatchObject({ create: 1 })
    expect(await openFailures()).toMatchObject([{ attempts: 4 }])
  })
})

describe('a row that time can cure', () => {
  it('comes back with growing gaps, a day at most', async () => {
    await oneMissing()
    const gaps: number[] = []
    for (let round = 0; round < 14; round += 1) {
      const [failed] = await openFailures()
      const { nextRetry, lastSeen } = failed ?? {}
      gaps.push(((nextRetry ?? 0) - (lastSeen ?? 0)) / minute)
      await workspace.clock.advance(24 * 60 * minute)
      expect((await workspace.runOne()).planned).toMatchObject({ update: 1, waiting: 0 })
    }
    expect(gaps).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 1440, 1440, 1440])
  })

  it('is delivered once what was wrong in Intercom is mended', async () => {
    await oneMissing()
    workspace.sandbox.seed({ contacts: [{ external_id: 'user-3', email: 'person3@example.com' }] })
    await workspace.clock.advance(2 * minute)
    const run = await workspace.runOne()
    expect(run).toMatchObject({ status: 'done', outcomes: { applied: 1 } })
    expect(run.failures).toEqual({ new: 0, still: 0, cured: 1 })
  })

  it('is sent at once when it changed', async () => {
    await oneMissing()
    const rows = people(10)
    rows[3] = person(3, { plan: 'enterprise' })
    await workspace.writePeople(rows)
    expect((await workspace.runOne()).planned).toMatchObject({ update: 1, waiting: 0 })
    const [failed] = await openFailures()
    expect((failed?.nextRetry ?? 0) - (failed?.lastSeen ?? 0)).toBe(minute)
  })
})
