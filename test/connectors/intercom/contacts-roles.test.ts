import { afterEach, describe, expect, test } from 'vitest'
import {
  leadByExternalId,
  perhapsCreated,
  userIsNoLead,
} from '../../../connectors/intercom/contact-refusals.ts'
import type { Delivery, Operation, TargetRecord } from '../../../src/connector/index.ts'
import {
  closeAll,
  deliverAll,
  operation,
  type PlanInput,
  runAll,
  type Session,
  session,
} from './harness.ts'

afterEach(closeAll)

const byEmail: PlanInput = {
  object: 'contact',
  identifier: 'email',
  fields: ['email', 'name', 'role', 'external_id'],
}
const byId: PlanInput = { ...byEmail, identifier: 'id', fields: ['id', 'email', 'name', 'role'] }
const email = 'p1@example.com'
const lead = { email, name: 'Lead', role: 'lead' }
const user = { email, name: 'User', role: 'user', external_id: 'u1' }

/** Delivers one operation with a target of its own, and says what came of it and what it cost. */
async function deliverOne(
  { sandbox, clock, open }: Session,
  plan: PlanInput,
  record: TargetRecord,
  id: string | null = null,
  more: Partial<Operation> = {},
): Promise<{ result: Delivery | undefined; calls: Readonly<Record<string, number>> }> {
  sandbox.forgetRequests()
  const target = await open(plan)
  const [result] = await runAll(clock, () => deliverAll(target, [operation(0, record, id, more)]))
  return { result, calls: sandbox.requests().byEndpoint }
}

describe('leads', () => {
  test('a new lead is created without an external id, whatever the row says', async () => {
    const here = await session()
    const { result } = await deliverOne(here, byEmail, { ...lead, external_id: 'u1' })
    const [contact] = here.sandbox.contents().contacts
    expect(result).toEqual({ result: 'applied', id: contact?.id, created: true })
    expect(contact).toMatchObject({ role: 'lead', name: 'Lead' })
    expect(contact?.external_id).not.toBe('u1')
    expect(JSON.stringify(here.sandbox.requests().log)).not.toContain('"u1"')
  })

  for (const plan of [byEmail, byId]) {
    test(`a lead that exists is found by email, not created again (${plan.identifier})`, async () => {
      const here = await session()
      const [id] = here.sandbox.seed({ contacts: [{ role: 'lead', email }] }).contacts
      const { result, calls } = await deliverOne(here, plan, lead)
      expect(result).toEqual({ result: 'applied', id, created: false })
      expect(calls).toEqual({ 'POST /contacts/search': 1, 'PUT /contacts/{id}': 1 })
      expect(here.sandbox.contents().contacts).toMatchObject([{ role: 'lead', name: 'Lead' }])
    })
  }

  test('of several leads with the email none is chosen', async () => {
    const here = await session()
    const twin = { role: 'lead' as const, email }
    here.sandbox.seed({ contacts: [twin, twin] })
    const { result, calls } = await deliverOne(here, byEmail, lead)
    expect(result).toMatchObject({
      result: 'rejected',
      failure: { code: 'conflict', message: expect.stringContaining('2 contacts') },
    })
    expect(calls).toEqual({ 'POST /contacts/search': 1 })
  })

  test('without an email a lead is not created, since it would never be found again', async () => {
    const here = await session()
    const { result, calls } = await deliverOne(here, byId, { name: 'L', role: 'lead' })
    expect(result).toMatchObject({ failure: { code: 'missing_identifier', field: 'email' } })
    expect(calls).toEqual({})
  })

  test('a lead is not identified by external_id', async () => {
    const here = await session()
    const plan = { ...byEmail, identifier: 'external_id' }
    const { result, calls } = await deliverOne(here, plan, { ...lead, external_id: 'u1' })
    expect(result).toMatchObject({ failure: { code: 'invalid_value', field: 'role' } })
    expect(calls).toEqual({})
  })

  test('insert: a lead with the email exists already', async () => {
    const here = await session()
    const [id] = here.sandbox.seed({ contacts: [{ role: 'lead', email }] }).contacts
    const plan: PlanInput = { ...byEmail, mode: 'insert', identifier: null }
    const { result, calls } = await deliverOne(here, plan, lead)
    expect(result).toMatchObject({ result: 'rejected', id, failure: { code: 'already_exists' } })
    expect(calls).toEqual({ 'POST /contacts/search': 1 })
  })

  test('a lead that is gone is looked for by email before another one is created', async () => {
    const here = await session()
    const [id] = here.sandbox.seed({ contacts: [{ role: 'lead', email }] }).contacts
    const { result, calls } = await deliverOne(here, byEmail, lead, 'f'.repeat(24))
    expect(result).toEqual({ result: 'applied', id, created: false })
    expect(calls).toEqual({
      'PUT /contacts/{id}': 2,
      'GET /contacts/{id}': 1,
      'POST /contacts/search': 1,
    })
  })
})

