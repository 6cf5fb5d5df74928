import { afterEach, describe, expect, it } from 'vitest'
import { Interruption } from '../../src/run/interruption.ts'
import {
  openWorkspace,
  people,
  peopleActivation,
  person,
  type Workspace,
} from '../support/workspace.ts'

let workspace: Workspace
afterEach(() => workspace.close())

describe('new contacts', () => {
  it('creates each once, then sends nothing, then only what changed', async () => {
    workspace = await openWorkspace()
    const rows = people(2_000)
    await workspace.writePeople(rows)
    const first = await workspace.runOne()
    expect(first).toMatchObject({ status: 'done', exit_code: 0, rows: 2_000 })
    expect(first.planned).toMatchObject({ create: 2_000, update: 0, unchanged: 0 })
    expect(first.outcomes).toMatchObject({ applied: 2_000 })
    expect(first.calls.by_endpoint['POST /contacts']).toBe(2_000)
    expect(workspace.sandbox.contents().contacts).toHaveLength(2_000)

    const second = await workspace.runOne()
    expect(second).toMatchObject({
      status: 'done',
      planned: { create: 0, update: 0, unchanged: 2_000 },
    })
    expect(second.calls.total).toBe(0)

    const changed = rows.map((row, index) =>
      index % 20 === 0 ? { ...row, plan: 'enterprise' } : row,
    )
    await workspace.writePeople(changed)
    const third = await workspace.runOne()
    expect(third.planned).toMatchObject({ create: 0, update: 100, unchanged: 1_900 })
    expect(third.calls.by_endpoint['PUT /contacts/{id}']).toBe(100)
    expect(third.calls.by_endpoint['POST /contacts/search']).toBeUndefined()
    expect(third.calls.total).toBeLessThanOrEqual(103)
    expect(workspace.sandbox.contents().contacts).toHaveLength(2_000)
  })
})

describe('one bad row', () => {
  it('never stops or changes the others, and comes back until it is right', async () => {
    workspace = await openWorkspace()
    const rows = people(50)
    rows[3] = person(3, { user_id: '' })
    rows[7] = person(7, { seats: '12.5' })
    rows[9] = person(8, { name: 'Another row of the same key' })
    await workspace.writePeople(rows)
    const first = await workspace.runOne()
    expect(first).toMatchObject({ status: 'failures', exit_code: 1 })
    expect(first.outcomes).toMatchObject({ applied: 46, rejected: 3 })
    expect(first.failures_by_code).toEqual({
      missing_identifier: 1,
      invalid_value: 1,
      duplicate_key: 1,
    })

    await workspace.writePeople(people(50))
    const second = await workspace.runOne()
    expect(second).toMatchObject({ status: 'done', exit_code: 0 })
    expect(workspace.sandbox.contents().contacts).toHaveLength(50)
    const third = await workspace.runOne()
    expect(third.calls.total).toBe(0)
  })
})

describe('contacts that Intercom already has', () => {
  it('are found fifty at a time, and by their 409 where the search lags', async () => {
    workspace = await openWorkspace({ sandbox: { search_lag_ms: 60_000 } })
    const rows = people(500)
    workspace.sandbox.seed({
      contacts: rows.map(({ user_id, email }) => ({ external_id: user_id, email })),
    })
    await workspace.writePeople(rows)
    const first = await workspace.runOne()
    expect(first.outcomes.applied).toBe(500)
    expect(first.calls.total).toBeLessThanOrEqual(511)
    expect(workspace.sandbox.contents().contacts).toHaveLength(500)
  })

  it('are not doubled when the state is lost while the search lags', async () => {
    workspace = await openWorkspace({ sandbox: { search_lag_ms: 60_000 } })
    await workspace.writePeople(people(120))
    await workspace.runOne()
    await workspace.remove('.millrace')
    const again = await workspace.runOne()
    expect(again.outcomes.applied).toBe(120)
    expect(workspace.sandbox.contents().contacts).toHaveLength(120)
  })
})

describe('a run that is interrupted', () => {
  it('keeps what was confirmed; the next run sends the rest and no more', async () => {
    workspace = await openWorkspace()
    await workspace.writePeople(people(400))
    const user = new AbortController()
    const first = await workspace.runOne({
      signal: user.signal,
      listener: (event) => {
        if (event.type === 'writing' && event.applied >= 130) user.abort(new Interruption(143))
      },
    })
    expect(first).toMatchObject({ status: 'interrupted', exit_code: 143 })
    const { applied, not_attempted } = first.outcomes
    expect(applied).toBeGreaterThanOrEqual(130)
    expect(not_attempted).toBeGreaterThan(0)
    expect(applied + not_attempted).toBe(400)
    expect(workspace.sandbox.contents().contacts).toHaveLength(applied)

    const second = await workspace.runOne()
    expect(second.planned).toMatchObject({ create: 400 - applied, unchanged: applied })
    expect(second.status).toBe('done')
    expect(workspace.sandbox.contents().contacts).toHaveLength(400)
    expect(workspace.sandbox.requests().byEndpoint['POST /contacts']).toBe(400)
  })
})

describe('a limit of 167 requests in ten seconds', () => {
  it('is used to at least 95 % in every full window, without a refused request', async () => {
    workspace = await openWorkspace({ sandbox: { rate_limit: 167, latency_ms: 120 } })
    await workspace.writePeople(people(700))
    const summary = await workspace.runOne()
    expect(summary.outcomes.applied).toBe(700)
    expect(summary.calls.rate_limited).toBe(0)
    const windows = new Map<number, number>()
    for (const { time } of workspace.sandbox.requests().log) {
      const window = Math.floor(time / 10_000)
      windows.set(window, (windows.get(window) ?? 0) + 1)
    }
    const full = [...windows.values()].slice(1, -1)
    expect(full.length).toBeGreaterThanOrEqual(2)
    expect(Math.min(...full)).toBeGreaterThanOrEqual(0.95 * 167)
  })
})

describe('an attribute that the workspace does not have', () => {
  it('ends the run before anything is sent', async () => {
    workspace = await openWorkspace()
    await workspace.write('activations/people.yaml', peopleActivation.replace('.seats:', '.seatz:'))
    await workspace.writePeople(people(10))
    const summary = await workspace.runOne()
    expect(summary).toMatchObject({ status: 'configuration', exit_code: 2 })
    expect(summary.error).toContain('seatz')
    expect(summary.error).toContain('seats')
    expect(workspace.sandbox.contents().contacts).toHaveLength(0)
  })
})

describe('more failures than the guard allows', () => {
  it('end the run with what was left unsent, unless it is let through', async () => {
    workspace = await openWorkspace()
    await workspace.writePeople(people(400))
    workspace.sandbox.faults.add({
      method: 'POST',
      path: '/contacts',
      times: null,
      fault: { kind: 'status', status: 409, code: 'conflict', message: 'no' },
    })
    const refused = await workspace.runOne()
    expect(refused).toMatchObject({ status: 'refused', exit_code: 3 })
    expect(refused.error).toContain('max_failures')
    expect(refused.outcomes.rejected).toBeGreaterThanOrEqual(50)
    expect(refused.outcomes.not_attempted).toBeGreaterThan(100)
    expect(refused.outcomes.rejected + refused.outcomes.not_attempted).toBe(400)

    workspace.sandbox.faults.clear()
    await workspace.clock.advance(120_000)
    const mended = await workspace.runOne()
    expect(mended).toMatchObject({ status: 'done', outcomes: { applied: 400 } })
  })
})
