import { expect, test } from 'vitest'
import { closeAfterEach, errorOf, start } from './harness.ts'

closeAfterEach()

const notFound = { status: 404, code: 'company_not_found', message: 'Company Not Found' }

test('a company is created, and updated by its company_id', async () => {
  const { call, sandbox } = await start({ attributes: ['company.tier:options(a|b)'] })
  const sent = { company_id: 'c1', name: 'Acme', website: 'acme.example', size: 12, plan: 'pro' }
  const created = await call('POST', '/companies', { ...sent, custom_attributes: { tier: 'a' } })
  expect(created.body).toMatchObject({ ...sent, plan: { type: 'plan', name: 'pro' } })
  const updated = await call('POST', '/companies', { company_id: 'c1', name: 'Acme Ltd' })
  expect(updated.body).toMatchObject({
    id: created.body.id,
    name: 'Acme Ltd',
    website: 'acme.example',
    custom_attributes: { tier: 'a' },
  })
  expect(sandbox.contents().companies).toHaveLength(1)
})

test('a company is found by company_id, by name and by its Intercom id', async () => {
  const { call, sandbox } = await start()
  const { companies } = sandbox.seed({ companies: [{ company_id: 'c/1', name: 'A & B' }] })
  for (const path of [
    `/companies?company_id=${encodeURIComponent('c/1')}`,
    `/companies?name=${encodeURIComponent('A & B')}`,
    `/companies/${companies[0]}`,
  ]) {
    expect((await call('GET', path)).body).toMatchObject({ type: 'company', id: companies[0] })
  }
  expect(errorOf(await call('GET', '/companies?company_id=c2'))).toEqual(notFound)
  expect(errorOf(await call('GET', '/companies/c1'))).toEqual(notFound)
  expect((await call('GET', '/companies')).status).toBe(400)
})

test('an update by Intercom id leaves company_id as it is', async () => {
  const { call, sandbox } = await start()
  const { companies } = sandbox.seed({ companies: [{ company_id: 'c1', name: 'Acme' }] })
  const path = `/companies/${companies[0]}`
  const { body } = await call('PUT', path, { company_id: 'c2', name: null, industry: 'Tools' })
  expect(body).toMatchObject({ company_id: 'c1', industry: 'Tools' })
  expect(body).not.toHaveProperty('name')
  expect(errorOf(await call('PUT', '/companies/none', { name: 'x' }))).toEqual(notFound)
})

test('a deleted company is gone, and its company_id makes a new one', async () => {
  const { call, sandbox } = await start()
  const { companies } = sandbox.seed({ companies: [{ company_id: 'c1' }] })
  const path = `/companies/${companies[0]}`
  const deleted = await call('DELETE', path)
  expect(deleted.body).toEqual({ id: companies[0], object: 'company', deleted: true })
  expect(errorOf(await call('GET', path))).toEqual(notFound)
  expect(errorOf(await call('DELETE', path))).toEqual(notFound)
  const again = await call('POST', '/companies', { company_id: 'c1' })
  expect(again.body.id).not.toBe(companies[0])
})

test.each([
  [12.99, 12],
  [-3.5, -3],
  [2_147_483_647, 2_147_483_647],
  [null, 0],
])('monthly_spend %d is kept as %d', async (sent, kept) => {
  const { call } = await start()
  const { body } = await call('POST', '/companies', { company_id: 'c1', monthly_spend: sent })
  expect(body.monthly_spend).toBe(kept)
})

test.each([
  [{ test: 'x' }, 'bad_request', "bad 'test' parameter"],
  [{ company_id: 'c1', custom: 1 }, 'bad_request', "bad 'custom' parameter"],
  [{ company_id: 7 }, 'type_mismatch', 'company_id has to be a string'],
  [{ company_id: 'c1', size: 1.5 }, 'type_mismatch', 'size has to be a whole number'],
  [{ company_id: 'c1', plan: { name: 'pro' } }, 'type_mismatch', 'plan has to be a string'],
  [
    { company_id: 'c1', monthly_spend: 2_147_483_648 },
    'parameter_invalid',
    'monthly_spend has to be 2147483647 at most',
  ],
  [
    { company_id: 'c1', custom_attributes: { nope: 1 } },
    'parameter_invalid',
    "Custom attribute 'nope' does not exist",
  ],
])('refuses %j', async (body, code, message) => {
  const { call, sandbox } = await start()
  expect(errorOf(await call('POST', '/companies', body))).toEqual({ status: 400, code, message })
  expect(sandbox.contents().companies).toHaveLength(0)
})

test('an update does not take what only a create takes', async () => {
  const { call, sandbox } = await start()
  const { companies } = sandbox.seed({ companies: [{ company_id: 'c1' }] })
  const answer = await call('PUT', `/companies/${companies[0]}`, { remote_created_at: 1 })
  expect(errorOf(answer).message).toBe("bad 'remote_created_at' parameter")
})
