import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { Interruption } from '../../src/run/interruption.ts'
import { millrace } from '../support/cli.ts'
import {
  openWorkspace,
  type Person,
  peopleActivation,
  person,
  type Workspace,
} from '../support/workspace.ts'

let workspace: Workspace
afterEach(() => workspace.close())

const withoutValues = `${peopleActivation}keep_values: false\n`

/** People whose values are found wherever they are: keys are kept, and hold none of them. */
function personal(count: number, name = 'Hortensia Quillfeather'): Person[] {
  return Array.from({ length: count }, (_, number) =>
    person(number, {
      user_id: `key-${number}`,
      email: `umberlin${number}@private.example`,
      name: `${name} ${number}`,
      plan: 'thistlewood-plan',
    }),
  )
}

/** What is in the bytes of the state that a row held, in its file and in those that SQLite keeps beside it. */
async function valuesInState(): Promise<string[]> {
  const folder = join(workspace.folder, '.millrace')
  const found: string[] = []
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const file = entry.name
    // SQLite may remove what it keeps beside the file at any time.
    const bytes = await readFile(join(entry.parentPath, file), 'latin1').catch(() => '')
    for (const value of ['Quillfeather', 'umberlin', 'thistlewood', 'Renamed']) {
      if (bytes.includes(value)) found.push(`${file}: ${value}`)
    }
  }
  return found
}

async function open(activation = withoutValues) {
  workspace = await openWorkspace()
  await workspace.write('activations/people.yaml', activation)
}

const contacts = () => workspace.sandbox.contents().contacts

