import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { connectors } from '../../connectors/index.ts'
import {
  type RunningIntercomSandbox,
  startSandbox,
} from '../../connectors/intercom/sandbox/index.ts'
import { loadProject } from '../../src/config/project.ts'
import { checkActivations } from '../../src/run/check.ts'
import { Interruption } from '../../src/run/interruption.ts'
import { realClock } from '../../src/run/system.ts'
import { millrace } from '../support/cli.ts'
import { folderWith, projectFiles } from './support.ts'

let sandbox: RunningIntercomSandbox

async function startWith(options: Parameters<typeof startSandbox>[0] = {}): Promise<void> {
  await sandbox?.close()
  sandbox = await startSandbox(
    { rate_limit: 0, ...options },
    { clock: realClock, random: () => 0.5 },
  )
}

beforeEach(() => startWith({ attributes: ['contact.seats:integer'] }))

afterEach(() => sandbox.close())

interface Point {
  readonly name: string
  readonly status: string
  readonly message: string
  readonly file: string | null
  readonly line: number | null
  readonly column: number | null
}

interface Checked {
  readonly exit_code: number
  readonly activations: readonly {
    readonly activation: string
    readonly exit_code: number
    readonly points: readonly Point[]
  }[]
}

async function project(changes: Readonly<Record<string, string>> = {}): Promise<string> {
  return folderWith({ ...projectFiles(sandbox.url), ...changes })
}

/** Checks a project and returns what programs get, with the points of its first activation. */
async function check(
  changes: Readonly<Record<string, string>> = {},
  args: readonly string[] = [],
): Promise<Checked & { readonly points: readonly Point[]; readonly code: number | null }> {
  const { code, stdout, stderr } = await millrace(['check', '--json', ...args], {
    cwd: await project(changes),
  })
  expect(stderr).toBe('')
  const checked = JSON.parse(stdout) as Checked
  expect(checked.exit_code).toBe(code)
  return { ...checked, code, points: checked.activations[0]?.points ?? [] }
}

function activation(fields: Readonly<Record<string, string>>, rest = ''): string {
  const lines = Object.entries(fields).map(([field, column]) => `  ${field}: ${column}`)
  return `query: select * from 'people.csv'
target: contact
mode: upsert
identifier: external_id
fields:
${lines.join('\n')}
${rest}`
}

const people = { external_id: 'user_id', email: 'email', name: 'full_name' }

describe('check', () => {
  it('tells people point by point, writes nothing and makes no state', async () => {
    sandbox.seed({ contacts: [{ external_id: 'u-1' }, { external_id: 'u-2' }] })
    const cwd = await project()
    const { code, stdout, stderr } = await millrace(['check'], { cwd })
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatchInlineSnapshot(`
      "people: upsert intercom.contact by external_id
        ok       source warehouse       duckdb answers
        ok       query                  returns 3 columns
        ok       fields                 3 mapped, and their columns exist and fit
        ok       rows                   3 sampled
        ok       token                  workspace Sandbox (sandbox), region US
        ok       API version            2.16
        ok       scope: read contacts   POST /contacts/search is allowed
        skipped  scope: write contacts  cannot be seen without writing. Without the permission "Read and write users" of the app, Intercom refuses POST /contacts and PUT /contacts/{id}.
        ok       identifiers            2 of 3 values of external_id in the sample exist in Intercom; a run creates the others: u-3. Archived contacts and those of the last minutes are not seen.

      1 activation: 8 ok, 1 skipped
      "
    `)
    await expect(access(join(cwd, '.millrace'))).rejects.toThrow('ENOENT')
    const methods = sandbox.requests().log.map(({ method, path }) => `${method} ${path}`)
    expect([...new Set(methods)].sort()).toEqual(['GET /me', 'POST /contacts/search'])
    for (const value of ['Ada', 'Chiara', 'example.com']) expect(stdout).not.toContain(value)
  })

  it('tells programs the same in one object', async () => {
    const { activations } = await check()
    expect(activations).toMatchObject([
      {
        activation: 'people',
        target: 'intercom',
        object: 'contact',
        mode: 'upsert',
        identifier: 'external_id',
        exit_code: 0,
      },
    ])
    expect(activations[0]?.points).toContainEqual({
      name: 'token',
      status: 'ok',
      message: 'workspace Sandbox (sandbox), region US',
      file: null,
      line: null,
      column: null,
    })
  })

  it('says where rows cannot be merged by their key', async () => {
    const text = activation(people, 'plan_by: merge').replace(
      'select *',
      'select * replace (1.5 as user_id)',
    )
    const { points, code } = await check({ 'activations/people.yaml': text })
    expect(code).toBe(2)
    expect(points.find(({ status }) => status === 'failed')).toEqual({
      name: 'fields',
      status: 'failed',
      message:
        '"plan_by: merge" needs a key of text or whole numbers; column "user_id" is DECIMAL(2,1). Cast it to text in the query, or use "plan_by: hash".',
      file: 'activations/people.yaml',
      line: 9,
      column: 10,
    })
  })

  it('looks at the first rows only, as many as asked for', async () => {
    const { points } = await check({}, ['--sample', '2'])
    expect(points).toContainEqual(
      expect.objectContaining({ name: 'rows', status: 'ok', message: '2 sampled' }),
    )
    expect(points.find(({ name }) => name === 'identifiers')?.message).toMatch(/^0 of 2 values/)
  })
})

