import { afterEach, expect, test } from 'vitest'
import type { Operation } from '../../../src/connector/index.ts'
import { closeAll, deliverAll, operation, runAll, session } from './harness.ts'

afterEach(closeAll)

const plan = {
  object: 'conversation',
  mode: 'update',
  identifier: 'id',
  fields: ['id'],
  lists: ['tags'],
  adminId: '7',
} as const

const admins = [{ id: '7' }]

function retagged(
  ordinal: number,
  id: string | null,
  tags: readonly string[],
  held: readonly string[] | null = null,
): Operation {
  return operation(ordinal, { tags }, id, {
    kind: 'update',
    changed: ['tags'],
    held: held === null ? null : { tags: held },
  })
}

test('conversations are tagged one by one in the name of the admin; a missing tag is made once', async () => {
  const { sandbox, clock, open } = await session()
  const conversations = [{ tags: ['theirs', 'old'] }, { tags: ['old'] }, {}]
  const ids = sandbox.seed({ admins, conversations }).conversations
  const target = await open(plan)
  const results = await runAll(clock, () =>
    deliverAll(target, [
      retagged(0, ids[0] as string, ['billing'], ['OLD']),
      retagged(1, ids[1] as string, ['Billing']),
      retagged(2, ids[2] as string, ['billing', 'old']),
    ]),
  )
  expect(results).toEqual(ids.map((id) => ({ result: 'applied', id, created: false })))
  const held = sandbox.contents().conversations.map(({ tags }) => [...tags].sort())
  expect(held).toEqual([
    ['billing', 'theirs'],
    ['billing', 'old'],
    ['billing', 'old'],
  ])
  expect(target.requests.byEndpoint).toEqual({
    'GET /tags': 1,
    'POST /tags': 1,
    'POST /conversations/{id}/tags': 4,
    'DELETE /conversations/{id}/tags/{id}': 1,
  })
  const bodies = sandbox
    .requests()
    .log.filter(({ endpoint }) => endpoint.includes('/conversations/'))
    .map(({ body }) => body?.admin_id)
  expect(new Set(bodies)).toEqual(new Set(['7']))
})

test('a conversation that Intercom does not have fails, and so does a row without one', async () => {
  const { sandbox, clock, open } = await session()
  sandbox.seed({ admins, tags: ['old'] })
  const target = await open(plan)
  const results = await runAll(clock, () =>
    deliverAll(target, [
      retagged(0, 'none', ['billing']),
      retagged(1, null, ['billing']),
      retagged(2, 'none', [], ['old']),
    ]),
  )
  expect(results).toMatchObject([
    { result: 'rejected', failure: { code: 'not_found', field: 'id' } },
    { result: 'rejected', failure: { code: 'missing_identifier', field: 'id' } },
    { result: 'rejected', failure: { code: 'not_found', field: 'id' } },
  ])
  // Nothing was ever put on the first: it is not to be taken for delivered.
  expect(results.map((result) => 'held' in result && result.held)).toEqual([
    undefined,
    false,
    { tags: ['old'] },
  ])
})

test('an admin who is not one of the workspace is named as the cause', async () => {
  const { sandbox, clock, open } = await session()
  const ids = sandbox.seed({ conversations: [{}, { tags: ['old'] }] }).conversations
  const target = await open({ ...plan, adminId: '999' })
  const results = await runAll(clock, () =>
    deliverAll(target, [
      retagged(0, ids[0] as string, ['billing']),
      retagged(1, ids[1] as string, [], ['old']),
    ]),
  )
  const failure = { code: 'invalid_value', field: 'admin_id' }
  expect(results).toMatchObject([
    { result: 'rejected', failure, held: { tags: [] } },
    { result: 'rejected', failure, held: { tags: ['old'] } },
  ])
})

test('a tag that was deleted after it was listed is made anew', async () => {
  const { sandbox, clock, open } = await session()
  const seeded = sandbox.seed({ admins, conversations: [{}], tags: ['billing'] })
  const [id = ''] = seeded.conversations
  const target = await open(plan)
  sandbox.faults.add({
    path: '/conversations/{id}/tags',
    fault: { kind: 'status', status: 404, code: 'tag_not_found', message: 'Tag not found' },
  })
  const [result] = await runAll(clock, () => deliverAll(target, [retagged(0, id, ['billing'])]))
  expect(result).toMatchObject({ result: 'applied' })
  expect(target.requests.byEndpoint).toEqual({
    'GET /tags': 1,
    'POST /tags': 1,
    'POST /conversations/{id}/tags': 2,
  })
})

test('a row that left the query loses the tags that millrace put there', async () => {
  const { sandbox, clock, open } = await session()
  const [id = ''] = sandbox.seed({
    admins,
    conversations: [{ tags: ['mine', 'theirs'] }],
  }).conversations
  const target = await open(plan)
  const removal = { ...retagged(0, id, [], ['mine']), kind: 'untag', removal: true } as const
  const [result] = await runAll(clock, () => deliverAll(target, [removal]))
  expect(result).toMatchObject({ result: 'applied' })
  expect(sandbox.contents().conversations[0]?.tags).toEqual(['theirs'])
})

test('nothing is to be taken off a conversation whose id was forgotten since Intercom did not have it', async () => {
  const { clock, open } = await session()
  const target = await open(plan)
  const left = { ...retagged(0, null, [], []), kind: 'untag', removal: true } as const
  const results = await runAll(clock, () => deliverAll(target, [left]))
  expect(results).toEqual([{ result: 'applied', id: null, created: false }])
  expect(target.requests.total).toBe(0)
})
