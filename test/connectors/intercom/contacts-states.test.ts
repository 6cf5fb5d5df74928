import { afterEach, describe, expect, test } from 'vitest'
import type { Delivery, Operation, TargetRecord } from '../../../src/connector/index.ts'
import {
  closeAll,
  deliverAll,
  never,
  operation,
  type PlanInput,
  runAll,
  type Session,
  session,
} from './harness.ts'

afterEach(closeAll)

const byExternalId: PlanInput = {
  object: 'contact',
  identifier: 'external_id',
  fields: ['external_id', 'email', 'name'],
}
const byEmail: PlanInput = { ...byExternalId, identifier: 'email' }
const person = { external_id: 'u1', email: 'p1@example.com', name: 'New' }
const unknown = 'f'.repeat(24)

interface Tried {
  readonly result: Delivery | undefined
  readonly calls: Readonly<Record<string, number>>
}

/** Delivers one operation as often as asked, with one target, and says what came of the last try and all it cost. */
async function deliverOne(
  { sandbox, clock, open }: Session,
  plan: PlanInput,
  task: Operation,
  times = 1,
): Promise<Tried> {
  sandbox.forgetRequests()
  const target = await open(plan)
  let result: Delivery | undefined
  for (let time = 0; time < times; time += 1) {
    ;[result] = await runAll(clock, () => deliverAll(target, [task]))
  }
  return { result, calls: sandbox.requests().byEndpoint }
}

function update(record: TargetRecord, id: string | null, more: Partial<Operation> = {}) {
  return operation(0, record, id, { kind: 'update', held: record, ...more })
}

function removal(kind: 'delete' | 'archive' | 'untag', id: string | null): Operation {
  return operation(0, { external_id: 'u1' }, id, { kind, removal: true, held: person })
}

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

  test('untag of a contact that Intercom does not have: nothing to do', async () => {
    const here = await session()
    const { result, calls } = await deliverOne(here, byExternalId, removal('untag', null))
    expect(result).toEqual({ result: 'applied', id: null, created: false })
    expect(calls).toEqual({ 'POST /contacts/search': 1 })
  })
})

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

  test('one whose lists failed after it was created is not created again', async () => {
    const here = await session()
    const [id = ''] = here.sandbox.seed({ contacts: [person] }).contacts
    const task = operation(0, person, id, { held: { tags: [] } })
    const { result, calls } = await deliverOne(here, plan, task)
    expect(result).toEqual({ result: 'applied', id, created: false })
    expect(calls).toEqual({})
  })

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

describe('fields', () => {
  test('what is only for creation is sent to a new contact, and to no other', async () => {
    const here = await session()
    const plan: PlanInput = { ...byExternalId, createOnly: ['name'] }
    await deliverOne(here, plan, operation(0, person))
    expect(here.sandbox.contents().contacts).toMatchObject([{ name: 'New' }])
    const again = { ...person, name: 'Newer', email: 'new@example.com' }
    await deliverOne(here, plan, operation(0, again))
    expect(here.sandbox.contents().contacts).toMatchObject([
      { name: 'New', email: 'new@example.com' },
    ])
  })

  for (const [field, value] of [
    ['owner_id', 'alice'],
    ['avatar', 'picture.png'],
    ['avatar', 'ftp://example.com/picture.png'],
  ] as const) {
    test(`${field} ${value} costs no call`, async () => {
      const here = await session()
      const record = { ...person, [field]: value }
      const { result, calls } = await deliverOne(here, byExternalId, operation(0, record))
      expect(result).toMatchObject({
        result: 'rejected',
        failure: { code: 'invalid_value', field },
      })
      expect(JSON.stringify(result)).not.toContain(value)
      expect(calls).toEqual({})
    })
  }

  test('email_verified is sent beside the email, and not without one', async () => {
    const here = await session()
    const record = { external_id: 'u1', email: null, email_verified: true }
    const { result } = await deliverOne(here, byExternalId, operation(0, record))
    expect(result).toMatchObject({ result: 'applied' })
    const [request] = here.sandbox
      .requests()
      .log.filter(({ endpoint }) => endpoint === 'POST /contacts')
    expect(request?.body).toEqual({ external_id: 'u1', email: null, role: 'user' })
  })

  for (const [fields, api_version] of [
    [['external_id', 'email', 'email_verified'], '2.15'],
    [['external_id', 'email_verified'], '2.16'],
  ] as const) {
    test(`email_verified with ${fields.join(', ')} in ${api_version} is refused beforehand`, async () => {
      const here = await session()
      const target = await here.open({ ...byExternalId, fields }, { api_version })
      await expect(runAll(here.clock, () => target.prepare(never))).rejects.toMatchObject({
        name: 'ConfigurationError',
        problems: [{ field: 'email_verified' }],
      })
      expect(target.requests.total).toBe(0)
    })
  }
})
