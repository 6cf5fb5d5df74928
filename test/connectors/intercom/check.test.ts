import { afterEach, describe, expect, test } from 'vitest'
import { type Address, checkLogin } from '../../../connectors/intercom/check-login.ts'
import type { CheckPoint, Operation } from '../../../src/connector/index.ts'
import { TryAgainError } from '../../../src/connector/index.ts'
import { closeAll, never, operation, type PlanInput, runAll, session } from './harness.ts'

afterEach(closeAll)

interface Given {
  readonly sandbox?: Parameters<typeof session>[0]
  readonly seed?: object
  readonly plan?: Partial<PlanInput>
  readonly target?: Record<string, unknown>
  readonly sample?: readonly Operation[]
}

const contactPlan: PlanInput = {
  object: 'contact',
  identifier: 'external_id',
  fields: ['external_id', 'email'],
}

function people(...ids: readonly string[]): Operation[] {
  return ids.map((id, index) =>
    operation(index, { external_id: id, email: `${id}@example.com`, name: `Secret ${id}` }),
  )
}

function seededPeople(...ids: readonly string[]) {
  return ids.map((id) => ({ external_id: id, email: `${id}@example.com` }))
}

async function check({ sandbox: options = {}, seed = {}, plan = {}, target, sample = [] }: Given) {
  const opened = await session(options)
  opened.sandbox.seed(seed)
  const open = await opened.open({ ...contactPlan, ...plan }, target)
  const points = await runAll(opened.clock, () => open.check(sample, never))
  const point = (name: string): CheckPoint | undefined => points.find((each) => each.name === name)
  return { points, point, requests: open.requests, sandbox: opened.sandbox }
}

test('a contact activation that fits, with what it asked', async () => {
  const { points, requests } = await check({
    sandbox: { region: 'EU', attributes: ['contact.seats:integer'] },
    seed: { contacts: seededPeople('u1', 'u2', 'u3') },
    plan: {
      fields: ['external_id', 'custom_attributes.seats'],
      columns: { 'custom_attributes.seats': { type: 'integer' } },
    },
    sample: people('u1', 'u2', 'u3'),
  })
  expect(points.map(({ name, status, message }) => `${status} ${name}: ${message}`)).toEqual([
    'ok token: workspace Sandbox (sandbox), region EU',
    'ok API version: 2.16',
    'ok scope: read contacts: POST /contacts/search is allowed',
    'skipped scope: write contacts: cannot be seen without writing. Without the permission "Read and write users" of the app, Intercom refuses POST /contacts and PUT /contacts/{id}.',
    'ok attribute seats: integer',
    'ok identifiers: 3 of 3 values of external_id in the sample exist in Intercom.',
  ])
  expect(requests.byEndpoint).toEqual({
    'GET /me': 1,
    'POST /contacts/search': 2,
    'GET /data_attributes': 1,
  })
})

describe('login', () => {
  test('a refused token ends the check, and names the region asked', async () => {
    const { points, requests } = await check({ target: { token: 'wrong-secret' } })
    expect(points).toEqual([
      {
        name: 'token',
        status: 'failed',
        refused: true,
        message: expect.stringMatching(/refused the token \(401 unauthorized\).* region/),
      },
    ])
    expect(JSON.stringify(points)).not.toContain('wrong-secret')
    expect(requests.total).toBe(1)
  })

  test('a version that is not served is a matter of configuration', async () => {
    const { points } = await check({ target: { api_version: '2.99' } })
    expect(points).toMatchObject([{ name: 'API version', status: 'failed' }])
    expect(points[0]?.refused).toBeUndefined()
    expect(points[0]?.message).toMatch(/does not serve api_version 2\.99 .*2\.16/)
  })

  test('the region of the workspace against that of the target', async () => {
    const answer = {
      status: 200,
      headers: { 'intercom-version': '2.16' },
      body: { app: { name: 'Acme', id_code: 'abc', region: 'EU' } },
      kind: 'answered',
      requestId: undefined,
    } as const
    const points = (address: object) =>
      checkLogin(async () => answer, { api_version: '2.16', ...address } as Address)
    expect(await points({ region: 'eu' })).toContainEqual({
      name: 'region',
      status: 'ok',
      message: 'eu',
    })
    for (const address of [{ region: 'us' }, {}, { region: 'au' }]) {
      expect(await points(address)).toContainEqual({
        name: 'region',
        status: 'warning',
        message: expect.stringMatching(/hosted in eu, but requests go to .*: set region: eu/),
      })
    }
    expect((await points({ base_url: 'http://proxy' })).map(({ name }) => name)).toEqual([
      'token',
      'API version',
    ])
  })

  test('another version that answers is told', async () => {
    const answer = {
      status: 200,
      headers: { 'intercom-version': '2.3' },
      body: { app: {} },
      kind: 'answered',
      requestId: undefined,
    } as const
    const points = await checkLogin(async () => answer, { api_version: '2.16' } as Address)
    expect(points).toContainEqual({
      name: 'API version',
      status: 'warning',
      message: expect.stringMatching(/2\.16 was asked for, but 2\.3 answered/),
    })
  })

  test('a host that is not Intercom is told', async () => {
    const answer = {
      status: 404,
      headers: {},
      body: undefined,
      kind: 'answered',
      requestId: undefined,
    } as const
    const points = await checkLogin(async () => answer, { api_version: '2.16' } as Address)
    expect(points).toMatchObject([
      { name: 'token', status: 'failed', message: expect.stringMatching(/base_url/) },
    ])
  })

  test('an Intercom that cannot be reached, or fails, throws', async () => {
    const { sandbox, clock, open } = await session()
    const target = await open(contactPlan)
    sandbox.faults.add({ fault: { kind: 'status', status: 503 } })
    await expect(runAll(clock, () => target.check([], never))).rejects.toThrow(/error of its own/)
    await sandbox.close()
    await expect(runAll(clock, () => target.check([], never))).rejects.toThrow(TryAgainError)
  })

  test('an abort ends it', async () => {
    const { clock, open } = await session()
    const target = await open(contactPlan)
    const signal = AbortSignal.abort(new Error('enough'))
    await expect(runAll(clock, () => target.check([], signal))).rejects.toThrow('enough')
  })
})

