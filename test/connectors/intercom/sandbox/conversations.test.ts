import { expect, test } from 'vitest'
import { closeAfterEach, errorOf, start } from './harness.ts'

closeAfterEach()

async function workspace() {
  const harness = await start()
  const { contacts, tags, conversations } = harness.sandbox.seed({
    admins: [{ id: '9', name: 'Eve', email: 'eve@example.com' }],
    tags: ['vip', 'other'],
    contacts: [{ id: 'abc', external_id: 'u1' }],
    conversations: [{ id: '77', title: 'Hello', contacts: ['abc'], tags: ['other'] }, {}],
  })
  const held = () => harness.sandbox.contents().conversations[0]?.tags
  return { ...harness, contacts, vip: tags[0] ?? '', other: tags[1] ?? '', conversations, held }
}

test('a conversation is shown with its contacts and its tags', async () => {
  const { call, conversations } = await workspace()
  const { body } = await call('GET', '/conversations/77')
  expect(body).toMatchObject({
    type: 'conversation',
    id: '77',
    title: 'Hello',
    open: true,
    contacts: { contacts: [{ id: 'abc', external_id: 'u1' }] },
    tags: { type: 'tag.list', tags: [{ name: 'other', applied_by: { type: 'admin', id: '1' } }] },
  })
  expect((await call('GET', `/conversations/${conversations[1]}`)).status).toBe(200)
})

test('it is tagged and untagged in the name of an admin', async () => {
  const { call, vip, held } = await workspace()
  const path = '/conversations/77/tags'
  const tagged = await call('POST', path, { id: vip, admin_id: '9' })
  expect(tagged.body).toMatchObject({ id: vip, name: 'vip', applied_by: { id: '9' } })
  await call('POST', path, { id: Number(vip), admin_id: 9 })
  expect(held()).toEqual(['other', 'vip'])
  const untagged = await call('DELETE', `${path}/${vip}`, { admin_id: '1' })
  expect(untagged.body).toMatchObject({ id: vip, applied_by: { id: '9' } })
  expect(held()).toEqual(['other'])
})

test.each([
  ['POST', '/conversations/78/tags', { id: '1', admin_id: '1' }, 404, 'not_found'],
  ['POST', '/conversations/77/tags', { id: '1' }, 400, 'parameter_not_found'],
  ['POST', '/conversations/77/tags', { admin_id: '1' }, 400, 'parameter_not_found'],
  ['POST', '/conversations/77/tags', { id: '1', admin_id: '5' }, 404, 'admin_not_found'],
  ['POST', '/conversations/77/tags', { id: '99', admin_id: '1' }, 404, 'tag_not_found'],
  ['DELETE', '/conversations/78/tags/2', { admin_id: '1' }, 404, 'not_found'],
  ['DELETE', '/conversations/77/tags/2', undefined, 400, 'parameter_not_found'],
  ['DELETE', '/conversations/77/tags/2', { admin_id: '5' }, 404, 'admin_not_found'],
  ['DELETE', '/conversations/77/tags/99', { admin_id: '1' }, 404, 'tag_not_found'],
  ['DELETE', '/conversations/77/tags/1', { admin_id: '1' }, 404, 'tag_not_found'],
  ['GET', '/conversations/78', undefined, 404, 'not_found'],
])('%s %s with %j is refused', async (method, path, body, status, code) => {
  const { call, held } = await workspace()
  expect(errorOf(await call(method, path, body))).toMatchObject({ status, code })
  expect(held()).toEqual(['other'])
})

test('taking away a tag that is not there may be accepted', async () => {
  const { call, vip, sandbox } = await workspace()
  sandbox.change({ removing_absent: 'accepted' })
  const path = `/conversations/77/tags/${vip}`
  expect((await call('DELETE', path, { admin_id: '1' })).status).toBe(200)
})

test('admins are listed, and may own contacts', async () => {
  const { call } = await workspace()
  const { body } = await call('GET', '/admins')
  expect(body.type).toBe('admin.list')
  expect(body.admins).toMatchObject([{ id: '1' }, { id: '9', email: 'eve@example.com' }])
  expect((await call('GET', '/admins/9')).body.name).toBe('Eve')
  expect(errorOf(await call('GET', '/admins/5')).code).toBe('admin_not_found')
  expect((await call('PUT', '/contacts/abc', { owner_id: '9' })).body.owner_id).toBe('9')
  expect(errorOf(await call('PUT', '/contacts/abc', { owner_id: '5' }))).toMatchObject({
    status: 400,
    message: 'The owner specified is not a member of the workspace',
  })
})