describe('exits with 2 where the configuration has to be mended', () => {
  it('a query that the source refuses, with its place', async () => {
    const query = 'select user_id,\n    nothing_like_it\n  from people'
    const { code, points } = await check({
      'activations/people.yaml': activation(people).replace(/^query: .*$/m, `query: |\n  ${query}`),
    })
    expect(code).toBe(2)
    expect(points.filter(({ status }) => status === 'failed')).toMatchObject([
      { name: 'query', file: 'activations/people.yaml', line: 4, column: 8 },
    ])
    // The target is looked at all the same.
    expect(points).toContainEqual(expect.objectContaining({ name: 'token', status: 'ok' }))
    expect(points).toContainEqual(
      expect.objectContaining({ name: 'identifiers', status: 'skipped' }),
    )
  })

  it('columns that are missing or never fit, each with its place', async () => {
    const { code, points } = await check({
      'activations/people.yaml': activation({
        external_id: 'usr_id',
        email: 'email',
        signed_up_at: 'flag',
      }).replace("* from 'people.csv'", "*, true as flag from 'people.csv'"),
    })
    expect(code).toBe(2)
    expect(points.filter(({ status }) => status === 'failed')).toMatchObject(
      [
        { name: 'fields', file: 'activations/people.yaml', line: 6, message: /"user_id"/ },
        { name: 'fields', file: 'activations/people.yaml', line: 8, message: /flag/ },
      ].map((point) => ({ ...point, message: expect.stringMatching(point.message) })),
    )
  })

  it('an attribute that does not exist, with its place and the closest one', async () => {
    const fields = { ...people, 'custom_attributes.seat': 'user_id' }
    const cwd = await project({ 'activations/people.yaml': activation(fields) })
    const { code, stdout } = await millrace(['check'], { cwd })
    expect(code).toBe(2)
    expect(stdout).toMatch(
      /^ {2}failed {3}attribute seat +activations\/people\.yaml:9:\d+: custom_attributes\.seat: the workspace has no contact attribute seat\. Did you mean custom_attributes\.seats \(integer\)\?/m,
    )
  })

  it('also where something else is refused', async () => {
    await startWith({ without_scopes: ['read_users'] })
    const fields = { ...people, external_id: 'usr_id' }
    const { code } = await check({ 'activations/people.yaml': activation(fields) })
    expect(code).toBe(2)
  })
})

describe('exits with 4 where the other side refuses', () => {
  it('a wrong token, which is not printed', async () => {
    const files = projectFiles(sandbox.url)
    const { code, points } = await check({
      'millrace.yaml': (files['millrace.yaml'] ?? '').replace('sandbox-token', 'a-secret-token'),
    })
    expect(code).toBe(4)
    expect(points.at(-1)).toMatchObject({ name: 'token', status: 'failed' })
    expect(JSON.stringify(points)).not.toContain('a-secret-token')
  })

  it('a missing scope', async () => {
    await startWith({ without_scopes: ['read_users'] })
    const { code, points } = await check()
    expect(code).toBe(4)
    expect(points).toContainEqual(
      expect.objectContaining({ name: 'scope: read contacts', status: 'failed' }),
    )
  })

  it('a target that cannot be reached', async () => {
    const { code, points } = await check({
      'millrace.yaml': projectFiles()['millrace.yaml'] ?? '',
    })
    expect(code).toBe(4)
    expect(points.at(-1)).toMatchObject({
      name: 'target intercom',
      status: 'failed',
      message: expect.stringMatching(/could not be reached at http:.* \(ECONNREFUSED\)/),
    })
  })

  it('a source that cannot be reached', async () => {
    const files = projectFiles(sandbox.url)
    const { code, points } = await check({
      'millrace.yaml': (files['millrace.yaml'] ?? '').replace(
        '{ type: duckdb }',
        '{ type: postgres, url: "postgres://reader:a-password@127.0.0.1:9/none" }',
      ),
    })
    expect(code).toBe(4)
    expect(points[0]).toMatchObject({ name: 'source warehouse', status: 'failed' })
    expect(points).toContainEqual(expect.objectContaining({ name: 'token', status: 'ok' }))
    expect(JSON.stringify(points)).not.toContain('a-password')
  })
})

