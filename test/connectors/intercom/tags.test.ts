import { afterEach, expect, test } from 'vitest'
import type { Operation, TargetRecord } from '../../../src/connector/index.ts'
import { closeAll, deliverAll, operation, runAll, session } from './harness.ts'

afterEach(closeAll)

const contacts = {
  object: 'contact',
  identifier: 'external_id',
  fields: ['external_id'],
  lists: ['tags'],
} as const

const companies = {
  ...contacts,
  object: 'company',
  identifier: 'company_id',
  fields: ['company_id'],
}

/** An operation of a record that is known and of which only the tags differ. */
function retagged(
  ordinal: number,
  id: string,
  tags: readonly string[],
  held: readonly string[] = [],
  record: TargetRecord = { external_id: `u${ordinal}` },
): Operation {
  return operation(ordinal, { ...record, tags }, id, {
    changed: ['tags'],
    held: { ...record, tags: held },
  })
}

function people(count: number) {
  return Array.from({ length: count }, (_, index) => ({ external_id: `u${index}` }))
}

test('500 contacts that gain one tag cost ten requests', async () => {
  const { sandbox, clock, open } = await session()
  const ids = sandbox.seed({ contacts: people(500) }).contacts
  const target = await open(contacts)
  const results = await runAll(clock, () =>
    deliverAll(
      target,
      ids.map((id, ordinal) => retagged(ordinal, id, ['VIP'])),
    ),
  )
  expect(results.every(({ result }) => result === 'applied')).toBe(true)
  expect(sandbox.contents().contacts.every(({ tags }) => tags.join() === 'VIP')).toBe(true)
  expect(target.requests.byEndpoint).toEqual({ 'POST /tags': 10 })
})

test('one batch forms a group per tag, whatever its letter case', async () => {
  const { sandbox, clock, open } = await session()
  const ids = sandbox.seed({ contacts: people(3), tags: ['vip'] }).contacts
  const target = await open(contacts)
  await runAll(clock, () =>
    deliverAll(target, [
      retagged(0, ids[0] as string, ['VIP', 'new']),
      retagged(1, ids[1] as string, ['Vip', 'vip']),
      retagged(2, ids[2] as string, ['NEW']),
    ]),
  )
  expect(sandbox.contents().contacts.map(({ tags }) => [...tags].sort())).toEqual([
    ['new', 'vip'],
    ['vip'],
    ['new'],
  ])
  expect(target.requests.byEndpoint).toEqual({ 'POST /tags': 2 })
})

test('tags come off contacts one by one, their ids listed once', async () => {
  const { sandbox, clock, open } = await session()
  const tags = ['old', 'mine', 'theirs']
  const ids = sandbox.seed({ contacts: people(60).map((each) => ({ ...each, tags })) }).contacts
  const target = await open(contacts)
  await runAll(clock, () =>
    deliverAll(
      target,
      ids.map((id, ordinal) => retagged(ordinal, id, ['mine'], ['OLD', 'mine'])),
    ),
  )
  const held = sandbox.contents().contacts.map((contact) => [...contact.tags].sort().join())
  expect(new Set(held)).toEqual(new Set(['mine,theirs']))
  expect(target.requests.byEndpoint).toEqual({
    'GET /tags': 1,
    'DELETE /contacts/{id}/tags/{id}': 60,
  })
})

test('companies are tagged and untagged in groups', async () => {
  const { sandbox, clock, open } = await session()
  const seeds = Array.from({ length: 70 }, (_, index) => ({
    company_id: `c${index}`,
    tags: ['old', 'theirs'],
  }))
  const ids = sandbox.seed({ companies: seeds }).companies
  const target = await open(companies)
  await runAll(clock, () =>
    deliverAll(
      target,
      ids.map((id, ordinal) =>
        retagged(ordinal, id, ['new'], ['old'], { company_id: `c${ordinal}` }),
      ),
    ),
  )
  const held = sandbox.contents().companies.map((company) => [...company.tags].sort().join())
  expect(new Set(held)).toEqual(new Set(['new,theirs']))
  expect(target.requests.byEndpoint).toEqual({ 'GET /tags': 1, 'POST /tags': 4 })
})