describe('a lead whose creation was not confirmed', () => {
  /** A first try whose answer is lost after Intercom acted, and what it takes to try again. */
  async function lostAnswer(fault: 'reset' | 'server_error') {
    const here = await session({ search_lag_ms: 60_000 })
    here.sandbox.faults.add({
      method: 'POST',
      path: '/contacts',
      fault:
        fault === 'reset'
          ? { kind: 'reset', applied: true }
          : { kind: 'status', status: 503, body: 'html' },
    })
    const target = await here.open(byEmail)
    const deliver = async () => {
      const [result] = await runAll(here.clock, () => deliverAll(target, [operation(0, lead)]))
      return result
    }
    return { here, first: await deliver(), again: deliver }
  }

  test('is looked for once the search can show it, and updated', async () => {
    const { here, first, again } = await lostAnswer('reset')
    expect(first).toMatchObject({
      result: 'retry',
      failure: { code: 'in_doubt' },
      waitMilliseconds: 180_000,
    })
    await runAll(here.clock, () => here.clock.sleep(180_000))
    const contacts = here.sandbox.contents().contacts
    expect(await again()).toEqual({ result: 'applied', id: contacts[0]?.id, created: false })
    expect(here.sandbox.contents().contacts).toHaveLength(1)
  })

  test('stays in doubt as long as the search does not show it, and is not created again', async () => {
    const { here, again } = await lostAnswer('reset')
    expect(await again()).toMatchObject({ result: 'in_doubt', failure: { code: 'in_doubt' } })
    expect(here.sandbox.contents().contacts).toHaveLength(1)
  })

  test('is in doubt after an error of Intercom too, which says nothing of what was done', async () => {
    const { here, first, again } = await lostAnswer('server_error')
    expect(first).toMatchObject({ result: 'retry', failure: { code: 'in_doubt', httpStatus: 503 } })
    expect(await again()).toMatchObject({ result: 'in_doubt' })
    expect(here.sandbox.contents().contacts).toHaveLength(0)
  })
})

test('no message holds a role, which is a value of the row and would be masked', () => {
  const failures = [userIsNoLead, leadByExternalId, perhapsCreated('no answer came.')]
  for (const { message } of failures) expect(message).not.toMatch(/\b(user|lead)\b/i)
})

describe('rows without a role, in mode update by email', () => {
  const plan: PlanInput = { ...byEmail, mode: 'update', fields: ['email', 'name'] }
  const record = { email, name: 'Scored' }

  test('the only lead is updated, and stays one', async () => {
    const here = await session()
    const [id] = here.sandbox.seed({ contacts: [{ role: 'lead', email }] }).contacts
    const { result } = await deliverOne(here, plan, record, null, { kind: 'update' })
    expect(result).toEqual({ result: 'applied', id, created: false })
    expect(here.sandbox.contents().contacts).toMatchObject([{ role: 'lead', name: 'Scored' }])
  })

  test('a user comes before a lead', async () => {
    const here = await session()
    const contacts = [{ role: 'lead' as const, email }, { email }]
    const ids = here.sandbox.seed({ contacts }).contacts
    const { result } = await deliverOne(here, plan, record, null, { kind: 'update' })
    expect(result).toEqual({ result: 'applied', id: ids[1], created: false })
  })
})

