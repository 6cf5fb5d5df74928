import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { startSandbox } from '../../connectors/intercom/sandbox/index.ts'
import { StopRunError, TryAgainError } from '../../src/connector/index.ts'
import type { RunEvent } from '../../src/run/events.ts'
import { connectorsWithSource } from '../support/given-source.ts'
import { openWorkspace, people, peopleActivation, type Workspace } from '../support/workspace.ts'

const closing: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const each of closing.splice(0)) await each.close()
})

const attributes = ['contact.plan:string', 'contact.seats:integer']
const me = 'GET /me'

/** Three people who were delivered to the workspace "one" with the token "first-token". */
async function delivered(activation = peopleActivation): Promise<Workspace> {
  const workspace = await openWorkspace({ sandbox: { token: 'first-token', app_id: 'one' } })
  closing.push(workspace)
  await workspace.write('activations/people.yaml', activation)
  await workspace.writePeople(people(3))
  expect(await workspace.runOne()).toMatchObject({ status: 'done', outcomes: { applied: 3 } })
  return workspace
}

/** Another workspace, to which the token "second-token" leads. */
async function swapToken(workspace: Workspace) {
  const other = await startSandbox(
    { rate_limit: 0, token: 'second-token', app_id: 'two' },
    { clock: workspace.clock, random: () => 0.5 },
  )
  closing.push(other)
  other.seed({ attributes })
  Object.assign(workspace.environment, { INTERCOM_URL: other.url, INTERCOM_TOKEN: 'second-token' })
  return other
}

/** Changes the person 1, so that the next run has something to write. */
function change(workspace: Workspace, plan: string): Promise<void> {
  const rows = people(3).map((row) => (row.user_id === 'user-1' ? { ...row, plan } : row))
  return workspace.writePeople(rows)
}

async function stateBytes(workspace: Workspace): Promise<string> {
  const files = ['state.db', 'state.db-wal'].map((file) =>
    readFile(join(workspace.folder, '.millrace', file), 'latin1').catch(() => ''),
  )
  return (await Promise.all(files)).join('')
}

