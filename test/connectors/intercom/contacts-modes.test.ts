import { afterEach, describe, expect, test } from 'vitest'
import { byEmail, byExternalId, deliverOne, person, unknown, update } from './contact-tries.ts'
import { closeAll, operation, type PlanInput, session } from './harness.ts'

afterEach(closeAll)

describe('insert', () => {
  const plan: PlanInput = { ...byExternalId, mode: 'insert', identifier: null }

  test('a lost answer is no failure: what was created just now is known by its time', async () => {
    const here = await session()
    here.sandbox.faults.add({
      method: 'POST',
      path: '/contacts',
      fault: { kind: 'reset', applied: true },
    })
    const { result, calls } = await deliverOne(here, plan, operation(0, person), 2)
    const [contact] = here.sandbox.contents().contacts
    expect(result).toEqual({ result: 'applied', id: contact?.id, created: true })
    expect(calls).toEqual({ 'POST /contacts': 2, 'GET /contacts/{id}': 1 })
  })

  test('a lost answer to a create that was refused is no success', async () => {
    const here = await session()
    const created_at = Math.floor(here.clock.now() / 1000) - 3600
    here.sandbox.seed({ contacts: [{ ...person, name: 'Old', created_at }] })
    here.sandbox.faults.add({
      method: 'POST',
      path: '/contacts',
      fault: { kind: 'reset', applied: true },
    })
    const { result } = await deliverOne(here, plan, operation(0, person), 2)
    expect(result).toMatchObject({ result: 'rejected', failure: { code: 'already_exists' } })
    expect(here.sandbox.contents().contacts).toMatchObject([{ name: 'Old' }])
  })

  test('what a run that was cut off has created is its own', async () => {
    const here = await session()
    const began = here.clock.now()
    const [id] = here.sandbox.seed({ contacts: [person] }).contacts
    const task = operation(0, person, null, { unansweredSince: began })
    const { result } = await deliverOne(here, plan, task)
    expect(result).toEqual({ result: 'applied', id, created: true })
  })

  test('one whose lists failed after it was created is not created again', async () => {
    const here = await session()
    const [id = ''] = here.sandbox.seed({ contacts: [person] }).contacts
    const task = operation(0, person, id, { held: { tags: [] } })
    const { result, calls } = await deliverOne(here, plan, task)
    expect(result).toEqual({ result: 'applied', id, created: false })
    expect(calls).toEqual({})
  })

  for (const role of ['user', 'lead'] as const) {
    test(`a ${role} that millrace archived is brought back when its row returns`, async () => {
      const here = await session()
      const before = { ...person, role, name: 'Old', state: 'archived' as const }
      const [id = ''] = here.sandbox.seed({ contacts: [before] }).contacts
      const task = update({ ...person, role }, id, { archivedByUs: true })
      const { result } = await deliverOne(here, plan, task)
      expect(result).toEqual({ result: 'applied', id, created: false })
      expect(here.sandbox.contents().contacts).toMatchObject([{ id, state: 'active', name: 'New' }])
    })
  }

  test('neither external_id nor email: nothing that could be found again', async () => {
    const here = await session()
    const { result, calls } = await deliverOne(here, plan, operation(0, { name: 'Nobody' }))
    expect(result).toMatchObject({ failure: { code: 'missing_identifier' } })
    expect(calls).toEqual({})
  })
})

describe('update', () => {
  const plan: PlanInput = { ...byExternalId, mode: 'update' }

  test('a contact that the search does not show yet is found all the same by external_id', async () => {
    const here = await session({ search_lag_ms: 600_000 })
    await deliverOne(here, byExternalId, operation(0, { ...person, name: 'Old' }))
    const task = update(person, null, { held: null })
    const { result, calls } = await deliverOne(here, plan, task)
    expect(result).toMatchObject({ result: 'applied', created: false })
    expect(calls).toEqual({
      'POST /contacts/search': 1,
      'GET /contacts/find_by_external_id/{external_id}': 1,
      'PUT /contacts/{id}': 1,
    })
  })

  test('an id that is gone is forgotten, and the contact found by its identifier', async () => {
    const here = await session()
    const [id] = here.sandbox.seed({ contacts: [{ ...person, name: 'Old' }] }).contacts
    const { result } = await deliverOne(here, plan, update(person, unknown))
    expect(result).toEqual({ result: 'applied', id, created: false })
  })

  test('an external_id that another contact holds is a conflict', async () => {
    const here = await session()
    const contacts = [person, { external_id: 'u2', email: 'p2@example.com' }]
    const ids = here.sandbox.seed({ contacts }).contacts
    const record = { email: 'p1@example.com', external_id: 'u2' }
    const { result, calls } = await deliverOne(
      here,
      { ...byEmail, mode: 'update' },
      update(record, ids[0] ?? null),
    )
    expect(result).toMatchObject({ result: 'rejected', failure: { code: 'conflict' } })
    expect(calls).toEqual({ 'PUT /contacts/{id}': 1 })
  })

  test('with nothing but the identifier mapped a contact that is found needs no write', async () => {
    const here = await session()
    const [id] = here.sandbox.seed({ contacts: [person] }).contacts
    const task = update({ external_id: 'u1' }, null, { held: null })
    const { result, calls } = await deliverOne(here, { ...plan, fields: ['external_id'] }, task)
    expect(result).toEqual({ result: 'applied', id, created: false })
    expect(calls).toEqual({ 'POST /contacts/search': 1 })
  })
})
