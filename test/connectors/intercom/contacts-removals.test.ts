import { afterEach, describe, expect, test } from 'vitest'
import { byEmail, byExternalId, deliverOne, person, removal, update } from './contact-tries.ts'
import { closeAll, deliverAll, operation, type PlanInput, runAll, session } from './harness.ts'

afterEach(closeAll)

describe('removals', () => {
  for (const kind of ['delete', 'archive'] as const) {
    test(`${kind}: one call, and what is not there any more is as wanted`, async () => {
      const here = await session()
      const [id] = here.sandbox.seed({ contacts: [person] }).contacts
      const { result, calls } = await deliverOne(here, byExternalId, removal(kind, id ?? null), 2)
      expect(result).toMatchObject({ result: 'applied', created: false })
      expect(Object.values(calls)).toEqual([2])
      const state = kind === 'delete' ? 'deleted' : 'archived'
      expect(here.sandbox.contents().contacts).toMatchObject([{ state }])
    })
  }

  for (const object of ['contact', 'company'] as const) {
    test(`${object}: one that was identified by an id that led nowhere is gone`, async () => {
      const here = await session()
      const plan: PlanInput = { object, mode: 'update', identifier: 'id', fields: ['id', 'name'] }
      const left = { ...removal('delete', null), record: {} }
      const { result, calls } = await deliverOne(here, plan, left)
      expect(result).toEqual({ result: 'applied', id: null, created: false })
      expect(calls).toEqual({})
    })
  }

  test('an id that is not known is asked for where the answer is certain', async () => {
    const here = await session()
    here.sandbox.seed({ contacts: [person] })
    const { result, calls } = await deliverOne(here, byExternalId, removal('archive', null))
    expect(result).toMatchObject({ result: 'applied' })
    expect(calls).toEqual({
      'GET /contacts/find_by_external_id/{external_id}': 1,
      'POST /contacts/{id}/archive': 1,
    })
  })

  test('by email: a contact that has another email by now is not deleted', async () => {
    const here = await session({ search_lag_ms: 60_000 })
    const [id] = here.sandbox.seed({ contacts: [person] }).contacts
    await deliverOne(
      here,
      byExternalId,
      update({ ...person, email: 'new@example.com' }, id ?? null),
    )
    const plan: PlanInput = { ...byEmail, mode: 'delete', fields: ['email'] }
    const task = operation(0, { email: person.email }, null, { kind: 'delete' })
    const { result } = await deliverOne(here, plan, task)
    expect(result).toMatchObject({ result: 'rejected', failure: { code: 'not_found' } })
    expect(here.sandbox.contents().contacts).toMatchObject([{ state: 'active' }])
  })

  test('before version 2.13 the search finds the contact, and a look makes sure', async () => {
    const here = await session()
    here.sandbox.seed({ contacts: [person] })
    here.sandbox.forgetRequests()
    const target = await here.open({ ...byExternalId, mode: 'delete' }, { api_version: '2.12' })
    const task = operation(0, { external_id: 'u1' }, null, { kind: 'delete' })
    const [result] = await runAll(here.clock, () => deliverAll(target, [task]))
    expect(result).toMatchObject({ result: 'applied' })
    expect(target.requests.byEndpoint).toEqual({
      'POST /contacts/search': 1,
      'GET /contacts/{id}': 1,
      'DELETE /contacts/{id}': 1,
    })
  })

  test('a lost answer to a deletion by id is not taken for an unknown id', async () => {
    const here = await session()
    const [id = ''] = here.sandbox.seed({ contacts: [person] }).contacts
    here.sandbox.faults.add({ method: 'DELETE', fault: { kind: 'reset', applied: true } })
    const plan: PlanInput = { object: 'contact', mode: 'delete', identifier: 'id', fields: ['id'] }
    const task = operation(0, {}, id, { kind: 'delete' })
    const { result, calls } = await deliverOne(here, plan, task, 2)
    expect(result).toEqual({ result: 'applied', id: null, created: false })
    expect(calls).toEqual({ 'DELETE /contacts/{id}': 2 })
  })

  test('a deletion by id that an earlier run was cut off in is not taken for an unknown id', async () => {
    const here = await session()
    const plan: PlanInput = { object: 'contact', mode: 'delete', identifier: 'id', fields: ['id'] }
    const unansweredSince = here.clock.now()
    const task = operation(0, {}, 'f'.repeat(24), { kind: 'delete', unansweredSince })
    const { result } = await deliverOne(here, plan, task)
    expect(result).toEqual({ result: 'applied', id: null, created: false })
  })

  test('untag of a contact that Intercom does not have: nothing to do', async () => {
    const here = await session()
    const { result, calls } = await deliverOne(here, byExternalId, removal('untag', null))
    expect(result).toEqual({ result: 'applied', id: null, created: false })
    expect(calls).toEqual({ 'POST /contacts/search': 1 })
  })
})