describe('a workspace that is not the one of the last run', () => {
  it('costs no request as long as the token is the same', async () => {
    const workspace = await delivered()
    expect(workspace.sandbox.requests().byEndpoint[me]).toBeUndefined()
    await change(workspace, 'new')
    const { calls } = await workspace.runOne()
    expect(calls.by_endpoint).toEqual({ 'GET /data_attributes': 1, 'PUT /contacts/{id}': 1 })
  })

  it('is refused before the first write, with both ids and the flag', async () => {
    const workspace = await delivered(`${peopleActivation}create_attributes: true\n`)
    const other = await swapToken(workspace)
    await change(workspace, 'new')
    const refused = await workspace.runOne()
    expect(refused).toMatchObject({ status: 'refused', exit_code: 3, outcomes: { applied: 0 } })
    expect(refused.error).toMatch(/workspace two.* workspace one.*--allow workspace/)
    expect(other.requests().byEndpoint).toEqual({ [me]: 1 })
    // The refusal is not forgotten by having been said.
    expect(await workspace.runOne()).toMatchObject({ status: 'refused', exit_code: 3 })
    expect(other.contents().contacts).toEqual([])
  })

  it('is let through once, recorded, and is the workspace from then on', async () => {
    const workspace = await delivered()
    const other = await swapToken(workspace)
    await change(workspace, 'new')
    const allowed = await workspace.runOne({ allow: ['workspace'], full: true })
    expect(allowed).toMatchObject({
      status: 'done',
      allowed: ['workspace'],
      outcomes: { applied: 3 },
    })
    expect(other.contents().contacts).toHaveLength(3)
    await change(workspace, 'newer')
    const next = await workspace.runOne()
    expect(next).toMatchObject({ status: 'done', outcomes: { applied: 1 } })
    expect(next.calls.by_endpoint[me]).toBeUndefined()
    const { url, token } = workspace.sandbox
    Object.assign(workspace.environment, { INTERCOM_URL: url, INTERCOM_TOKEN: token })
    await change(workspace, 'newest')
    expect(await workspace.runOne()).toMatchObject({ status: 'refused', exit_code: 3 })
  })

  it('is not what a new token of the same workspace is', async () => {
    const workspace = await delivered()
    workspace.sandbox.change({ token: 'rotated-token' })
    Object.assign(workspace.environment, { INTERCOM_TOKEN: 'rotated-token' })
    for (const [round, asked] of [
      ['first', 1],
      ['second', undefined],
    ] as const) {
      await change(workspace, round)
      const run = await workspace.runOne()
      expect(run).toMatchObject({ status: 'done', outcomes: { applied: 1 } })
      expect(run.calls.by_endpoint[me]).toBe(asked)
    }
  })

  it('is not asked for where nothing is to be written', async () => {
    const workspace = await delivered()
    const other = await swapToken(workspace)
    expect(await workspace.runOne()).toMatchObject({ status: 'done', calls: { total: 0 } })
    expect(other.requests().byEndpoint).toEqual({})
  })

  it('is asked for once where no answer names it', async () => {
    const workspace = await openWorkspace({ sandbox: { token: 'first-token', app_id: 'one' } })
    closing.push(workspace)
    const { contacts } = workspace.sandbox.seed({
      contacts: [{ email: 'a@x.y' }, { email: 'b@x.y' }, { email: 'c@x.y' }],
    })
    const runWith = async (count: number) => {
      const rows = contacts.slice(0, count).map((id) => `('${id}')`)
      await workspace.write(
        'activations/people.yaml',
        `query: select * from (values ${rows.join(', ')}) as t(id)
target: contact
mode: archive
identifier: id
fields: { id: id }
`,
      )
      return await workspace.runOne()
    }
    const archived = 'POST /contacts/{id}/archive'
    expect((await runWith(1)).calls.by_endpoint).toEqual({ [archived]: 1, [me]: 1 })
    expect((await runWith(2)).calls.by_endpoint).toEqual({ [archived]: 1 })
    await swapToken(workspace)
    expect(await runWith(3)).toMatchObject({ status: 'refused', exit_code: 3 })
  })

  it('is remembered although the first run was cut off', async () => {
    const workspace = await openWorkspace({ sandbox: { token: 'first-token', app_id: 'one' } })
    closing.push(workspace)
    await workspace.writePeople(people(200))
    const interruption = new AbortController()
    const first = await workspace.runOne({
      signal: interruption.signal,
      listener: (event: RunEvent) => {
        if (event.type === 'writing') interruption.abort()
      },
    })
    expect(first.status).toBe('interrupted')
    await swapToken(workspace)
    expect(await workspace.runOne()).toMatchObject({ status: 'refused', exit_code: 3 })
  })

  it('is told apart without the token being kept', async () => {
    const workspace = await delivered()
    const bytes = await stateBytes(workspace)
    expect(bytes).toContain('user-1')
    expect(bytes).not.toContain('first-token')
    expect(bytes).not.toContain(Buffer.from('first-token').toString('base64'))
  })

  it('is announced by nothing but a notice where nothing may be asked', async () => {
    const workspace = await delivered()
    const notices: string[] = []
    const plan = () =>
      workspace.plan((event) => event.type === 'notice' && notices.push(event.message))
    expect(await plan()).toMatchObject([{ refusals: [], exitCode: 0 }])
    expect(notices).toEqual([])
    const other = await swapToken(workspace)
    expect(await plan()).toMatchObject([{ refusals: [], exitCode: 0 }])
    expect(notices).toEqual([
      expect.stringMatching(/intercom is not that of the last run.*\(one\)/),
    ])
    expect(other.requests().byEndpoint).toEqual({})
  })
})