describe('keep_values: false', () => {
  it('finds what it looks for where values are kept', async () => {
    await open(peopleActivation)
    await workspace.writePeople(personal(50))
    await workspace.runOne()
    expect((await valuesInState()).length).toBeGreaterThan(0)
  })

  it('never has a value on disk, before, while and after a run writes', async () => {
    await open()
    await workspace.writePeople(personal(1_200))
    const seen: Promise<string[]>[] = []
    const first = await workspace.runOne({
      listener: (event) => {
        if (event.type === 'planned' || (event.type === 'writing' && event.applied % 400 === 0)) {
          seen.push(valuesInState())
        }
      },
    })
    expect(first).toMatchObject({ status: 'done', outcomes: { applied: 1_200 } })
    expect(seen.length).toBeGreaterThan(1)
    expect((await Promise.all(seen)).flat()).toEqual([])
    expect(await valuesInState()).toEqual([])
    expect((await workspace.runOne()).calls.total).toBe(0)
  })

  it('sends every field of a row that changed, clears what became NULL, in one request', async () => {
    await open()
    await workspace.writePeople(personal(30))
    await workspace.runOne()
    const [first, second, ...rest] = personal(30)
    if (first === undefined || second === undefined) throw new Error('no people')
    await workspace.writePeople([{ ...first, name: 'Renamed' }, { ...second, name: '' }, ...rest])
    const [plan] = await workspace.plan()
    expect(plan).toMatchObject({ keepsValues: false, totals: { update: 2, unchanged: 28 } })
    expect(plan?.operations).toEqual([
      { key: 'key-0', kind: 'update', changed: null },
      { key: 'key-1', kind: 'update', changed: null },
    ])
    const run = await workspace.runOne()
    expect(run.calls.by_endpoint['PUT /contacts/{id}']).toBe(2)
    expect(run.calls.by_endpoint['POST /contacts/search']).toBeUndefined()
    const named = Object.fromEntries(contacts().map((each) => [each.external_id, each.name]))
    expect(named['key-0']).toBe('Renamed')
    expect(named['key-1']).toBeNull()
    expect(await valuesInState()).toEqual([])
  })

  it('archives what left the query, and brings it back', async () => {
    await open(`${withoutValues}on_removed: archive\nguards: { max_removals: off }\n`)
    await workspace.writePeople(personal(4))
    await workspace.runOne()
    await workspace.writePeople(personal(2))
    expect((await workspace.runOne()).planned).toMatchObject({ archive: 2, removed: 2 })
    expect(contacts().filter(({ state }) => state === 'archived')).toHaveLength(2)
    await workspace.writePeople(personal(4))
    expect(await workspace.runOne()).toMatchObject({ status: 'done' })
    expect(contacts().filter(({ state }) => state === 'archived')).toEqual([])
    expect(contacts()).toHaveLength(4)
    expect(await valuesInState()).toEqual([])
  })

  it('keeps none of rows that fail, and of those that a stopped run did not attempt', async () => {
    await open(`${withoutValues}guards: { max_failures: off }\n`)
    await workspace.writePeople(personal(400))
    workspace.sandbox.faults.add({
      method: 'POST',
      path: '/contacts',
      body: { external_id: 'key-3' },
      times: null,
      fault: {
        kind: 'status',
        status: 422,
        code: 'parameter_invalid',
        message: 'no umberlin3@private.example',
      },
    })
    const user = new AbortController()
    const stopped = await workspace.runOne({
      signal: user.signal,
      listener: (event) => {
        if (event.type === 'writing' && event.applied >= 100) user.abort(new Interruption(143))
      },
    })
    expect(stopped.outcomes.not_attempted).toBeGreaterThan(0)
    expect(await valuesInState()).toEqual([])
    const cwd = workspace.folder
    const args = ['failures', '--run', String(stopped.run), '--format', 'jsonl']
    const { stdout } = await millrace(args, { cwd, env: workspace.environment })
    const keys = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).key)
    expect(keys.length).toBe(stopped.outcomes.not_attempted + stopped.outcomes.rejected)
    expect(keys).toContain('key-399')
    await workspace.runOne()
    expect(contacts()).toHaveLength(399)
    expect(await valuesInState()).toEqual([])
  })

  it('keeps none of a run that was killed', async () => {
    await open()
    await workspace.writePeople(personal(600))
    await workspace.clock.advance(0)
    workspace.sandbox.faults.add({
      method: 'POST',
      path: '/contacts',
      times: null,
      fault: { kind: 'hang', applied: true },
    })
    const { folder, environment, sandbox } = workspace
    const killed = await millrace(['run'], {
      cwd: folder,
      env: environment,
      started: async (child) => {
        while (sandbox.requests().byEndpoint['POST /contacts'] === undefined) {
          await new Promise((resolve) => setImmediate(resolve))
        }
        child.kill('SIGKILL')
      },
    })
    expect(killed.code).not.toBe(0)
    expect(await valuesInState()).toEqual([])
    sandbox.faults.clear()
    await workspace.clock.advance(10 * 60_000)
    const again = await millrace(['run', '--json'], { cwd: folder, env: environment })
    expect(JSON.parse(again.stdout)).toMatchObject({ status: 'done' })
    expect(contacts()).toHaveLength(600)
    expect(await valuesInState()).toEqual([])
  })

  it('removes what was kept before, by the next run, and says again what changed once values are kept', async () => {
    await open(peopleActivation)
    await workspace.writePeople(personal(800))
    await workspace.runOne()
    expect((await valuesInState()).length).toBeGreaterThan(0)
    await workspace.write('activations/people.yaml', withoutValues)
    expect(await workspace.runOne()).toMatchObject({
      planned: { unchanged: 800 },
      calls: { total: 0 },
    })
    expect(await valuesInState()).toEqual([])

    await workspace.write('activations/people.yaml', peopleActivation)
    await workspace.writePeople(personal(800, 'Renamed'))
    await workspace.runOne()
    await workspace.writePeople(personal(800))
    const [plan] = await workspace.plan()
    expect(plan?.operations[0]?.changed).toEqual(['name'])
    expect(plan?.totals?.changedFields).toEqual({ name: 800 })
  })

  it('deletes by the identifier of the row where the key is another column', async () => {
    await open(
      peopleActivation
        .replace('mode: upsert', 'mode: delete\nkey: email\nconfirm: permanent')
        .replace(/ {2}(email|name|custom_attributes\S+): .*\n/g, '')
        .concat('keep_values: false\n'),
    )
    workspace.sandbox.seed({ contacts: [{ external_id: 'a' }, { external_id: 'b' }] })
    const [one] = personal(1)
    if (one === undefined) throw new Error('no people')
    await workspace.writePeople([{ ...one, user_id: 'a' }])
    await workspace.runOne()
    await workspace.writePeople([{ ...one, user_id: 'b' }])
    expect(await workspace.runOne()).toMatchObject({
      planned: { delete: 1 },
      outcomes: { applied: 1 },
    })
    expect(contacts().filter(({ state }) => state === 'active')).toEqual([])
  })
})
