import { afterEach, expect, test } from 'vitest'
import { company } from '../../../connectors/intercom/company-object.ts'
import type { Operation, TargetRecord } from '../../../src/connector/index.ts'
import { compileCast } from '../../../src/plan/cast.ts'
import { isRefusal } from '../../../src/plan/refusal.ts'
import { closeAll, deliverAll, never, operation, runAll, session } from './harness.ts'

afterEach(closeAll)

const plan = {
  object: 'company',
  identifier: 'company_id',
  fields: ['company_id', 'name', 'custom_attributes.tier'],
}

test('one call each, whether the company is new, exists, or its id is known', async () => {
  const { sandbox, clock, open } = await session({ attributes: ['company.tier:string'] })
  const [known] = sandbox.seed({
    companies: [{ company_id: 'c0' }, { company_id: 'c1' }],
  }).companies
  const target = await open(plan)
  const operations = [0, 1, 2, 3].map((number) =>
    operation(
      number,
      { company_id: `c${number}`, name: `Company ${number}`, 'custom_attributes.tier': 'gold' },
      number === 0 ? (known ?? null) : null,
    ),
  )
  const results = await runAll(clock, async () => {
    await target.prepare(never)
    return deliverAll(target, operations)
  })
  const companies = sandbox.contents().companies
  expect(results.map(({ id }) => id)).toEqual(companies.map(({ id }) => id))
  expect(companies).toHaveLength(4)
  expect(companies[3]).toMatchObject({ name: 'Company 3', custom_attributes: { tier: 'gold' } })
  expect(target.requests.byEndpoint).toEqual({ 'GET /data_attributes': 1, 'POST /companies': 4 })
})

test('two first writes at once: the one that loses is sent again', async () => {
  const { sandbox, clock, open } = await session()
  sandbox.faults.add({
    path: '/companies',
    fault: {
      kind: 'status',
      status: 400,
      code: 'unique_company_constraint',
      message: 'Company already exists.',
    },
  })
  const target = await open({ ...plan, fields: ['company_id'] })
  const one = [operation(0, { company_id: 'c1' })]
  const [first] = await runAll(clock, () => deliverAll(target, one))
  const [second] = await runAll(clock, () => deliverAll(target, one))
  expect(first).toMatchObject({ result: 'retry', failure: { code: 'conflict' } })
  expect(second).toMatchObject({ result: 'applied' })
})

test('an attribute whose name would be a property of every object is sent as any other', async () => {
  const { sandbox, clock, open } = await session()
  const target = await open({ ...plan, fields: ['company_id'] })
  const record = { company_id: 'c1', 'custom_attributes.__proto__': 'x' }
  await runAll(clock, () => deliverAll(target, [operation(0, record)]))
  const [request] = sandbox.requests().log
  expect(Object.getOwnPropertyNames(request?.body?.custom_attributes)).toEqual(['__proto__'])
})

/** An operation on a company that Intercom has, identified by Intercom's own id. */
function byId(id: string, record: TargetRecord, held: TargetRecord | null = null): Operation {
  return operation(0, record, id, { held })
}

const native = {
  object: 'company',
  identifier: 'id',
  fields: ['id', 'company_id', 'name'],
} as const

test('by id, what Intercom does not change there is refused instead of left out in silence', async () => {
  const { sandbox, clock, open } = await session()
  const [id = ''] = sandbox.seed({
    companies: [{ company_id: 'c1', remote_created_at: 1_600_000_000 }],
  }).companies
  const target = await open({ ...native, mode: 'update' })
  const deliver = (one: Operation) => runAll(clock, () => deliverAll(target, [one]))
  const same = { company_id: 'c1', remote_created_at: 1_600_000_000, name: 'N' }
  expect(await deliver(byId(id, same))).toEqual([{ result: 'applied', id, created: false }])
  for (const [field, value] of [
    ['company_id', 'c2'],
    ['remote_created_at', 1_700_000_000],
  ] as const) {
    const failure = { code: 'invalid_value', field }
    const before = target.requests.total
    const differing = { ...same, [field]: value }
    expect(await deliver(byId(id, differing))).toMatchObject([{ result: 'rejected', failure }])
    expect(await deliver(byId(id, differing, same))).toMatchObject([
      { result: 'rejected', failure },
    ])
    expect(target.requests.total - before).toBe(1)
  }
  expect(sandbox.contents().companies).toMatchObject([same])
})

test('by id, fields that are only for creation stay out of updates and belong to creations', async () => {
  const { sandbox, clock, open } = await session()
  const [id = ''] = sandbox.seed({ companies: [{ company_id: 'c1', plan: 'old' }] }).companies
  const target = await open({ ...native, createOnly: ['company_id', 'plan'] })
  const record = { company_id: 'c2', plan: 'new', name: 'N' }
  const results = await runAll(clock, () =>
    deliverAll(target, [operation(0, record, id, { kind: 'create' }), operation(1, record)]),
  )
  expect(results.map(({ result }) => result)).toEqual(['applied', 'applied'])
  expect(sandbox.contents().companies).toMatchObject([
    { company_id: 'c1', plan: 'old', name: 'N' },
    { company_id: 'c2', plan: 'new', name: 'N' },
  ])
})

