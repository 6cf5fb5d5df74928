import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { connectors } from '../../connectors/index.ts'
import { loadProject, selectActivations } from '../../src/config/project.ts'
import type { Connectors, TargetConnector } from '../../src/connector/index.ts'
import { type AdoptionSummary, adoptActivations } from '../../src/run/adopt.ts'
import { Interruption } from '../../src/run/interruption.ts'
import { openStateStore } from '../../src/state/index.ts'
import { nothingMoves } from '../support/wire.ts'
import { openWorkspace, people, peopleActivation, type Workspace } from '../support/workspace.ts'

let workspace: Workspace
afterEach(() => workspace.close())

interface AdoptOptions {
  readonly names?: readonly string[]
  readonly signal?: AbortSignal
  /** Hears of each search before it begins, and how many there were with it. */
  readonly onSearch?: (searches: number) => void
}

/** This build's connectors, which tell of each search. */
function watched(onSearch: (searches: number) => void): Connectors {
  let searches = 0
  const intercom = async (): Promise<TargetConnector> => {
    const connector = await (connectors.targets.intercom as () => Promise<TargetConnector>)()
    return {
      ...connector,
      async open(...given) {
        const target = await connector.open(...given)
        return {
          batchSize: target.batchSize,
          concurrency: target.concurrency,
          ...(target.workspace === undefined ? {} : { workspace: target.workspace }),
          get requests() {
            return target.requests
          },
          prepare: (signal) => target.prepare(signal),
          deliver: (operations, report, signal) => target.deliver(operations, report, signal),
          check: (sample, signal) => target.check(sample, signal),
          close: () => target.close(),
          find: async (operations, signal) => {
            searches += 1
            onSearch(searches)
            return (await target.find?.(operations, signal)) ?? new Map()
          },
        }
      },
    }
  }
  return { ...connectors, targets: { intercom } }
}

async function adopt({ names = [], signal, onSearch = () => {} }: AdoptOptions = {}) {
  const { folder, environment, clock } = workspace
  const project = await loadProject({
    path: folder,
    profile: null,
    environment,
    connectors: watched(onSearch),
  })
  return await clock.runAll(
    adoptActivations({
      project,
      activations: selectActivations(project, names),
      clock,
      random: () => 0.5,
      listener: () => {},
      signal: signal ?? new AbortController().signal,
    }),
    { isIdle: () => nothingMoves(1) },
  )
}

async function adoptOne(options: AdoptOptions = {}): Promise<AdoptionSummary> {
  const [summary, ...others] = await adopt(options)
  if (summary === undefined || others.length > 0) throw new Error('not one activation')
  return summary
}

/** What a workspace has whose people somebody else put there. */
function seeded(count: number) {
  workspace.sandbox.seed({
    contacts: people(count).map(({ user_id, email }) => ({
      external_id: user_id,
      email,
      name: 'As It Was',
    })),
  })
}

const endpoints = () => workspace.sandbox.requests().byEndpoint
const reads = (endpoint: string) =>
  endpoint.startsWith('GET ') || endpoint === 'POST /contacts/search'

async function openStore() {
  const location = {
    kind: 'sqlite',
    file: join(workspace.folder, '.millrace', 'state.db'),
  } as const
  return await openStateStore({ location, clock: workspace.clock, create: true })
}