describe.each(['unauthorized', 'forbidden'] as const)('a missing scope (%s)', (missing_scope) => {
  test.each([
    [
      'read_users',
      {},
      'scope: read contacts',
      'failed',
      /POST \/contacts\/search.*blocks finding contacts.*"Read and list users and companies"/,
    ],
    [
      'read_users',
      { object: 'company', identifier: 'company_id', mode: 'update' },
      'scope: read companies',
      'failed',
      /GET \/companies/,
    ],
    [
      'read_users',
      { object: 'company', identifier: 'company_id' },
      'scope: read companies',
      'warning',
      /GET \/companies/,
    ],
    ['read_users', { lists: ['companies'] }, 'scope: read companies', 'failed', /GET \/companies/],
    ['read_tags', { lists: ['tags'] }, 'scope: read tags', 'warning', /GET \/tags.*"Read tags"/],
    [
      'read_conversations',
      { object: 'conversation', identifier: 'id', mode: 'update' },
      'scope: read conversations',
      'warning',
      /GET \/conversations/,
    ],
  ] as const)('%s %j', async (scope, plan, name, status, message) => {
    const { point } = await check({
      sandbox: { without_scopes: [scope], missing_scope },
      plan: plan as Partial<PlanInput>,
      sample: [operation(0, { external_id: 'u1', company_id: 'c1', email: 'a@b.c' }, 'an-id')],
    })
    expect(point(name)).toMatchObject({ status, message: expect.stringMatching(message) })
    if (status === 'failed') expect(point(name)?.refused).toBe(true)
  })

  test('without reading, identifiers are not compared', async () => {
    const { point } = await check({
      sandbox: { without_scopes: ['read_users'], missing_scope },
      sample: people('u1'),
    })
    expect(point('identifiers')).toMatchObject({ status: 'skipped' })
  })

  test('without read_admins the admin is not known', async () => {
    const { point } = await check({
      sandbox: { without_scopes: ['read_admins'], missing_scope },
      plan: { object: 'conversation', identifier: 'id', mode: 'update', adminId: '1' },
    })
    expect(point('admin')).toMatchObject({
      status: 'warning',
      message: expect.stringMatching(/GET \/admins .*Read admins/),
    })
  })
})

test('scopes that only writing shows are named, with what each would block', async () => {
  const { points } = await check({
    plan: {
      mode: 'delete',
      lists: ['tags', 'companies'],
      createMissingCompanies: true,
      createAttributes: true,
    },
  })
  const skipped = points.filter(({ status, name }) => status === 'skipped' && /scope/.test(name))
  expect(Object.fromEntries(skipped.map(({ name, message }) => [name, message]))).toEqual({
    'scope: write contacts': expect.stringMatching(/DELETE \/contacts\/\{id\}/),
    'scope: attach companies': expect.stringMatching(
      /\/contacts\/\{id\}\/companies, and POST \/companies/,
    ),
    'scope: write tags': expect.stringMatching(/POST \/tags and DELETE \/contacts\/\{id\}\/tags/),
    'scope: write data attributes': expect.stringMatching(/POST \/data_attributes/),
  })
})