test('a contact keeps what millrace did not put there, beyond the ten that Intercom shows with it', async () => {
  const { sandbox, clock, open } = await session()
  const theirs = Array.from({ length: 30 }, (_, index) => `their tag ${index}`)
  const theirCompanies = Array.from({ length: 15 }, (_, index) => `their company ${index}`)
  const [id = ''] = sandbox.seed({
    companies: [...theirCompanies, 'c1', 'c2'].map((company_id) => ({ company_id })),
    contacts: [
      { external_id: 'u0', tags: [...theirs, 'mine'], companies: [...theirCompanies, 'c1'] },
    ],
  }).contacts
  const target = await open({ ...contacts, lists: ['tags', 'companies'] })
  const [result] = await runAll(clock, () =>
    deliverAll(target, [
      operation(0, { external_id: 'u0', tags: ['new'], companies: ['c2'] }, id, {
        changed: ['companies', 'tags'],
        held: { external_id: 'u0', tags: ['mine'], companies: ['c1'] },
      }),
    ]),
  )
  const [contact] = sandbox.contents().contacts
  expect(result).toEqual({ result: 'applied', id, created: false })
  expect([...(contact?.tags ?? [])].sort()).toEqual([...theirs, 'new'].sort())
  expect([...(contact?.companies ?? [])].sort()).toEqual([...theirCompanies, 'c2'].sort())
  expect(Object.keys(target.requests.byEndpoint)).not.toContain('GET /contacts/{id}')
})

test('a tag that somebody deleted, or took off, is gone as wanted', async () => {
  const { sandbox, clock, open } = await session()
  const ids = sandbox.seed({ contacts: people(2), tags: ['known'] }).contacts
  const target = await open(contacts)
  const results = await runAll(clock, () =>
    deliverAll(target, [
      retagged(0, ids[0] as string, [], ['deleted']),
      retagged(1, ids[1] as string, [], ['known']),
    ]),
  )
  expect(results.map(({ result }) => result)).toEqual(['applied', 'applied'])
  expect(sandbox.contents().tags).toEqual(['known'])
})

test('untagging companies does not bring a deleted tag back', async () => {
  const { sandbox, clock, open } = await session()
  const [id = ''] = sandbox.seed({ companies: [{ company_id: 'c0' }] }).companies
  const target = await open(companies)
  const [result] = await runAll(clock, () =>
    deliverAll(target, [retagged(0, id, [], ['deleted'], { company_id: 'c0' })]),
  )
  expect(result).toMatchObject({ result: 'applied' })
  expect(sandbox.contents().tags).toEqual([])
  expect(target.requests.byEndpoint).toEqual({ 'GET /tags': 1 })
})

for (const api_version of ['2.16', '2.15']) {
  test(`a contact that is gone fails alone, in version ${api_version}`, async () => {
    const { sandbox, clock, open } = await session()
    const ids = sandbox.seed({ contacts: people(8) }).contacts
    const target = await open(contacts, { api_version })
    const operations = ids.map((id, ordinal) =>
      retagged(ordinal, ordinal === 3 ? 'gone' : id, ['VIP']),
    )
    const results = await runAll(clock, () => deliverAll(target, operations))
    const tagged = sandbox.contents().contacts.map(({ tags }) => tags.length)
    expect(tagged).toEqual([1, 1, 1, 0, 1, 1, 1, 1])
    expect(results.map(({ result }) => result).filter((each) => each === 'applied')).toHaveLength(7)
    expect(results[3]).toMatchObject({
      result: 'retry',
      id: null,
      failure: { code: 'not_found' },
      held: { tags: [] },
    })
  })
}

test('a contact that is gone and is identified by its id fails for good', async () => {
  const { clock, open } = await session()
  const target = await open({ ...contacts, identifier: 'id', mode: 'update', fields: ['id'] })
  const [result] = await runAll(clock, () =>
    deliverAll(target, [retagged(0, 'gone', ['VIP'], [], {})]),
  )
  expect(result).toMatchObject({ result: 'rejected', failure: { code: 'not_found', field: 'id' } })
})