test('by company_id, it costs a look to know whether a company is new to fields of creation', async () => {
  const { sandbox, clock, open } = await session()
  sandbox.seed({ companies: [{ company_id: 'c1', plan: 'old' }] })
  const target = await open({ ...plan, fields: ['company_id', 'plan'], createOnly: ['plan'] })
  const results = await runAll(clock, () =>
    deliverAll(target, [
      operation(0, { company_id: 'c1', plan: 'new' }),
      operation(1, { company_id: 'c2', plan: 'new' }),
    ]),
  )
  expect(results).toMatchObject([{ created: false }, { created: true }])
  expect(sandbox.contents().companies).toMatchObject([{ plan: 'old' }, { plan: 'new' }])
  expect(target.requests.byEndpoint).toEqual({ 'GET /companies': 2, 'POST /companies': 2 })
})

test('no company is created without company_id', async () => {
  const { sandbox, clock, open } = await session()
  for (const mode of ['upsert', 'insert'] as const) {
    const identifier = mode === 'upsert' ? 'id' : null
    const target = await open({ ...native, mode, identifier })
    const [result] = await runAll(clock, () => deliverAll(target, [operation(0, { name: 'N' })]))
    const failure = { code: 'missing_identifier', field: 'company_id' }
    expect(result).toMatchObject({ result: 'rejected', failure })
  }
  expect(sandbox.contents().companies).toEqual([])
})

test('rows that name one company take turns', async () => {
  const { sandbox, clock, open } = await session({ latency_ms: 50 })
  const target = await open({ ...native, mode: 'insert', identifier: null })
  const record = { company_id: 'c1', name: 'N' }
  const results = await runAll(clock, () =>
    deliverAll(target, [operation(0, record), operation(1, record)]),
  )
  expect(results).toMatchObject([
    { result: 'applied', created: true },
    { result: 'rejected', failure: { code: 'already_exists' } },
  ])
  expect(sandbox.contents().companies).toHaveLength(1)
})

test('an update by company_id never creates, not even to set remote_created_at', async () => {
  const { sandbox, clock, open } = await session()
  const [id = ''] = sandbox.seed({ companies: [{ company_id: 'c1' }] }).companies
  const fields = ['company_id', 'remote_created_at']
  const target = await open({ ...plan, mode: 'update', fields })
  const update = (ordinal: number, company_id: string, more: Partial<Operation>) =>
    operation(ordinal, { company_id, remote_created_at: 1_600_000_000 }, id, {
      kind: 'update',
      ...more,
    })
  const results = await runAll(clock, () =>
    deliverAll(target, [update(0, 'c1', {}), update(1, 'c2', { id: 'gone' })]),
  )
  expect(results).toMatchObject([
    { result: 'applied', id },
    { result: 'rejected', id: null, failure: { code: 'not_found', field: 'company_id' } },
  ])
  expect(sandbox.contents().companies).toMatchObject([
    { company_id: 'c1', remote_created_at: 1_600_000_000 },
  ])
})

for (const fault of [
  { kind: 'reset', applied: true },
  { kind: 'reset', applied: false },
  { kind: 'garbage', applied: true },
] as const) {
  const what = `${fault.kind}, ${fault.applied ? '' : 'not '}applied`

  test(`an insert whose answer was lost is no duplicate of itself (${what})`, async () => {
    const { sandbox, clock, open } = await session()
    sandbox.faults.add({ method: 'POST', path: '/companies', fault })
    const target = await open({ ...native, mode: 'insert', identifier: null })
    const one = [operation(0, { company_id: 'c1', name: 'N' })]
    const [first] = await runAll(clock, () => deliverAll(target, one))
    const [second] = await runAll(clock, () => deliverAll(target, one))
    expect(first).toMatchObject({ result: 'retry' })
    expect(second).toMatchObject({ result: 'applied', created: true })
    expect(sandbox.contents().companies).toMatchObject([{ company_id: 'c1', name: 'N' }])
  })

  for (const identifier of ['id', 'company_id'] as const) {
    test(`a deletion by ${identifier} whose answer was lost is done when sent again (${what})`, async () => {
      const { sandbox, clock, open } = await session()
      const [id = ''] = sandbox.seed({ companies: [{ company_id: 'c1' }] }).companies
      sandbox.faults.add({ method: 'DELETE', path: '/companies/{id}', fault })
      const target = await open({ ...native, mode: 'delete', identifier })
      const one = [
        identifier === 'id'
          ? operation(0, {}, id, { kind: 'delete' })
          : operation(0, { company_id: 'c1' }, null, { kind: 'delete' }),
      ]
      const [first] = await runAll(clock, () => deliverAll(target, one))
      const [second] = await runAll(clock, () => deliverAll(target, one))
      expect(first).toMatchObject({ result: 'retry' })
      expect(second).toEqual({ result: 'applied', id: null, created: false })
      expect(sandbox.contents().companies).toEqual([])
    })
  }
}