describe('exits with 0 and warns', () => {
  it('where ids do not match, since external_id comes from the wrong column', async () => {
    sandbox.seed({
      contacts: [
        { external_id: '1001', email: 'ada@example.com' },
        { external_id: '1002', email: 'ben@example.com' },
      ],
    })
    const { code, points } = await check()
    expect(code).toBe(0)
    expect(points.at(-1)).toMatchObject({
      name: 'identifiers',
      status: 'warning',
      message: expect.stringMatching(
        /^0 of 3 values of external_id .*u-1, u-2, u-3.* 2 of the missing are in Intercom by email, with another external_id \(100\d, where the row has u-\d\)/,
      ),
    })
  })

  it('where rows would fail before anything is sent', async () => {
    const { points } = await check({
      'people.csv': 'user_id,email,full_name\nu-1,a@b.c,Ada\n,x@b.c,Hidden Person\n',
    })
    expect(points).toContainEqual(
      expect.objectContaining({
        name: 'rows',
        status: 'warning',
        message: expect.stringMatching(/^2 sampled; 1 would fail .* missing_identifier: /),
      }),
    )
    expect(JSON.stringify(points)).not.toContain('Hidden Person')
  })

  it('where the query returns nothing', async () => {
    const { code, points } = await check({ 'people.csv': 'user_id,email,full_name\n' })
    expect(code).toBe(0)
    expect(points).toContainEqual(expect.objectContaining({ name: 'rows', status: 'warning' }))
  })
})

it('finds what a run would stop for, at the same place', async () => {
  const fields = { ...people, 'custom_attributes.seat': 'user_id' }
  const cwd = await project({ 'activations/people.yaml': activation(fields) })
  const { code, stderr } = await millrace(['run'], { cwd })
  expect(code).toBe(2)
  expect(stderr).toMatch(
    /activations\/people\.yaml:9:\d+: custom_attributes\.seat: the workspace has/,
  )
  expect(sandbox.contents().contacts).toEqual([])
})

it('ends the query once it has the sample', async () => {
  const query =
    "select 'u-' || n as user_id, null as email, null as full_name from range(50000000) r(n)"
  const { code, points } = await check({
    'activations/people.yaml': activation(people).replace(/^query: .*$/m, `query: ${query}`),
  })
  expect(code).toBe(0)
  expect(points).toContainEqual(expect.objectContaining({ name: 'rows', message: '100 sampled' }))
})

it('stops between activations where it is interrupted', async () => {
  const environment = {}
  const path = await project()
  const loaded = await loadProject({ path, profile: null, environment, connectors })
  const checks = await checkActivations({
    project: loaded,
    activations: loaded.activations,
    clock: realClock,
    random: () => 0.5,
    listener: () => {},
    signal: AbortSignal.abort(new Interruption(143)),
    sample: 10,
  })
  expect(checks).toMatchObject([{ exitCode: 143, points: [{ name: 'check', status: 'skipped' }] }])
  expect(sandbox.requests().log).toEqual([])
})

it('goes on with the next activation where one fails', async () => {
  const broken = activation({ ...people, external_id: 'usr_id' })
  const { code, activations } = await check({ 'activations/a-broken.yaml': broken })
  expect(code).toBe(2)
  const codes = activations.map((each) => [each.activation, each.exit_code])
  expect(Object.fromEntries(codes)).toEqual({ 'a-broken': 2, people: 0 })
})

it('checks those that are named', async () => {
  const { activations } = await check({ 'activations/others.yaml': activation(people) }, ['oth*'])
  expect(activations.map((each) => each.activation)).toEqual(['others'])
})