test('what was changed before the rest failed is told', async () => {
  const { sandbox, clock, open } = await session()
  const [id = ''] = sandbox.seed({ contacts: [{ external_id: 'u0', tags: ['a', 'b'] }] }).contacts
  const refused = { kind: 'status', status: 400, code: 'parameter_invalid', message: 'No' } as const
  sandbox.faults.add([
    { method: 'POST', path: '/tags', body: { name: 'bad' }, fault: refused },
    { method: 'DELETE', path: '/contacts/{id}/tags/{id}', fault: { kind: 'reset' } },
  ])
  const target = await open(contacts)
  const [result] = await runAll(clock, () =>
    deliverAll(target, [retagged(0, id, ['good', 'bad'], ['a', 'b'])]),
  )
  const [contact] = sandbox.contents().contacts
  expect(result).toMatchObject({ result: 'retry', failure: { code: 'network', field: 'tags' } })
  expect(result).toMatchObject({ held: { tags: [...(contact?.tags ?? [])].sort() } })
  expect(contact?.tags).toHaveLength(2)
})

test('a tag that Intercom refuses is a failure of those who want it', async () => {
  const { sandbox, clock, open } = await session()
  const ids = sandbox.seed({ contacts: people(3) }).contacts
  const message = 'invalid tag parameters for spoiled'
  sandbox.faults.add({
    path: '/tags',
    body: { name: 'spoiled' },
    times: null,
    fault: { kind: 'status', status: 400, code: 'parameter_invalid', message },
  })
  const target = await open(contacts)
  const results = await runAll(clock, () =>
    deliverAll(
      target,
      ids.map((id, ordinal) =>
        retagged(ordinal, id, ordinal === 1 ? ['good'] : ['good', 'spoiled']),
      ),
    ),
  )
  expect(results[1]).toMatchObject({ result: 'applied' })
  expect(results[0]).toMatchObject({
    result: 'rejected',
    id: ids[0],
    failure: { code: 'invalid_value', field: 'tags' },
    held: { tags: ['good'] },
  })
  expect(JSON.stringify(results[0]?.result === 'rejected' && results[0].failure)).not.toContain(
    'spoiled',
  )
})

test('a record that was created anew gets all its tags, whatever was held', async () => {
  const { sandbox, clock, open } = await session()
  const target = await open(contacts)
  const [result] = await runAll(clock, () =>
    deliverAll(target, [
      operation(0, { external_id: 'u0', tags: ['a', 'b'] }, 'gone', {
        changed: ['external_id', 'tags'],
        held: { external_id: 'u0', tags: ['a', 'c'] },
      }),
    ]),
  )
  expect(result).toMatchObject({ result: 'applied', created: true })
  expect([...(sandbox.contents().contacts[0]?.tags ?? [])].sort()).toEqual(['a', 'b'])
})

test('an activation without tags leaves tags alone', async () => {
  const { sandbox, clock, open } = await session()
  const [id = ''] = sandbox.seed({ contacts: [{ external_id: 'u0', tags: ['mine'] }] }).contacts
  const target = await open({ ...contacts, fields: ['external_id', 'name'], lists: [] })
  await runAll(clock, () =>
    deliverAll(target, [
      operation(0, { external_id: 'u0', name: 'N' }, id, {
        changed: ['name'],
        held: { external_id: 'u0', tags: ['mine'] },
      }),
    ]),
  )
  expect(sandbox.contents().contacts[0]).toMatchObject({ name: 'N', tags: ['mine'] })
})

test('a row that left the query loses what millrace put there, and nothing else', async () => {
  const { sandbox, clock, open } = await session()
  const [id = ''] = sandbox.seed({
    companies: [{ company_id: 'c1' }, { company_id: 'c2' }],
    contacts: [{ external_id: 'u0', tags: ['mine', 'theirs'], companies: ['c1', 'c2'] }],
  }).contacts
  const target = await open({ ...contacts, lists: ['tags', 'companies'] })
  const [result] = await runAll(clock, () =>
    deliverAll(target, [
      operation(0, { tags: [], companies: [] }, id, {
        kind: 'untag',
        removal: true,
        changed: [],
        held: { external_id: 'u0', tags: ['mine'], companies: ['c1'] },
      }),
    ]),
  )
  expect(result).toMatchObject({ result: 'applied' })
  expect(sandbox.contents().contacts[0]).toMatchObject({ tags: ['theirs'], companies: ['c2'] })
})
