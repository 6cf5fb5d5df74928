import { afterEach, describe, expect, test } from 'vitest'
import { byExternalId, deliverOne, person, removal, unknown, update } from './contact-tries.ts'
import { closeAll, operation, type PlanInput, session } from './harness.ts'

afterEach(closeAll)

describe('archived', () => {
  test('one that millrace archived comes back with its row, whatever on_archived says', async () => {
    const here = await session()
    const [id] = here.sandbox.seed({ contacts: [{ ...person, state: 'archived' }] }).contacts
    const task = update(person, id ?? null, { archivedByUs: true })
    const { result, calls } = await deliverOne(here, byExternalId, task)
    expect(result).toEqual({ result: 'applied', id, created: false })
    expect(calls).toEqual({ 'POST /contacts/{id}/unarchive': 1, 'PUT /contacts/{id}': 1 })
    expect(here.sandbox.contents().contacts).toMatchObject([{ state: 'active' }])
  })

  test('one that millrace archived comes back though its id was forgotten', async () => {
    const here = await session()
    const [id] = here.sandbox.seed({ contacts: [{ ...person, state: 'archived' }] }).contacts
    const task = update(person, null, { archivedByUs: true })
    const { result } = await deliverOne(here, byExternalId, task)
    expect(result).toEqual({ result: 'applied', id, created: false })
    expect(here.sandbox.contents().contacts).toMatchObject([{ state: 'active' }])
  })

  test('one that millrace archived and that is gone by now is created anew', async () => {
    const here = await session()
    const task = update(person, unknown, { archivedByUs: true })
    const { result } = await deliverOne(here, byExternalId, task)
    expect(result).toMatchObject({ result: 'applied', created: true })
  })

  test('another person who is in the way is archived again, untouched', async () => {
    const here = await session({ email_adoption: 'conflict' })
    const other = { ...person, external_id: 'other', name: 'Other' }
    const [id] = here.sandbox.seed({ contacts: [{ ...other, state: 'archived' }] }).contacts
    here.sandbox.faults.add({
      method: 'POST',
      path: '/contacts',
      fault: {
        kind: 'status',
        status: 409,
        code: 'conflict',
        message: `An archived contact matching those details already exists with id=${id}`,
      },
    })
    const plan: PlanInput = { ...byExternalId, onArchived: 'unarchive' }
    const { result } = await deliverOne(here, plan, operation(0, person))
    expect(result).toMatchObject({ result: 'rejected', failure: { code: 'conflict' } })
    expect(here.sandbox.contents().contacts).toMatchObject([{ ...other, state: 'archived' }])
  })

  test('deleted for good: the failure says so each time, at the same price', async () => {
    const here = await session()
    here.sandbox.seed({ contacts: [{ ...person, state: 'deleted' }] })
    const plan: PlanInput = { ...byExternalId, onArchived: 'unarchive' }
    const { result, calls } = await deliverOne(here, plan, operation(0, person), 3)
    expect(result).toMatchObject({ result: 'rejected', id: null, failure: { code: 'deleted' } })
    expect(calls).toEqual({
      'POST /contacts/search': 3,
      'POST /contacts': 3,
      'POST /contacts/{id}/unarchive': 3,
    })
  })
})

describe('merged', () => {
  /** A chain of merged leads that ends in a user. */
  function chain(length: number) {
    const ids = Array.from({ length }, (_, at) => `${at}`.repeat(24))
    const survivor = 'e'.repeat(24)
    const leads = ids.map((id, at) => ({
      id,
      role: 'lead' as const,
      state: 'merged' as const,
      merged_into: ids[at + 1] ?? survivor,
    }))
    return { first: ids[0] ?? '', survivor, contacts: [...leads, { ...person, id: survivor }] }
  }

  for (const merged_writes of ['gone', 'not_found'] as const) {
    test(`three merges are followed, and the survivor remembered (writes answer ${merged_writes})`, async () => {
      const here = await session({ merged_writes })
      const { first, survivor, contacts } = chain(3)
      here.sandbox.seed({ contacts: [...contacts].reverse() })
      const { result, calls } = await deliverOne(here, byExternalId, update(person, first))
      expect(result).toEqual({ result: 'applied', id: survivor, created: false })
      expect(calls['PUT /contacts/{id}']).toBe(4)
    })
  }

  test('a survivor with an external id of its own keeps it, and all that it has', async () => {
    const here = await session()
    const { first, contacts } = chain(1)
    here.sandbox.seed({ contacts: [...contacts].reverse() })
    const theirs = { ...person, external_id: 'u2' }
    const { result } = await deliverOne(here, byExternalId, update(theirs, first))
    expect(result).toMatchObject({
      result: 'rejected',
      failure: { code: 'conflict', field: 'external_id' },
    })
    expect(result).not.toHaveProperty('id')
    const ids = here.sandbox.contents().contacts.map(({ external_id }) => external_id)
    expect(ids).toContain('u1')
    expect(ids).not.toContain('u2')
  })

  test('a removal leaves the survivor alone', async () => {
    const here = await session()
    const { first, contacts } = chain(1)
    here.sandbox.seed({ contacts: [...contacts].reverse() })
    const { result } = await deliverOne(here, byExternalId, removal('delete', first))
    expect(result).toEqual({ result: 'applied', id: null, created: false })
    const survivor = here.sandbox
      .contents()
      .contacts.find(({ external_id }) => external_id === 'u1')
    expect(survivor).toMatchObject({ state: 'active' })
  })
})
