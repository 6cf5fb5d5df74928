import { afterEach, describe, expect, test } from 'vitest'
import { byExternalId, deliverOne, person } from './contact-tries.ts'
import { closeAll, never, operation, type PlanInput, runAll, session } from './harness.ts'

afterEach(closeAll)

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
    ['owner_id', ''],
    ['avatar', ''],
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
      if (value !== '') expect(JSON.stringify(result)).not.toContain(value)
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