describe('attributes', () => {
  const sandbox = { attributes: ['contact.seats:integer', 'contact.tier:options(gold|silver)'] }

  test('every problem is a point of its own that names its field', async () => {
    const fields = ['custom_attributes.seat', 'custom_attributes.email', 'custom_attributes.tier']
    const { points } = await check({ sandbox, plan: { fields } })
    expect(points.filter(({ name }) => name.startsWith('attribute'))).toMatchObject([
      { name: 'attribute seat', status: 'failed', field: fields[0] },
      { name: 'attribute email', status: 'failed', field: fields[1] },
      { name: 'attribute tier', status: 'ok', message: 'options' },
    ])
  })

  test('what would be created is told and not made', async () => {
    const field = 'custom_attributes.fresh'
    const { point, requests } = await check({
      plan: { fields: [field], columns: { [field]: { type: 'decimal' } }, createAttributes: true },
    })
    expect(point('attribute fresh')).toMatchObject({
      status: 'ok',
      message: expect.stringMatching(/creates it as float/),
    })
    expect(requests.byEndpoint['POST /data_attributes']).toBeUndefined()
  })

  test('values of the sample that would fail are counted and not shown', async () => {
    const field = 'custom_attributes.tier'
    const sample = ['gold', 'secret', 'silver', 'hidden'].map((tier, index) =>
      operation(index, { external_id: `u${index}`, [field]: tier }),
    )
    const { point, points } = await check({ sandbox, plan: { fields: [field] }, sample })
    expect(point('attribute tier')).toMatchObject({
      status: 'warning',
      message: expect.stringMatching(
        /2 of 4 sampled rows would fail as invalid_value.*gold, silver/,
      ),
    })
    expect(JSON.stringify(points)).not.toMatch(/secret|hidden/)
  })
})

describe('the admin', () => {
  const plan = { object: 'conversation', identifier: 'id', mode: 'update' } as const

  test('exists', async () => {
    const { point } = await check({
      seed: { admins: [{ id: '77' }] },
      plan: { ...plan, adminId: '77' },
    })
    expect(point('admin')).toMatchObject({ status: 'ok' })
  })

  test('does not exist', async () => {
    const { point } = await check({ plan: { ...plan, adminId: '78' } })
    expect(point('admin')).toMatchObject({
      status: 'failed',
      message: expect.stringMatching(/no admin 78/),
    })
  })
})

describe('identifiers of contacts', () => {
  const seed = { contacts: seededPeople('u1', 'u2') }

  test('some exist: fine for upsert, with examples of the others', async () => {
    const { point, points } = await check({
      seed,
      sample: people('u1', 'u2', 'u3', 'u4', 'u5', 'u6'),
    })
    expect(point('identifiers')).toEqual({
      name: 'identifiers',
      status: 'ok',
      message:
        '2 of 6 values of external_id in the sample exist in Intercom; a run creates the others: u3, u4, u5 and 1 more. Archived contacts and those of the last minutes are not seen.',
    })
    expect(JSON.stringify(points)).not.toContain('Secret')
  })

  test('none exists: a warning', async () => {
    const { point } = await check({ seed, sample: people('x1', 'x2') })
    expect(point('identifiers')).toMatchObject({ status: 'warning' })
  })

  test.each(['update', 'delete', 'archive'] as const)(
    'some are missing: %s fails',
    async (mode) => {
      const { point } = await check({ seed, plan: { mode }, sample: people('u1', 'u9') })
      expect(point('identifiers')).toMatchObject({
        status: 'warning',
        message: expect.stringMatching(/1 of 2 .*; the others fail as not_found: u9\. Archived/),
      })
    },
  )

  test('some exist: insert fails', async () => {
    const plan = { mode: 'insert', identifier: null } as const
    const { point } = await check({ seed, plan, sample: people('u1', 'u9') })
    expect(point('identifiers')).toMatchObject({
      status: 'warning',
      message: expect.stringMatching(
        /1 of 2 .* exist in Intercom, which then fail as already_exists: u1\./,
      ),
    })
    const other = await check({ seed, plan, sample: people('u8', 'u9') })
    expect(other.point('identifiers')).toMatchObject({ status: 'ok' })
  })

  test('external_id from the wrong column: the same people exist by email', async () => {
    const contacts = [
      { external_id: '4711', email: 'u1@example.com' },
      { external_id: null, email: 'U2@example.com' },
    ]
    const { point } = await check({ seed: { contacts }, sample: people('u1', 'u2', 'u3') })
    expect(point('identifiers')).toMatchObject({
      status: 'warning',
      message: expect.stringMatching(
        /0 of 3 .* 2 of the missing are in Intercom by email, with another external_id \(.*where the row has u\d\): look whether external_id is mapped from the right column/,
      ),
    })
    expect(point('identifiers')?.message).not.toContain('@')
  })

  test('by email, whatever the letter case', async () => {
    const sample = [
      operation(0, { email: 'U1@Example.com' }),
      operation(1, { email: 'no@example.com' }),
    ]
    const { point } = await check({ seed, plan: { identifier: 'email' }, sample })
    expect(point('identifiers')?.message).toMatch(/^1 of 2 values of email .* no@example\.com/)
  })

  test('by id', async () => {
    const id = 'a'.repeat(24)
    const contacts = [{ id, external_id: 'u1' }]
    const sample = [operation(0, { name: 'A' }, id), operation(1, { name: 'B' }, 'b'.repeat(24))]
    const plan = { identifier: 'id', mode: 'update' } as const
    const { point } = await check({ seed: { contacts }, plan, sample })
    expect(point('identifiers')?.message).toMatch(/^1 of 2 values of id .*bbbb/)
  })

  test('fifty a search', async () => {
    const ids = Array.from({ length: 120 }, (_, index) => `u${index}`)
    const { point, requests } = await check({
      seed: { contacts: seededPeople(...ids) },
      sample: people(...ids),
    })
    expect(point('identifiers')?.message).toMatch(/^120 of 120 /)
    expect(requests.byEndpoint['POST /contacts/search']).toBe(4)
  })

  test('an empty sample is skipped', async () => {
    const { point } = await check({})
    expect(point('identifiers')).toMatchObject({ status: 'skipped' })
  })
})

