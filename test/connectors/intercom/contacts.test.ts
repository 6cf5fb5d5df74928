import { afterEach, describe, expect, test } from 'vitest'
import type { Delivery, Operation, TargetRecord } from '../../../src/connector/index.ts'
import { closeAll, deliverAll, never, operation, runAll, type Session, session } from './harness.ts'

afterEach(closeAll)

const byExternalId = {
  object: 'contact',
  identifier: 'external_id',
  fields: ['external_id', 'email', 'name'],
}
const byEmail = { object: 'contact', identifier: 'email', fields: ['email', 'external_id', 'name'] }

function person(number: number) {
  return { external_id: `u${number}`, email: `p${number}@example.com`, name: `Person ${number}` }
}

function people(count: number) {
  return Array.from({ length: count }, (_, number) => person(number))
}

/** Delivers one record and says what came of it and which requests it took. */
async function deliverOne(
  { sandbox, clock, open }: Session,
  plan: typeof byEmail,
  record: TargetRecord,
  id: string | null = null,
): Promise<{ result: Delivery | undefined; calls: Readonly<Record<string, number>> }> {
  sandbox.forgetRequests()
  const target = await open(plan)
  const [result] = await runAll(clock, () => deliverAll(target, [operation(0, record, id)]))
  return { result, calls: sandbox.requests().byEndpoint }
}

/** Delivers operations in whole batches and returns the results with the number of calls. */
async function deliverMany({ clock, open }: Session, plan: typeof byEmail, list: Operation[]) {
  const target = await open(plan)
  const results = await runAll(clock, async () => {
    await target.prepare(never)
    return deliverAll(target, list)
  })
  return { results, total: target.requests.total, calls: target.requests.byEndpoint }
}

describe('what each case costs', () => {
  test('new contacts: one call each and one search per fifty', async () => {
    const here = await session()
    const operations = people(300).map((record, at) => operation(at, record))
    const { results, calls } = await deliverMany(here, byExternalId, operations)
    expect(results.every((result) => result.result === 'applied' && result.created)).toBe(true)
    expect(here.sandbox.contents().contacts).toHaveLength(300)
    expect(calls).toEqual({ 'POST /contacts/search': 6, 'POST /contacts': 300 })
  })

  test('a known id: one call', async () => {
    const here = await session()
    const ids = here.sandbox.seed({ contacts: people(200) }).contacts
    const operations = ids.map((id, at) => operation(at, { ...person(at), name: 'New' }, id))
    const { results, calls } = await deliverMany(here, byExternalId, operations)
    expect(results).toEqual(ids.map((id) => ({ result: 'applied', id, created: false })))
    expect(calls).toEqual({ 'PUT /contacts/{id}': 200 })
    expect(here.sandbox.contents().contacts.every(({ name }) => name === 'New')).toBe(true)
  })

  for (const plan of [byExternalId, byEmail]) {
    test(`contacts that exist, met for the first time by ${plan.identifier}: 1.02 calls`, async () => {
      const here = await session({ search_lag_ms: 60_000 })
      const ids = here.sandbox.seed({ contacts: people(500) }).contacts
      const operations = people(500).map((record, at) => operation(at, record))
      const { results, total } = await deliverMany(here, plan, operations)
      expect(results).toEqual(ids.map((id) => ({ result: 'applied', id, created: false })))
      expect(total).toBe(510)
      expect(here.sandbox.contents().contacts).toHaveLength(500)
    })
  }

  test('contacts that the search does not show yet: repaired through the 409', async () => {
    const here = await session({ search_lag_ms: 600_000 })
    const operations = people(100).map((record, at) => operation(at, record))
    const first = await deliverMany(here, byExternalId, operations)
    const again = await deliverMany(here, byExternalId, operations)
    expect(again.results.map(({ id }) => id)).toEqual(first.results.map(({ id }) => id))
    expect(again.calls).toEqual({
      'POST /contacts/search': 2,
      'POST /contacts': 100,
      'GET /contacts/{id}': 100,
      'PUT /contacts/{id}': 100,
    })
    expect(here.sandbox.contents().contacts).toHaveLength(100)
  })

  test('without an email the 409 can only mean the external id: no look at the contact', async () => {
    const here = await session({ search_lag_ms: 600_000 })
    await deliverOne(here, byExternalId, { external_id: 'u1' })
    const { result, calls } = await deliverOne(here, byExternalId, { external_id: 'u1', name: 'N' })
    expect(result).toMatchObject({ result: 'applied', created: false })
    expect(calls).toEqual({
      'POST /contacts/search': 1,
      'POST /contacts': 1,
      'PUT /contacts/{id}': 1,
    })
  })
})