describe('keys that are made of something else', () => {
  const byEmail = peopleActivation.replace('identifier: external_id', 'identifier: email')
  const fromEmail = peopleActivation.replace('external_id: user_id', 'external_id: email')

  it.each([
    ['another identifier', byEmail, /external_id \(column "user_id"\).* email \(column "email"\)/],
    ['another column', fromEmail, /\(column "user_id"\).* external_id \(column "email"\)/],
    ['a key of its own', `${peopleActivation}key: email\n`, /"user_id"\).* column "email"/],
    ['several columns', `${peopleActivation}key: [user_id, plan]\n`, /"user_id" and column "plan"/],
  ])('by %s are refused before anything is sent', async (_label, activation, words) => {
    const workspace = await delivered()
    workspace.sandbox.forgetRequests()
    await workspace.write('activations/people.yaml', activation)
    for (let round = 0; round < 2; round += 1) {
      const run = await workspace.runOne()
      expect(run).toMatchObject({ status: 'refused', exit_code: 3, calls: { total: 0 } })
      expect(run.error).toMatch(words)
      expect(run.error).toMatch(
        /Of 3 known keys 3 would count as gone.* 3 rows as new.*--allow key/,
      )
    }
    expect(await workspace.plan()).toMatchObject([
      { exitCode: 3, refusals: [expect.stringMatching(words)] },
    ])
    expect(workspace.sandbox.requests().byEndpoint).toEqual({})
  })

  it('are let through once, recorded, and are the keys from then on', async () => {
    const workspace = await delivered()
    await workspace.write('activations/people.yaml', byEmail)
    const allowed = await workspace.runOne({ allow: ['key'] })
    expect(allowed).toMatchObject({ status: 'done', allowed: ['key'], outcomes: { applied: 3 } })
    expect(workspace.sandbox.contents().contacts).toHaveLength(3)
    expect(await workspace.runOne()).toMatchObject({ status: 'done', planned: { unchanged: 3 } })
    await workspace.write('activations/people.yaml', peopleActivation)
    expect(await workspace.runOne()).toMatchObject({ status: 'refused', exit_code: 3 })
  })

  it('say what on_removed would do, whose own guard has to be allowed too', async () => {
    const workspace = await delivered(`${peopleActivation}on_removed: archive\n`)
    await workspace.write('activations/people.yaml', `${byEmail}on_removed: archive\n`)
    const run = await workspace.runOne({ allow: ['key'] })
    expect(run).toMatchObject({ status: 'refused', exit_code: 3 })
    expect(run.error).toContain('max_removals')
    // What was allowed once and came to nothing is not allowed for good.
    const again = await workspace.runOne({ allow: ['max_removals'] })
    expect(again).toMatchObject({ status: 'refused', exit_code: 3, calls: { total: 0 } })
    expect(again.error).toMatch(/3 would count as gone from the query, which "on_removed: archive"/)
  })

  it.each([
    [
      'a column that is no part of the key',
      peopleActivation
        .replace('email, name, plan', 'email as mail, name as called, plan')
        .replace('email: email', 'email: mail')
        .replace('name: name', 'name: called'),
    ],
    ['the same column as key', `${peopleActivation}key: user_id\n`],
    ['a field that is new', peopleActivation.replace('  name: name\n', '')],
  ])('are not what %s makes', async (_label, activation) => {
    const workspace = await delivered()
    await workspace.write('activations/people.yaml', activation)
    expect(await workspace.runOne()).toMatchObject({ status: 'done', planned: { create: 0 } })
  })

  it('are no matter where nothing is known yet, or what was known is forgotten', async () => {
    const workspace = await openWorkspace()
    closing.push(workspace)
    await workspace.write('activations/people.yaml', byEmail)
    await workspace.writePeople([])
    await workspace.runOne({ allow: ['min_rows'] })
    await workspace.write('activations/people.yaml', peopleActivation)
    await workspace.writePeople(people(3))
    expect(await workspace.runOne()).toMatchObject({ status: 'done', outcomes: { applied: 3 } })
  })
})

describe('a source that fails midway', () => {
  it.each([
    ['for a while', new TryAgainError('the warehouse went away')],
    ['for good', new StopRunError('the warehouse went away')],
  ])('%s is not a query without those rows', async (_label, failure) => {
    let given = 3
    const workspace = await openWorkspace({
      connectors: connectorsWithSource(() => ({
        columns: [{ name: 'id', type: 'text', sourceType: 'text' }],
        batches: (async function* () {
          yield { size: given, values: (index: number) => [`user-${index}`] }
          if (given < 3) throw failure
        })(),
      })),
    })
    closing.push(workspace)
    await workspace.write(
      'activations/people.yaml',
      `query: anything
target: contact
mode: upsert
identifier: external_id
fields: { external_id: id }
on_removed: delete
confirm: permanent
guards: { min_rows: off, max_removals: off, max_changes: off }
`,
    )
    expect(await workspace.runOne()).toMatchObject({ status: 'done', outcomes: { applied: 3 } })
    given = 1
    const allow = ['max_removals']
    expect(await workspace.runOne({ allow })).toMatchObject({
      status: 'stopped',
      exit_code: 4,
      planned: { delete: 0 },
      calls: { total: 0 },
    })
    given = 3
    expect(await workspace.runOne()).toMatchObject({ status: 'done', planned: { unchanged: 3 } })
    expect(workspace.sandbox.contents().contacts).toHaveLength(3)
  })
})
