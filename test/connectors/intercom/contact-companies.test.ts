import { afterEach, expect, test } from 'vitest'
import type { Operation } from '../../../src/connector/index.ts'
import { closeAll, deliverAll, operation, runAll, session } from './harness.ts'

afterEach(closeAll)

const plan = {
  object: 'contact',
  identifier: 'external_id',
  fields: ['external_id'],
  lists: ['companies'],
} as const

const attach = 'POST /contacts/{id}/companies'
const detach = 'DELETE /contacts/{id}/companies/{id}'

/** An operation of a known contact of which only the companies differ. */
function moved(
  ordinal: number,
  id: string,
  companies: readonly string[],
  held: readonly string[] = [],
): Operation {
  const external_id = `u${ordinal}`
  return operation(ordinal, { external_id, companies }, id, {
    changed: ['companies'],
    held: { external_id, companies: held },
  })
}

function people(count: number, companies: string[] = []) {
  return Array.from({ length: count }, (_, index) => ({ external_id: `u${index}`, companies }))
}

function named(...ids: string[]) {
  return ids.map((company_id) => ({ company_id }))
}

test('one call per change, and one to learn each company that nobody knows', async () => {
  const { sandbox, clock, open } = await session()
  const companies = named('old', 'new', 'theirs')
  const seed = { companies, contacts: people(100, ['old', 'theirs']) }
  const ids = sandbox.seed(seed).contacts
  const target = await open(plan)
  const results = await runAll(clock, () =>
    deliverAll(
      target,
      ids.map((id, ordinal) => moved(ordinal, id, ['new'], ['old'])),
    ),
  )
  expect(results.every(({ result }) => result === 'applied')).toBe(true)
  const held = sandbox.contents().contacts.map((contact) => [...contact.companies].sort().join())
  expect(new Set(held)).toEqual(new Set(['new,theirs']))
  expect(target.requests.byEndpoint).toEqual({ 'GET /companies': 2, [attach]: 100, [detach]: 100 })
})

test('a company that a company activation wrote is not looked up', async () => {
  const { sandbox, clock, open, know } = await session()
  const seeded = sandbox.seed({ companies: named('c1'), contacts: people(1) })
  know('company', 'company_id', 'c1', seeded.companies[0] as string)
  const target = await open(plan)
  await runAll(clock, () => deliverAll(target, [moved(0, seeded.contacts[0] as string, ['c1'])]))
  expect(sandbox.contents().contacts[0]?.companies).toEqual(['c1'])
  expect(target.requests.byEndpoint).toEqual({ [attach]: 1 })
})

test('an id that was learnt and is gone is looked up once, for all who need it', async () => {
  const { sandbox, clock, open, know } = await session()
  const ids = sandbox.seed({ companies: named('c1'), contacts: people(3) }).contacts
  know('company', 'company_id', 'c1', 'gone')
  const target = await open(plan)
  const results = await runAll(clock, () =>
    deliverAll(
      target,
      ids.map((id, ordinal) => moved(ordinal, id, ['c1'])),
    ),
  )
  expect(results.map(({ result }) => result)).toEqual(['applied', 'applied', 'applied'])
  expect(sandbox.contents().contacts.map(({ companies }) => companies)).toEqual([
    ['c1'],
    ['c1'],
    ['c1'],
  ])
  expect(target.requests.byEndpoint).toEqual({ 'GET /companies': 1, [attach]: 6 })
})

