import { afterEach, expect, test } from 'vitest'
import { closeAll, deliverAll, never, operation, runAll, session } from './harness.ts'

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

test('new contacts cost one call each and one search per fifty', async () => {
  const { sandbox, clock, open } = await session()
  const target = await open(byExternalId)
  const operations = people(500).map((record, ordinal) => operation(ordinal, record))
  const results = await runAll(clock, async () => {
    await target.prepare(never)
    return deliverAll(target, operations)
  })
  expect(results.every((result) => result.result === 'applied' && result.created)).toBe(true)
  expect(sandbox.contents().contacts).toHaveLength(500)
  expect(target.requests).toEqual({
    total: 510,
    byEndpoint: { 'POST /contacts/search': 10, 'POST /contacts': 500 },
    rateLimited: 0,
  })
})

test('a known id costs one call', async () => {
  const { sandbox, clock, open } = await session()
  const ids = sandbox.seed({ contacts: people(200) }).contacts
  const target = await open(byExternalId)
  const operations = ids.map((id, at) => operation(at, { ...person(at), name: 'New' }, id))
  const results = await runAll(clock, () => deliverAll(target, operations))
  expect(results).toEqual(ids.map((id) => ({ result: 'applied', id, created: false })))
  expect(sandbox.contents().contacts.every((contact) => contact.name === 'New')).toBe(true)
  expect(target.requests.byEndpoint).toEqual({ 'PUT /contacts/{id}': 200 })
})
