import { afterEach, describe, expect, it } from 'vitest'
import { Interruption } from '../../src/run/interruption.ts'
import { openStateStore } from '../../src/state/index.ts'
import { openWorkspace, people, peopleActivation, type Workspace } from '../support/workspace.ts'

let workspace: Workspace
afterEach(() => workspace.close())

interface Answer {
  readonly data?: readonly { readonly id: string }[]
}

/** What somebody did in Intercom behind millrace's back. */
async function inIntercom(method: string, path: string, body?: object): Promise<Answer> {
  const { sandbox } = workspace
  const response = await fetch(`${sandbox.url}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${sandbox.token}`,
      'content-type': 'application/json',
      'intercom-version': '2.14',
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  expect(response.ok, text).toBe(true)
  return JSON.parse(text)
}

function contacts() {
  return workspace.sandbox.contents().contacts
}

describe('run --full', () => {
  it('sends every row again and mends what was changed in Intercom', async () => {
    workspace = await openWorkspace()
    await workspace.writePeople(people(60))
    await workspace.runOne()
    const [first] = contacts()
    await inIntercom('PUT', `/contacts/${first?.id}`, { name: 'Somebody Else' })

    const ordinary = await workspace.runOne()
    expect(ordinary.calls.total).toBe(0)

    const full = await workspace.runOne({ full: true })
    expect(full).toMatchObject({ status: 'done', full: true })
    expect(full.planned).toMatchObject({ create: 0, update: 60, unchanged: 0 })
    expect(full.outcomes.applied).toBe(60)
    expect(full.calls.by_endpoint['PUT /contacts/{id}']).toBe(60)
    expect(contacts()).toHaveLength(60)
    expect(contacts().map(({ name }) => name)).not.toContain('Somebody Else')

    const after = await workspace.runOne()
    expect(after).toMatchObject({ planned: { unchanged: 60 }, calls: { total: 0 } })
  })

  it('puts tags back that were taken away, and forgets none of them', async () => {
    workspace = await openWorkspace()
    const tagged = `${peopleActivation}tags: [{ name: Warehouse }]\n`
    await workspace.write('activations/people.yaml', tagged)
    await workspace.writePeople(people(3))
    await workspace.runOne()
    const [first] = contacts()
    const tags = await inIntercom('GET', `/contacts/${first?.id}/tags`)
    await inIntercom('DELETE', `/contacts/${first?.id}/tags/${tags.data?.[0]?.id}`)
    const tagsOf = () => contacts().map((contact) => contact.tags.length)
    expect(tagsOf()).toEqual([0, 1, 1])
    await workspace.runOne({ full: true })
    expect(tagsOf()).toEqual([1, 1, 1])
    await workspace.write('activations/people.yaml', `${peopleActivation}tags: []\n`)
    await workspace.runOne()
    expect(tagsOf()).toEqual([0, 0, 0])
  })

  it('forgets no tag that it could not put back, and takes it off once it is not wanted', async () => {
    workspace = await openWorkspace()
    const tagged = `${peopleActivation}tags: [{ name: Warehouse }, { name: Sales }]\n`
    await workspace.write('activations/people.yaml', tagged)
    await workspace.writePeople(people(3))
    await workspace.runOne()
    const tagsOf = () => contacts().map((contact) => [...contact.tags].sort())
    const both = ['Sales', 'Warehouse']
    expect(tagsOf()).toEqual([both, both, both])
    for (const { method, path, body } of [
      { method: 'POST', path: '/tags', body: { name: 'Sales' } },
      { method: 'PUT', path: '/contacts/{id}', body: { external_id: 'user-1' } },
    ]) {
      const fault = { kind: 'status' as const, status: 503 }
      workspace.sandbox.faults.add({ method, path, body, times: null, fault })
    }
    expect(await workspace.runOne({ full: true })).toMatchObject({ outcomes: { applied: 0 } })
    workspace.sandbox.faults.clear()
    await workspace.write('activations/people.yaml', `${peopleActivation}tags: []\n`)
    expect((await workspace.runOne()).exit_code).toBe(0)
    expect(tagsOf()).toEqual([[], [], []])
  })

  it('puts back after a failure what the pass was to put back', async () => {
    workspace = await openWorkspace()
    const tagged = `${peopleActivation}tags: [{ name: Warehouse }, { name: Sales }]\n`
    await workspace.write('activations/people.yaml', tagged)
    await workspace.writePeople(people(3))
    await workspace.runOne()
    const [first] = contacts()
    const tags = await inIntercom('GET', `/contacts/${first?.id}/tags`)
    for (const { id } of tags.data ?? []) {
      await inIntercom('DELETE', `/contacts/${first?.id}/tags/${id}`)
    }
    workspace.sandbox.faults.add({
      method: 'POST',
      path: '/tags',
      body: { name: 'Sales' },
      times: null,
      fault: { kind: 'status', status: 503 },
    })
    expect(await workspace.runOne({ full: true })).toMatchObject({ outcomes: { applied: 0 } })
    workspace.sandbox.faults.clear()
    expect((await workspace.runOne({ full: true })).exit_code).toBe(0)
    expect(contacts().map((contact) => contact.tags.length)).toEqual([2, 2, 2])
  })

  it('is held to the guards', async () => {
    workspace = await openWorkspace()
    await workspace.write(
      'activations/people.yaml',
      `${peopleActivation}guards: { max_changes: 50% }\n`,
    )
    await workspace.writePeople(people(10))
    await workspace.runOne()
    const refused = await workspace.runOne({ full: true })
    expect(refused).toMatchObject({ status: 'refused', exit_code: 3, calls: { total: 0 } })
    const allowed = await workspace.runOne({ full: true, allow: ['max_changes'] })
    expect(allowed).toMatchObject({ status: 'done', outcomes: { applied: 10 } })
  })

  it('goes on where it was interrupted, and begins anew once it has ended or is old', async () => {
    workspace = await openWorkspace()
    await workspace.writePeople(people(300))
    await workspace.runOne()
    const interruptedPass = async () => {
      const user = new AbortController()
      const run = await workspace.runOne({
        full: true,
        signal: user.signal,
        listener: (event) => {
          if (event.type === 'writing' && event.applied >= 100) user.abort(new Interruption(143))
        },
      })
      expect(run.status).toBe('interrupted')
      return run.outcomes.applied
    }
    const applied = await interruptedPass()
    expect(applied).toBeLessThan(300)
    const rest = await workspace.runOne({ full: true })
    expect(rest.planned).toMatchObject({ update: 300 - applied, unchanged: applied })
    expect((await workspace.runOne({ full: true })).planned).toMatchObject({ update: 300 })

    await interruptedPass()
    await workspace.clock.advance(13 * 60 * 60_000)
    expect((await workspace.runOne({ full: true })).planned).toMatchObject({ update: 300 })
  })

  it('does not repeat what can be done once only', async () => {
    workspace = await openWorkspace()
    const insert = peopleActivation
      .replace('mode: upsert', 'mode: insert')
      .replace('identifier: external_id\n', '')
    await workspace.write('activations/people.yaml', insert)
    await workspace.writePeople(people(5))
    await workspace.runOne()
    const full = await workspace.runOne({ full: true })
    expect(full).toMatchObject({ status: 'done', planned: { create: 0, unchanged: 5 } })
    expect(contacts()).toHaveLength(5)
  })
})

describe('run --wait', () => {
  /** Another run that holds the lock and is not heard of again. */
  async function heldFor(milliseconds: number): Promise<void> {
    const location = { kind: 'sqlite', file: `${workspace.folder}/.millrace/state.db` } as const
    const other = await openStateStore({ location, clock: workspace.clock, create: true })
    await other.acquireLock('people', 'elsewhere, process 1', milliseconds)
    await other.close()
  }

  it('begins when the other run has ended', async () => {
    workspace = await openWorkspace()
    await workspace.writePeople(people(5))
    await heldFor(20_000)
    const began = workspace.clock.now()
    const heard: string[] = []
    let waited = 0
    const run = await workspace.runOne({
      wait: 60_000,
      listener: (event) => {
        if (event.type === 'notice') heard.push(event.message)
        if (event.type === 'started') waited = workspace.clock.now() - began
      },
    })
    expect(run).toMatchObject({ status: 'done', outcomes: { applied: 5 } })
    expect(waited).toBe(20_000)
    expect(heard.filter((text) => text.includes('elsewhere, process 1'))).toHaveLength(1)
  })

  it('gives up with 75 when the time is over, and at once without', async () => {
    workspace = await openWorkspace()
    await workspace.writePeople(people(5))
    await heldFor(3_600_000)
    const began = workspace.clock.now()
    expect(await workspace.runOne()).toMatchObject({ status: 'locked', exit_code: 75 })
    expect(workspace.clock.now()).toBe(began)
    const run = await workspace.runOne({ wait: 30_500 })
    expect(run).toMatchObject({ status: 'locked', exit_code: 75, run: null })
    expect(run.error).toContain('elsewhere, process 1')
    expect(workspace.clock.now() - began).toBe(30_500)
  })

  it('can be interrupted while it waits', async () => {
    workspace = await openWorkspace()
    await heldFor(3_600_000)
    const user = new AbortController()
    const run = await workspace.runOne({
      wait: 600_000,
      signal: user.signal,
      listener: ({ type }) => {
        if (type === 'notice') user.abort(new Interruption(130))
      },
    })
    expect(run).toMatchObject({ status: 'interrupted', exit_code: 130, run: null })
  })
})