test('a company that Intercom does not have fails the rows that name it, after one look', async () => {
  const { sandbox, clock, open } = await session()
  const ids = sandbox.seed({ companies: named('c1'), contacts: people(3) }).contacts
  const target = await open(plan)
  const results = await runAll(clock, () =>
    deliverAll(target, [
      moved(0, ids[0] as string, ['c1', 'missing']),
      moved(1, ids[1] as string, ['missing']),
      moved(2, ids[2] as string, ['c1']),
    ]),
  )
  const failure = { code: 'not_found', field: 'companies' }
  expect(results[0]).toMatchObject({ result: 'rejected', failure, held: { companies: ['c1'] } })
  expect(results[1]).toMatchObject({ result: 'rejected', failure, held: { companies: [] } })
  expect(results[2]).toMatchObject({ result: 'applied' })
  expect(JSON.stringify(results[0]?.result === 'rejected' && results[0].failure)).not.toContain(
    '"missing"',
  )
  expect(target.requests.byEndpoint).toEqual({ 'GET /companies': 2, [attach]: 2 })
})

test('missing companies are created once where the activation says so', async () => {
  const { sandbox, clock, open } = await session()
  const ids = sandbox.seed({ contacts: people(60) }).contacts
  const target = await open({ ...plan, createMissingCompanies: true })
  await runAll(clock, () =>
    deliverAll(
      target,
      ids.map((id, ordinal) => moved(ordinal, id, ['acme'])),
    ),
  )
  expect(sandbox.contents().companies).toMatchObject([{ company_id: 'acme', name: 'acme' }])
  expect(sandbox.contents().contacts.every(({ companies }) => companies.join() === 'acme')).toBe(
    true,
  )
  expect(target.requests.byEndpoint).toEqual({
    'GET /companies': 1,
    'POST /companies': 1,
    [attach]: 60,
  })
})

test('a company that shall only be left is never created', async () => {
  const { sandbox, clock, open } = await session()
  const [id = ''] = sandbox.seed({ contacts: people(1) }).contacts
  const target = await open({ ...plan, createMissingCompanies: true })
  const [result] = await runAll(clock, () => deliverAll(target, [moved(0, id, [], ['gone'])]))
  expect(result).toMatchObject({ result: 'applied' })
  expect(sandbox.contents().companies).toEqual([])
  expect(target.requests.byEndpoint).toEqual({ 'GET /companies': 1 })
})

test('companies that somebody detached or deleted are left as wanted', async () => {
  const { sandbox, clock, open, know } = await session()
  const [id = ''] = sandbox.seed({ companies: named('left'), contacts: people(1) }).contacts
  know('company', 'company_id', 'deleted', 'gone')
  const target = await open(plan)
  const [result] = await runAll(clock, () =>
    deliverAll(target, [moved(0, id, [], ['deleted', 'left'])]),
  )
  expect(result).toMatchObject({ result: 'applied' })
  expect(target.requests.byEndpoint).toEqual({ 'GET /companies': 1, [detach]: 2 })
})

test('a contact with all the companies that it may have can exchange one, and gets no further', async () => {
  const { sandbox, clock, open } = await session({ companies_per_contact: 2 })
  const companies = named('c1', 'c2', 'c3', 'c4')
  const ids = sandbox.seed({ companies, contacts: people(2, ['c1', 'c2']) }).contacts
  const target = await open(plan)
  const results = await runAll(clock, () =>
    deliverAll(target, [
      moved(0, ids[0] as string, ['c3'], ['c2']),
      moved(1, ids[1] as string, ['c3'], []),
    ]),
  )
  expect(results[0]).toMatchObject({ result: 'applied' })
  expect(results[1]).toMatchObject({
    result: 'rejected',
    failure: { code: 'limit_reached', field: 'companies' },
    held: { companies: [] },
  })
  expect(sandbox.contents().contacts.map((each) => [...each.companies].sort())).toEqual([
    ['c1', 'c3'],
    ['c1', 'c2'],
  ])
})

test('a new contact is attached after it was created; one that is gone is made anew with all its companies', async () => {
  const { sandbox, clock, open } = await session()
  sandbox.seed({ companies: named('c1', 'c2') })
  const target = await open(plan)
  const results = await runAll(clock, () =>
    deliverAll(target, [
      operation(0, { external_id: 'u0', companies: ['c1', 'c2'] }),
      operation(1, { external_id: 'u1', companies: ['c1', 'c2'] }, 'gone', {
        held: { external_id: 'u1', companies: ['c1'] },
      }),
    ]),
  )
  expect(results).toMatchObject([
    { result: 'applied', created: true },
    { result: 'applied', created: true },
  ])
  expect(sandbox.contents().contacts.map((each) => [...each.companies].sort())).toEqual([
    ['c1', 'c2'],
    ['c1', 'c2'],
  ])
})