describe('state adopt', () => {
  it('links rows to the contacts that exist, writes nothing, and spares the next run every look-up', async () => {
    workspace = await openWorkspace()
    seeded(120)
    await workspace.writePeople(people(150))
    const before = workspace.sandbox.contents()
    workspace.sandbox.forgetRequests()

    expect(await adoptOne()).toMatchObject({
      status: 'done',
      exit_code: 0,
      rows: 150,
      linked: 120,
      already_known: 0,
      not_found: 30,
      ambiguous: 0,
      error: null,
    })
    expect(Object.keys(endpoints()).filter((endpoint) => !reads(endpoint))).toEqual([])
    expect(endpoints()['POST /contacts/search']).toBe(3)
    expect(workspace.sandbox.contents()).toEqual(before)

    const [plan] = await workspace.plan()
    expect(plan?.totals).toMatchObject({ create: 30, update: 120, known: 0, removed: 0 })
    workspace.sandbox.forgetRequests()
    await workspace.writePeople(people(120))
    const run = await workspace.runOne()
    expect(run).toMatchObject({ status: 'done', planned: { update: 120, create: 0 } })
    expect(run.calls.by_endpoint).toMatchObject({ 'PUT /contacts/{id}': 120 })
    expect(Object.keys(run.calls.by_endpoint).filter((each) => each.includes('contacts'))).toEqual([
      'PUT /contacts/{id}',
    ])
    expect(workspace.sandbox.contents().contacts).toHaveLength(120)
    expect((await workspace.runOne()).calls.total).toBe(0)
  })

  it("never makes anything millrace's own to remove", async () => {
    workspace = await openWorkspace()
    await workspace.write('activations/people.yaml', `${peopleActivation}on_removed: archive\n`)
    seeded(10)
    await workspace.writePeople(people(10))
    await adoptOne()
    await workspace.writePeople(people(4))
    const first = await workspace.runOne({ allow: ['max_removals'] })
    expect(first).toMatchObject({ status: 'done', planned: { archive: 0, removed: 0, update: 4 } })
    await workspace.writePeople(people(3))
    const second = await workspace.runOne({ allow: ['max_removals'] })
    expect(second.planned).toMatchObject({ archive: 1, removed: 1 })
  })

  it('leaves what it knows as it is, and of itself no trace among the runs', async () => {
    workspace = await openWorkspace()
    await workspace.writePeople(people(20))
    await workspace.runOne()
    await workspace.clock.advance(10 * 60_000)
    const store = await openStore()
    const keys = people(20).map(({ user_id }) => user_id)
    const known = await store.snapshot('people').entries(keys)
    await workspace.writePeople(people(25))
    expect(await adoptOne()).toMatchObject({ linked: 0, already_known: 20, not_found: 5 })
    expect(await store.snapshot('people').entries(keys)).toEqual(known)
    expect(await store.runs(null, 10)).toHaveLength(1)
    expect(await store.openFailures()).toEqual([])
    await store.close()
    expect((await workspace.runOne()).planned).toMatchObject({ unchanged: 20, create: 5 })
  })

  it('goes on where it was stopped', async () => {
    workspace = await openWorkspace()
    seeded(400)
    await workspace.writePeople(people(400))
    const user = new AbortController()
    const stopped = await adoptOne({
      signal: user.signal,
      onSearch: (searches) => searches === 4 && user.abort(new Interruption(143)),
    })
    expect(stopped).toMatchObject({ status: 'interrupted', exit_code: 143, linked: 150 })
    const rest = await adoptOne()
    expect(rest).toMatchObject({ status: 'done', already_known: 150, linked: 250 })
  })

  it('finds by email what one contact has, and links nobody where several have it', async () => {
    workspace = await openWorkspace()
    await workspace.write(
      'activations/people.yaml',
      peopleActivation
        .replace('identifier: external_id', 'identifier: email')
        .replace('  external_id: user_id\n', ''),
    )
    workspace.sandbox.seed({
      contacts: [
        { external_id: 'x', email: 'Person0@Example.com' },
        { external_id: 'y', email: 'person1@example.com' },
        { external_id: 'z', email: 'person1@example.com' },
        { role: 'lead', email: 'person2@example.com' },
      ],
    })
    await workspace.writePeople(people(4))
    expect(await adoptOne()).toMatchObject({ linked: 1, ambiguous: 1, not_found: 2 })
  })

  it('leaves out what cannot be looked up, and makes no failures of it', async () => {
    workspace = await openWorkspace()
    seeded(4)
    const [one, other, ...rest] = people(4)
    if (one === undefined || other === undefined) throw new Error('no people')
    await workspace.writePeople([
      one,
      { ...one, name: 'Differs' },
      { ...other, user_id: '' },
      ...rest,
    ])
    expect(await adoptOne()).toMatchObject({ rows: 5, rejected: 2, linked: 2, not_found: 0 })
    const store = await openStore()
    expect(await store.openFailures()).toEqual([])
    expect([...(await store.snapshot('people').entries(['user-0', 'user-2'])).keys()]).toEqual([
      'user-2',
    ])
    await store.close()
  })

  it.each(['upsert', 'update'])('links companies of mode %s', async (mode) => {
    workspace = await openWorkspace()
    await workspace.write(
      'activations/people.yaml',
      `query: select * from (values ('a', 'Acme'), ('b', 'Best'), ('c', 'Core')) as t (account, name)
target: company
mode: ${mode}
identifier: company_id
fields: { company_id: account, name: name }
`,
    )
    workspace.sandbox.seed({ companies: [{ company_id: 'a' }, { company_id: 'c' }] })
    workspace.sandbox.forgetRequests()
    expect(await adoptOne()).toMatchObject({ rows: 3, linked: 2, not_found: 1, calls: 3 })
    expect(Object.keys(endpoints()).filter((endpoint) => !reads(endpoint))).toEqual([])
    const run = await workspace.runOne()
    expect(run.planned).toMatchObject({ update: mode === 'update' ? 3 : 2 })
    expect(run.outcomes.applied).toBe(mode === 'update' ? 2 : 3)
    const known = mode === 'update' ? 'PUT /companies/{id}' : 'POST /companies'
    expect(run.calls.by_endpoint[known]).toBe(mode === 'update' ? 2 : 3)
  })

  it.each([
    ['insert', 'mode: insert', 'identifier: external_id\n', '', /only creates/],
    ['delete', 'mode: delete', 'identifier: external_id', 'identifier: id', /takes records away/],
    ['archive', 'mode: archive', '', '', /takes records away/],
    ['ids', 'mode: upsert', 'identifier: external_id', 'identifier: id', /have the ids/],
  ])('has nothing to do for %s', async (_, mode, from, to, message) => {
    workspace = await openWorkspace()
    const only = mode.endsWith('delete') ? '{ id: user_id }' : '{ external_id: user_id }'
    const fields = mode.endsWith('upsert')
      ? 'fields: { id: user_id, email: email }'
      : `fields: ${only}`
    const text = peopleActivation
      .replace(/fields:[\s\S]*$/, `${fields}\n`)
      .replace('mode: upsert', mode)
    await workspace.write('activations/people.yaml', text.replace(from, to))
    await workspace.writePeople(people(2))
    const summary = await adoptOne()
    expect(summary).toMatchObject({ status: 'configuration', exit_code: 2, rows: 0, calls: 0 })
    expect(summary.error).toMatch(/^activations\/people\.yaml:\d+:\d+: /)
    expect(summary.error).toMatch(message)
    expect(workspace.sandbox.requests().total).toBe(0)
  })

  it('says so where another run holds the activation, where the search is refused, and where the token is', async () => {
    workspace = await openWorkspace()
    seeded(2)
    await workspace.writePeople(people(2))
    const store = await openStore()
    const lock = await store.acquireLock('people', 'somebody', 60_000)
    expect(await adoptOne()).toMatchObject({
      status: 'locked',
      exit_code: 75,
      error: expect.stringContaining('somebody'),
    })
    if ('token' in lock) await store.releaseLock(lock)
    await store.close()
    const search = { method: 'POST', path: '/contacts/search', times: null }
    const refused = [
      [403, 'api_plan_restricted', 'plan of the Intercom workspace'],
      [400, 'parameter_invalid', 'Intercom refused to search for contacts (400 parameter_invalid)'],
      [401, 'unauthorized', 'Intercom refused the token'],
      [503, 'service_unavailable', '503'],
    ] as const
    for (const [status, code, message] of refused) {
      workspace.sandbox.faults.clear()
      workspace.sandbox.faults.add({
        ...search,
        fault: { kind: 'status', status, code, message: 'user-0 is nobody' },
      })
      const summary = await adoptOne()
      expect(summary).toMatchObject({ status: 'stopped', exit_code: 4, linked: 0 })
      expect(summary.error).toContain(message)
      expect(summary.error).not.toContain('user-0')
    }
    workspace.sandbox.faults.clear()
    expect(await adoptOne()).toMatchObject({ status: 'done', linked: 2 })
  })

  it('keeps of which workspace the ids are', async () => {
    workspace = await openWorkspace()
    seeded(2)
    await workspace.writePeople(people(2))
    await adoptOne()
    const store = await openStore()
    expect(await store.basis('people')).toMatchObject({
      workspace: expect.any(String),
      keysFrom: expect.stringContaining('user_id'),
    })
    await store.close()
  })
})