describe('a lead that an earlier run may have created', () => {
  /** A run that comes right after one that was killed, while the search does not show yet what that one did. */
  async function afterCrash(created: boolean) {
    const here = await session({ search_lag_ms: 60_000 })
    if (created) await deliverOne(here, byEmail, lead)
    const target = await here.open(byEmail)
    const task = operation(0, lead, null, { unansweredSince: here.clock.now() - 3_600_000 })
    const deliver = async () => {
      const [result] = await runAll(here.clock, () => deliverAll(target, [task]))
      return result
    }
    const first = await deliver()
    await runAll(here.clock, () => here.clock.sleep(180_000))
    return { here, first, second: await deliver() }
  }

  for (const created of [true, false]) {
    test(`${created ? 'is' : 'is not'} there: Intercom ends up with one`, async () => {
      const { here, first, second } = await afterCrash(created)
      expect(first).toMatchObject({ result: 'retry', waitMilliseconds: 180_000 })
      const { contacts } = here.sandbox.contents()
      expect(contacts).toHaveLength(1)
      expect(second).toEqual({ result: 'applied', id: contacts[0]?.id, created: !created })
    })
  }
})

describe('from one role to the other', () => {
  test('a lead is promoted when the row says so', async () => {
    const here = await session()
    const [id] = here.sandbox.seed({ contacts: [{ role: 'lead', email }] }).contacts
    const { result, calls } = await deliverOne(here, byEmail, user)
    expect(result).toEqual({ result: 'applied', id, created: false })
    expect(calls).toEqual({ 'POST /contacts/search': 1, 'PUT /contacts/{id}': 1 })
    expect(here.sandbox.contents().contacts).toMatchObject([{ role: 'user', external_id: 'u1' }])
  })

  test('a lead that millrace wrote is promoted in one call', async () => {
    const here = await session()
    const [id] = here.sandbox.seed({ contacts: [{ role: 'lead', email }] }).contacts
    const { result, calls } = await deliverOne(here, byEmail, user, id, { held: lead })
    expect(result).toEqual({ result: 'applied', id, created: false })
    expect(calls).toEqual({ 'PUT /contacts/{id}': 1 })
    expect(here.sandbox.contents().contacts).toMatchObject([{ role: 'user', external_id: 'u1' }])
  })

  test('a user with the email comes before a lead with it', async () => {
    const here = await session()
    const contacts = [{ role: 'lead' as const, email }, { email }]
    const ids = here.sandbox.seed({ contacts }).contacts
    const { result } = await deliverOne(here, byEmail, user)
    expect(result).toEqual({ result: 'applied', id: ids[1], created: false })
  })

  test('a user does not become a lead: refused without a write where the search shows a user', async () => {
    const here = await session()
    here.sandbox.seed({ contacts: [{ email, external_id: 'u1' }] })
    const { result, calls } = await deliverOne(here, byEmail, lead)
    expect(result).toMatchObject({
      result: 'rejected',
      failure: { code: 'invalid_value', field: 'role' },
    })
    expect(calls).toEqual({ 'POST /contacts/search': 1 })
  })

  test('a user does not become a lead: no call at all where millrace wrote the user', async () => {
    const here = await session()
    const [id] = here.sandbox.seed({ contacts: [{ email }] }).contacts
    const { result, calls } = await deliverOne(here, byEmail, lead, id, { held: user })
    expect(result).toMatchObject({ failure: { code: 'invalid_value', field: 'role' } })
    expect(calls).toEqual({})
  })

  test('a user does not become a lead: refused by Intercom where nobody knew', async () => {
    const here = await session()
    const [id] = here.sandbox.seed({ contacts: [{ email }] }).contacts
    const { result } = await deliverOne(here, byId, lead, id)
    expect(result).toMatchObject({
      result: 'rejected',
      failure: { code: 'invalid_value', field: 'role', httpStatus: 400 },
    })
  })
})