describe('identifiers that have no search', () => {
  test('companies by company_id: the first twenty', async () => {
    const ids = Array.from({ length: 30 }, (_, index) => `c ${index}`)
    const { point, requests } = await check({
      seed: { companies: ids.slice(0, 5).map((company_id) => ({ company_id })) },
      plan: { object: 'company', identifier: 'company_id', fields: ['company_id'] },
      sample: ids.map((company_id, index) => operation(index, { company_id })),
    })
    expect(point('identifiers')).toMatchObject({
      status: 'ok',
      message: expect.stringMatching(/^5 of 20 values of company_id .*c 5, c 6, c 7/),
    })
    expect(requests.byEndpoint['GET /companies']).toBe(21)
  })

  test('conversations by id', async () => {
    const { point } = await check({
      seed: { conversations: [{ id: '100' }] },
      plan: { object: 'conversation', identifier: 'id', mode: 'update', fields: ['id'] },
      sample: [operation(0, {}, '100'), operation(1, {}, '101')],
    })
    expect(point('identifiers')).toMatchObject({
      status: 'warning',
      message: expect.stringMatching(
        /^1 of 2 values of id .*; the others fail as not_found: 101\.$/,
      ),
    })
  })
})

describe('lists', () => {
  const sample = [
    operation(0, { external_id: 'u1', companies: ['c1', 'c2'], tags: ['VIP', 'Secret'] }),
    operation(1, { external_id: 'u2', companies: ['c2'], tags: ['vip'] }),
  ]
  const seed = { companies: [{ company_id: 'c1' }], tags: ['vip'] }

  test('companies that are missing fail, unless they are created', async () => {
    const plan = { lists: ['companies'] } as const
    const { point } = await check({ seed, plan, sample })
    expect(point('companies')).toMatchObject({
      status: 'warning',
      message: expect.stringMatching(/^1 of 2 companies .* c2\. Rows that name them fail/),
    })
    const created = await check({ seed, plan: { ...plan, createMissingCompanies: true }, sample })
    expect(created.point('companies')).toMatchObject({ status: 'ok' })
  })

  test('tags are counted, not named', async () => {
    const { point, points } = await check({ seed, plan: { lists: ['tags'] }, sample })
    expect(point('tags')).toEqual({
      name: 'tags',
      status: 'ok',
      message: '1 of 2 tags that the sample names exist in Intercom; a run creates the other 1',
    })
    expect(JSON.stringify(points)).not.toContain('Secret')
  })
})

test('nothing is written', async () => {
  const { sandbox } = await check({
    seed: { contacts: seededPeople('u1'), conversations: [{ id: '1' }] },
    plan: { lists: ['tags', 'companies'], createAttributes: true, createMissingCompanies: true },
    sample: people('u1', 'u2'),
  })
  const writes = sandbox
    .requests()
    .log.filter(({ method, path }) => method !== 'GET' && !path.startsWith('/contacts/search'))
  expect(writes).toEqual([])
})