test('a contact that disappeared meanwhile is looked up anew', async () => {
  const { sandbox, clock, open } = await session()
  sandbox.seed({ companies: named('c1') })
  const target = await open(plan)
  const [result] = await runAll(clock, () => deliverAll(target, [moved(0, 'gone', ['c1'])]))
  expect(result).toMatchObject({ result: 'retry', id: null, failure: { code: 'not_found' } })
})

test('stopped in between, a contact tells what it holds by then', async () => {
  const { sandbox, clock, open } = await session()
  const [id = ''] = sandbox.seed({
    companies: named('c1', 'c2'),
    contacts: people(1, ['c1']),
  }).contacts
  const stop = new AbortController()
  const target = await open(plan)
  sandbox.faults.add({ path: detach.slice(7), fault: { kind: 'slow', milliseconds: 100 } })
  const stopping = clock.sleep(50).then(() => stop.abort())
  const [result] = await runAll(clock, () =>
    deliverAll(target, [moved(0, id, ['c2'], ['c1'])], stop.signal),
  )
  await stopping
  expect(result).toMatchObject({
    result: 'retry',
    failure: { code: 'not_attempted' },
    held: { companies: [] },
  })
  expect(sandbox.contents().contacts[0]?.companies).toEqual([])
})

test('a token that may not tag stops the run, and what was written is told', async () => {
  const { sandbox, clock, open } = await session({ without_scopes: ['write_tags'] })
  sandbox.seed({ companies: named('c1') })
  const target = await open({ ...plan, lists: ['tags', 'companies'] })
  const work = runAll(clock, () =>
    deliverAll(target, [operation(0, { external_id: 'u0', companies: ['c1'], tags: ['VIP'] })]),
  )
  const error = await work.then(
    () => null,
    (thrown: Error & { results: unknown[] }) => thrown,
  )
  expect(error?.name).toBe('StopRunError')
  const [contact] = sandbox.contents().contacts
  expect(error?.results).toMatchObject([{ result: 'retry', id: contact?.id }])
})

test('of a merged contact, rows that are there are looked up anew and rows that left follow the survivor', async () => {
  const { sandbox, clock, open } = await session()
  const merged = { state: 'merged', merged_into: 'survivor' } as const
  sandbox.seed({
    companies: named('c1', 'c2'),
    contacts: [
      { id: 'survivor', external_id: 'u9', companies: ['c1', 'c2'], tags: ['mine', 'theirs'] },
      { ...merged, id: 'stays', external_id: 'u0' },
      { ...merged, id: 'left', external_id: 'u1' },
    ],
  })
  const target = await open({ ...plan, lists: ['tags', 'companies'] })
  const deliver = (operations: readonly Operation[]) =>
    runAll(clock, () => deliverAll(target, operations))
  const left = operation(1, { companies: [], tags: [] }, 'left', {
    kind: 'untag',
    removal: true,
    held: { companies: ['c1'], tags: ['mine'] },
  })
  const [stays, follows] = await deliver([moved(0, 'stays', ['c1']), left])
  expect(stays).toMatchObject({ result: 'retry', id: null, failure: { code: 'merged' } })
  expect(follows).toMatchObject({
    result: 'retry',
    id: 'survivor',
    held: { companies: ['c1'], tags: ['mine'] },
  })
  const [, again] = await deliver([{ ...left, id: 'survivor' }])
  expect(again).toMatchObject({ result: 'applied', id: 'survivor' })
  const [contact] = sandbox.contents().contacts
  expect(contact).toMatchObject({ companies: ['c2'], tags: ['theirs'] })
})
