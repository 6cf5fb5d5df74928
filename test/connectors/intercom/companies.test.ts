import { afterEach, expect, test } from 'vitest'
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
