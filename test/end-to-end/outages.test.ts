import { afterEach, describe, expect, it } from 'vitest'
import { openStateStore } from '../../src/state/index.ts'
import type { FailureRecord } from '../../src/state/store.ts'
import { openWorkspace, people, type Workspace } from '../support/workspace.ts'

let workspace: Workspace

async function openFailures(): Promise<readonly FailureRecord[]> {
  const location = { kind: 'sqlite', file: `${workspace.folder}/.millrace/state.db` } as const
  const store = await openStateStore({ location, clock: workspace.clock, create: false })
  try {
    const records: FailureRecord[] = []
    for await (const batch of store.failures({ activation: 'people' })) records.push(...batch)
    return records
  } finally {
    await store.close()
  }
}

afterEach(async () => {
  await workspace.close()
})

const faults = {
  'answers 500': { kind: 'status', status: 500, body: 'html' },
  'answers nothing': { kind: 'hang', applied: false },
  'cuts every connection': { kind: 'reset', applied: false },
} as const

describe.each(Object.entries(faults))('an Intercom that from some moment on %s', (_, fault) => {
  it.each([100, 800])('ends a run of %d rows with 4, after few requests', async (rows) => {
    workspace = await openWorkspace()
    const { sandbox } = workspace
    await workspace.writePeople(people(rows))
    sandbox.faults.add({ method: 'POST', path: '/contacts', skip: 30, times: null, fault })
    const summary = await workspace.runOne()
    expect(summary).toMatchObject({ status: 'stopped', exit_code: 4, outcomes: { applied: 30 } })
    expect(summary.error).toContain('requests in a row failed')
    expect(sandbox.requests().byEndpoint['POST /contacts']).toBeLessThan(400)
    expect(summary.failures.new + summary.outcomes.not_attempted).toBe(rows - 30)

    sandbox.faults.clear()
    expect(await workspace.runOne()).toMatchObject({ exit_code: 0 })
    expect(sandbox.contents().contacts).toHaveLength(rows)
  })
})

it('one row that Intercom has an error of its own with fails alone, and comes back with a growing gap', async () => {
  workspace = await openWorkspace()
  const { sandbox, clock } = workspace
  await workspace.writePeople(people(60))
  expect((await workspace.runOne()).exit_code).toBe(0)
  const [first, ...others] = people(60)
  await workspace.writePeople([{ ...first, name: 'Poison' } as typeof first & object, ...others])
  const fault = { kind: 'status' as const, status: 503, body: 'html' as const }
  sandbox.faults.add({ method: 'PUT', body: { name: 'Poison' }, times: null, fault })
  const gaps: number[] = []
  for (let run = 0; run < 2; run += 1) {
    expect(await workspace.runOne()).toMatchObject({
      exit_code: 1,
      planned: { update: 1 },
      failures_by_code: { server_error: 1 },
    })
    const [failure, ...more] = await openFailures()
    expect(more).toEqual([])
    gaps.push((failure?.nextRetry ?? 0) - (failure?.lastSeen ?? 0))
    await clock.advance(3_600_000)
  }
  expect(gaps).toEqual([60_000, 120_000])
})