describe('identified by email', () => {
  test('a new contact is created without its external id, which follows', async () => {
    const here = await session()
    const { result, calls } = await deliverOne(here, byEmail, person(1))
    expect(result).toMatchObject({ result: 'applied', created: true })
    expect(calls).toEqual({
      'POST /contacts/search': 1,
      'GET /contacts/find_by_external_id/{external_id}': 1,
      'POST /contacts': 1,
      'PUT /contacts/{id}': 1,
    })
    expect(here.sandbox.contents().contacts).toMatchObject([{ external_id: 'u1' }])
  })

  test('leaves no half contact behind where somebody has the external id', async () => {
    const here = await session()
    here.sandbox.seed({ contacts: [{ external_id: 'u1', email: 'old@example.com' }] })
    const { result } = await deliverOne(here, byEmail, person(1))
    expect(result).toMatchObject({
      result: 'rejected',
      failure: { code: 'conflict', field: 'external_id' },
    })
    expect(here.sandbox.contents().contacts).toHaveLength(1)
  })

  test('never makes a second contact of an email that the search does not show yet', async () => {
    const here = await session({ search_lag_ms: 600_000, email_adoption: 'duplicate' })
    await deliverOne(here, byEmail, { email: 'p1@example.com' })
    const { result } = await deliverOne(here, byEmail, person(1))
    expect(result).toMatchObject({ result: 'applied', created: false })
    expect(here.sandbox.contents().contacts).toMatchObject([{ external_id: 'u1' }])
  })

  test('an email is found whatever its letter case', async () => {
    const here = await session()
    const [id] = here.sandbox.seed({ contacts: [{ email: 'p1@example.com' }] }).contacts
    const { result } = await deliverOne(here, byEmail, { email: 'P1@Example.com', name: 'P' })
    expect(result).toEqual({ result: 'applied', id, created: false })
  })

  test('several contacts with the email are a conflict that names how many', async () => {
    const here = await session()
    const email = 'shared@example.com'
    const contacts = [1, 2, 3].map((number) => ({ external_id: `u${number}`, email }))
    here.sandbox.seed({ contacts })
    const { result, calls } = await deliverOne(here, byEmail, { email })
    expect(result).toMatchObject({
      result: 'rejected',
      failure: { code: 'conflict', message: expect.stringContaining('3 contacts') },
    })
    expect(calls).toEqual({ 'POST /contacts/search': 1 })
  })

  test('leads with the email are left alone', async () => {
    const here = await session()
    here.sandbox.seed({ contacts: [{ role: 'lead', email: 'p1@example.com', external_id: 'x' }] })
    const { result } = await deliverOne(here, byEmail, { email: 'p1@example.com' })
    expect(result).toMatchObject({ result: 'applied', created: true })
    expect(here.sandbox.contents().contacts.map(({ role }) => role)).toEqual(['lead', 'user'])
  })
})

describe('contacts in the way', () => {
  for (const state of ['archived', 'deleted'] as const) {
    test(`an ${state} contact is a failure of its own, and its id is learnt`, async () => {
      const here = await session()
      const [id] = here.sandbox.seed({ contacts: [{ ...person(1), state }] }).contacts
      const { result } = await deliverOne(here, byExternalId, person(1))
      expect(result).toMatchObject({ result: 'rejected', id, failure: { code: 'archived' } })
    })
  }

  test('an email that belongs to somebody without an external id: the contact is adopted', async () => {
    const here = await session({ email_adoption: 'conflict' })
    const [id] = here.sandbox.seed({ contacts: [{ email: 'p1@example.com' }] }).contacts
    const { result } = await deliverOne(here, byExternalId, person(1))
    expect(result).toEqual({ result: 'applied', id, created: false })
    expect(here.sandbox.contents().contacts).toMatchObject([{ external_id: 'u1' }])
  })

  test('a 409 that names another person is not followed', async () => {
    const here = await session()
    const other = { external_id: 'other', email: 'p1@example.com', name: 'Other' }
    const [id] = here.sandbox.seed({ contacts: [other] }).contacts
    here.sandbox.faults.add({
      method: 'POST',
      path: '/contacts',
      fault: {
        kind: 'status',
        status: 409,
        code: 'conflict',
        message: `A contact matching those details already exists with id=${id}`,
      },
    })
    const { result } = await deliverOne(here, byExternalId, person(1))
    expect(result).toMatchObject({
      result: 'rejected',
      failure: { code: 'conflict', field: 'email', httpStatus: 409 },
    })
    expect(result?.id).toBeUndefined()
    expect(here.sandbox.contents().contacts).toMatchObject([other])
  })

  test('an id learnt from an archived contact is not written to once it proves to be of another person', async () => {
    const here = await session()
    const other = { external_id: 'other', email: 'p1@example.com', name: 'Other' }
    const [id] = here.sandbox.seed({ contacts: [other] }).contacts
    const learnt = operation(0, person(1), id, { kind: 'create' })
    const { results, calls } = await deliverMany(here, byExternalId, [learnt])
    const contacts = here.sandbox.contents().contacts
    expect(results).toMatchObject([{ result: 'applied', id: contacts[1]?.id, created: true }])
    expect(contacts).toMatchObject([other, person(1)])
    expect(calls).toEqual({ 'GET /contacts/{id}': 1, 'POST /contacts': 1 })
  })

  test('an id learnt from a refusal is used if its contact is the one that is meant', async () => {
    const here = await session()
    const [id] = here.sandbox.seed({ contacts: [{ ...person(1), name: 'Old' }] }).contacts
    const learnt = operation(0, person(1), id, { kind: 'create' })
    const { results, calls } = await deliverMany(here, byExternalId, [learnt])
    expect(results).toEqual([{ result: 'applied', id, created: false }])
    expect(calls).toEqual({ 'GET /contacts/{id}': 1, 'PUT /contacts/{id}': 1 })
  })

  test('a change of external id to one that somebody holds is a conflict, not a loop', async () => {
    const here = await session()
    const seeded = here.sandbox.seed({ contacts: [person(1), person(2)] }).contacts
    const record = { email: 'p1@example.com', external_id: 'u2' }
    const { result, calls } = await deliverOne(here, byEmail, record, seeded[0])
    expect(result).toMatchObject({ result: 'rejected', failure: { code: 'conflict' } })
    expect(calls).toEqual({ 'PUT /contacts/{id}': 1 })
  })
})