test('a company whose row left the query is deleted; if it is gone already, so much the better', async () => {
  const { sandbox, clock, open } = await session()
  const [id = ''] = sandbox.seed({
    companies: [{ company_id: 'c1' }, { company_id: 'c2' }],
  }).companies
  const target = await open(plan)
  const removal = { kind: 'delete', removal: true } as const
  const results = await runAll(clock, () =>
    deliverAll(target, [
      operation(0, { company_id: 'c1' }, id, removal),
      operation(1, { company_id: 'c9' }, 'gone', removal),
    ]),
  )
  const done = { result: 'applied', id: null, created: false }
  expect(results).toEqual([done, done])
  expect(sandbox.contents().companies).toMatchObject([{ company_id: 'c2' }])
})

test('an activation that only tags writes nothing else', async () => {
  const { sandbox, clock, open } = await session()
  const ids = sandbox.seed({ companies: [{ company_id: 'c1' }, { company_id: 'c2' }] }).companies
  const target = await open({ ...plan, mode: 'update', fields: ['company_id'], lists: ['tags'] })
  const tag = (ordinal: number, id: string | null) =>
    operation(ordinal, { company_id: `c${ordinal + 1}`, tags: ['VIP'] }, id, { kind: 'update' })
  const first = await runAll(clock, () => deliverAll(target, [tag(0, null), tag(1, null)]))
  expect(first).toMatchObject(ids.map((id) => ({ result: 'applied', id })))
  expect(sandbox.contents().companies).toMatchObject([{ tags: ['VIP'] }, { tags: ['VIP'] }])
  expect(target.requests.byEndpoint).toEqual({ 'GET /companies': 2, 'POST /tags': 1 })
})

test('a company that was made anew meanwhile gets all its tags', async () => {
  const { sandbox, clock, open } = await session()
  const [id = ''] = sandbox.seed({ companies: [{ company_id: 'c1' }] }).companies
  const target = await open({ ...plan, lists: ['tags'] })
  const [result] = await runAll(clock, () =>
    deliverAll(target, [
      operation(0, { company_id: 'c1', name: 'N', tags: ['a', 'b'] }, 'gone', {
        held: { company_id: 'c1', tags: ['a'] },
      }),
    ]),
  )
  expect(result).toMatchObject({ result: 'applied', id })
  expect([...(sandbox.contents().companies[0]?.tags ?? [])].sort()).toEqual(['a', 'b'])
})

test('monthly_spend is never cut off in silence, and never larger than Intercom takes', () => {
  const field = company.fields.find(({ name }) => name === 'monthly_spend')
  if (field === undefined) throw new Error('companies have no monthly_spend')
  const refused = (type: 'float' | 'decimal' | 'integer' | 'text', value: number | string) => {
    const cast = compileCast({ type }, field)
    return typeof cast === 'string' || isRefusal(cast(value))
  }
  expect(refused('float', 12)).toBe(false)
  expect(refused('integer', 2_147_483_647)).toBe(false)
  for (const [type, value] of [
    ['float', 12.5],
    ['decimal', '12.50'],
    ['text', '12.5'],
    ['integer', 2_147_483_648],
    ['float', Number.NaN],
  ] as const) {
    expect(refused(type, value)).toBe(true)
  }
})

test('what an earlier run may have done is no reason to fail', async () => {
  const { sandbox, clock, open } = await session()
  const begun = clock.now()
  await clock.advance(5_000)
  sandbox.seed({ companies: [{ company_id: 'ours' }] })
  const target = await open({ ...native, mode: 'insert', identifier: null })
  const removal = await open({ ...native, mode: 'delete', identifier: 'company_id' })
  const unanswered = (ordinal: number, company_id: string, unansweredSince: number | null) =>
    operation(ordinal, { company_id, name: 'N' }, null, { unansweredSince })
  const inserted = await runAll(clock, () =>
    deliverAll(target, [unanswered(0, 'ours', begun), unanswered(1, 'new', begun)]),
  )
  expect(inserted.map(({ result }) => result)).toEqual(['applied', 'applied'])
  const [tooLate] = await runAll(clock, () =>
    deliverAll(target, [unanswered(0, 'ours', begun + 600_000)]),
  )
  expect(tooLate).toMatchObject({ result: 'rejected', failure: { code: 'already_exists' } })
  const gone = { ...unanswered(0, 'gone', begun), kind: 'delete' } as const
  const [deleted] = await runAll(clock, () => deliverAll(removal, [gone]))
  expect(deleted).toEqual({ result: 'applied', id: null, created: false })
})