describe('ids that are no longer right', () => {
  test('a contact that is gone is created anew, and the id learnt', async () => {
    const here = await session()
    const gone = '0123456789abcdef01234567'
    const { result, calls } = await deliverOne(here, byExternalId, person(1), gone)
    const [contact] = here.sandbox.contents().contacts
    expect(result).toEqual({ result: 'applied', id: contact?.id, created: true })
    expect(calls).toEqual({
      'PUT /contacts/{id}': 1,
      'GET /contacts/{id}': 1,
      'POST /contacts': 1,
    })
  })

  test('where creating is refused the wrong id is forgotten', async () => {
    const here = await session()
    here.sandbox.faults.add({
      method: 'POST',
      path: '/contacts',
      fault: { kind: 'status', status: 400, code: 'parameter_invalid', message: 'name is odd' },
    })
    const { result } = await deliverOne(here, byExternalId, person(1), '0123456789abcdef01234567')
    expect(result).toMatchObject({ result: 'rejected', id: null })
  })

  test('a merged contact is followed to the survivor', async () => {
    const here = await session()
    const [survivor] = here.sandbox.seed({ contacts: [person(1)] }).contacts
    here.sandbox.faults.add({
      method: 'PUT',
      path: '/contacts/aaaaaaaaaaaaaaaaaaaaaaaa',
      fault: {
        kind: 'status',
        status: 410,
        code: 'contact_merged',
        headers: { Link: `</contacts/${survivor}>; rel="canonical"` },
      },
    })
    const { result } = await deliverOne(here, byExternalId, person(1), 'aaaaaaaaaaaaaaaaaaaaaaaa')
    expect(result).toEqual({ result: 'applied', id: survivor, created: false })
  })

  test('four merges in a row are not followed', async () => {
    const here = await session()
    here.sandbox.faults.add({
      method: 'PUT',
      times: null,
      fault: {
        kind: 'status',
        status: 410,
        code: 'contact_merged',
        headers: { Link: '</contacts/bbbbbbbbbbbbbbbbbbbbbbbb>; rel="canonical"' },
      },
    })
    const { result, calls } = await deliverOne(here, byExternalId, person(1), 'aaaaaaaaaaaa')
    expect(result).toMatchObject({ result: 'rejected', failure: { code: 'merged' } })
    expect(calls).toEqual({ 'GET /contacts/{id}': 3, 'PUT /contacts/{id}': 4 })
  })
})

test('null clears, except an external id, which stays', async () => {
  const here = await session()
  const [id] = here.sandbox.seed({ contacts: [person(1)] }).contacts
  await deliverOne(here, byExternalId, { external_id: null, email: null, name: null }, id)
  const [contact] = here.sandbox.contents().contacts
  expect(contact).toMatchObject({ external_id: 'u1', email: null, name: null })
})

test('a refused search is done without: the 409s find what exists', async () => {
  const here = await session()
  const ids = here.sandbox.seed({ contacts: people(60) }).contacts
  here.sandbox.faults.add({
    path: '/contacts/search',
    times: null,
    fault: { kind: 'status', status: 400, code: 'parameter_invalid', message: 'too many' },
  })
  const operations = people(60).map((record, at) => operation(at, record))
  const { results } = await deliverMany(here, byExternalId, operations)
  expect(results.map(({ id }) => id)).toEqual(ids)
  expect(here.notices).toHaveLength(1)
})

test('a search that fails leaves its batch to be tried again', async () => {
  const here = await session()
  here.sandbox.faults.add({
    path: '/contacts/search',
    fault: { kind: 'status', status: 503, body: 'html' },
  })
  const operations = people(50).map((record, at) => operation(at, record))
  const { results, total } = await deliverMany(here, byExternalId, operations)
  expect(results).toHaveLength(50)
  expect(results.every(({ result }) => result === 'retry')).toBe(true)
  expect(total).toBe(1)
})
