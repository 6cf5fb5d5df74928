import { describe, expect, test } from 'vitest'
import type { SandboxOptions } from '../../../../connectors/intercom/sandbox/index.ts'
import { closeAfterEach, errorOf, start, userNotFound } from './harness.ts'

closeAfterEach()

const tagNotFound = { status: 404, code: 'not_found', message: 'Resource Not Found' }
const companyNotFound = {
  status: 404,
  code: 'company_not_found',
  message: 'Company Not Found',
}
const invalid = { status: 400, code: 'parameter_invalid', message: 'invalid tag parameters' }

async function workspace(options: Partial<SandboxOptions> = {}) {
  const harness = await start(options)
  const seeded = harness.sandbox.seed({
    tags: ['vip', { name: 'kept', segments: ['Big', 'Old'] }],
    companies: [
      { company_id: 'c1', tags: ['vip'] },
      { company_id: 'c2', tags: [] },
    ],
    contacts: [
      { external_id: 'u1', tags: ['vip', 'kept'] },
      { external_id: 'u2' },
      { external_id: 'u3', state: 'archived' },
      { external_id: 'u4', state: 'deleted' },
      { role: 'lead', email: 'lead@example.com' },
    ],
    conversations: [{ id: '77', tags: ['vip'] }],
  })
  const [ann = '', bob = '', archived = '', deleted = '', lead = ''] = seeded.contacts
  const [acme = '', bolt = ''] = seeded.companies
  const [vip = '', kept = ''] = seeded.tags
  const tagsOf = (externalId: string) =>
    harness.sandbox.contents().contacts.find(({ external_id }) => external_id === externalId)?.tags
  const tagsOfCompany = (companyId: string) =>
    harness.sandbox.contents().companies.find(({ company_id }) => company_id === companyId)?.tags
  const post = (body: unknown, version = '2.16') =>
    harness.call('POST', '/tags', body, { 'Intercom-Version': version })
  const ids = { ann, bob, archived, deleted, lead, acme, bolt, vip, kept }
  return { ...harness, ...ids, tagsOf, tagsOfCompany, post }
}

describe('tags of the workspace', () => {
  test('are listed on one page, however many there are', async () => {
    const { call, sandbox } = await start()
    sandbox.seed({ tags: Array.from({ length: 300 }, (_, number) => `tag ${number}`) })
    const { body } = await call('GET', '/tags')
    expect(body.data).toHaveLength(300)
    expect(body.data[0]).toEqual({ type: 'tag', id: '1', name: 'tag 0' })
    expect((await call('GET', '/tags/300')).body.name).toBe('tag 299')
    expect(errorOf(await call('GET', '/tags/301'))).toEqual(tagNotFound)
  })

  test('are created once, whatever the letter case', async () => {
    const { post, sandbox, vip } = await workspace()
    const created = (await post({ name: 'New' })).body
    expect(created).toEqual({ type: 'tag', id: '3', name: 'New', users: [], companies: [] })
    expect((await post({ name: 'nEW' })).body).toMatchObject({ id: '3', name: 'New' })
    expect((await post({ name: 'VIP' })).body).toMatchObject({ id: vip, name: 'vip' })
    expect(sandbox.contents().tags).toEqual(['vip', 'kept', 'New'])
  })

  test('are renamed by id, unless another has the name', async () => {
    const { post, tagsOf, vip } = await workspace()
    expect((await post({ id: vip, name: 'gold' })).body.name).toBe('gold')
    expect((await post({ id: Number(vip), name: 'Gold' })).body.name).toBe('Gold')
    expect(tagsOf('u1')).toEqual(['Gold', 'kept'])
    expect((await post({ name: 'vip' })).body.id).not.toBe(vip)
    expect(errorOf(await post({ id: vip, name: 'KEPT' })).code).toBe('parameter_invalid')
    expect(errorOf(await post({ id: '99', name: 'x' }))).toEqual(tagNotFound)
  })

  test('are taken from everything when they are deleted, with an empty answer', async () => {
    const { call, sandbox, tagsOf, tagsOfCompany, vip } = await workspace()
    const answer = await call('DELETE', `/tags/${vip}`)
    expect(answer).toMatchObject({ status: 200, text: '' })
    expect(tagsOf('u1')).toEqual(['kept'])
    expect(tagsOfCompany('c1')).toEqual([])
    expect(sandbox.contents()).toMatchObject({ tags: ['kept'], conversations: [{ tags: [] }] })
    expect(errorOf(await call('DELETE', `/tags/${vip}`))).toEqual(tagNotFound)
  })

  test('are not deleted where a segment uses them', async () => {
    const { call, kept, tagsOf } = await workspace()
    expect(errorOf(await call('DELETE', `/tags/${kept}`))).toEqual({
      status: 400,
      code: 'tag_has_dependent_objects',
      message: 'Unable to delete Tag with dependent objects. Segments: Big, Old.',
    })
    expect(tagsOf('u1')).toContain('kept')
  })

  test.each([
    [{ test: 'invalid' }],
    [{}],
    [{ name: '' }],
    [{ name: 5 }],
    [{ id: '1' }],
    [{ name: 'x', users: {} }],
    [{ name: 'x', users: ['abc'] }],
    [{ name: 'x', users: [{}] }],
    [{ name: 'x', users: [{ user_id: 'u1' }] }],
    [{ name: 'x', companies: [{ name: 'Acme' }] }],
    [{ users: [{ id: '1' }] }],
    [{ name: 'x', users: [{ id: '1' }], companies: [{ id: '2' }] }],
  ])('refuses %j', async (body) => {
    const { post, sandbox } = await workspace()
    expect(errorOf(await post(body))).toEqual(invalid)
    expect(sandbox.contents().tags).toEqual(['vip', 'kept'])
  })
})

describe('tagging many', () => {
  test('contacts by id; what is missing is left out of the answer', async () => {
    const { post, ann, bob, archived, deleted, lead, tagsOf } = await workspace()
    const users = [bob, 'none', archived, deleted, lead, ann].map((id) => ({ id }))
    const { status, body } = await post({ name: 'Fresh', users })
    expect(status).toBe(200)
    expect(body).toEqual({
      type: 'tag',
      id: '3',
      name: 'Fresh',
      users: [bob, lead, ann].map((id) => ({ id, tagged: true })),
      companies: [],
    })
    expect(tagsOf('u2')).toEqual(['Fresh'])
    expect(tagsOf('u1')).toEqual(['vip', 'kept', 'Fresh'])
    expect(tagsOf('u3')).toEqual([])
  })

  test('companies by id or company_id, and untagging them in the same call', async () => {
    const { post, acme, bolt, tagsOfCompany } = await workspace()
    const { body } = await post({
      name: 'vip',
      companies: [{ company_id: 'c1', untag: true }, { id: bolt }, { company_id: 'c9' }],
    })
    expect(body.companies).toEqual([
      { id: acme, tagged: false },
      { id: bolt, tagged: true },
    ])
    expect([tagsOfCompany('c1'), tagsOfCompany('c2')]).toEqual([[], ['vip']])
  })

  test('the tag may be named by its id', async () => {
    const { post, acme, vip, tagsOfCompany } = await workspace()
    await post({ id: vip, companies: [{ id: acme, untag: true }] })
    expect(tagsOfCompany('c1')).toEqual([])
  })

  test('before 2.16 anything that is missing refuses everything', async () => {
    const { post, bob, tagsOf } = await workspace()
    const users = [{ id: bob }, { id: 'none' }]
    expect(errorOf(await post({ name: 'x', users }, '2.15'))).toEqual(userNotFound)
    const companies = [{ company_id: 'none' }]
    expect(errorOf(await post({ name: 'x', companies }, '2.15'))).toEqual(companyNotFound)
    expect(tagsOf('u2')).toEqual([])
    const { body } = await post({ name: 'x', users: [{ id: bob }] }, '2.15')
    expect(body).toEqual({ type: 'tag', id: '3', name: 'x' })
  })

  test.each([
    [50, 51],
    [2, 3],
  ])('%d at a time, not %d', async (most, tooMany) => {
    const { post, bob } = await workspace({ tag_batch: most })
    const send = (count: number) =>
      post({ name: 'x', users: Array.from({ length: count }, () => ({ id: bob })) })
    expect((await send(most)).status).toBe(200)
    expect(errorOf(await send(tooMany))).toMatchObject({ status: 400, code: 'parameter_invalid' })
  })

  test('any number where no limit is set', async () => {
    const { post, bob } = await workspace({ tag_batch: 0 })
    const users = Array.from({ length: 500 }, () => ({ id: bob }))
    expect((await post({ name: 'x', users })).status).toBe(200)
  })

  test.each([
    ['ignored', ['kept', 'vip'], 200],
    ['refused', ['kept', 'vip'], 400],
    ['works', ['kept'], 200],
  ] as const)('untagging contacts: %s', async (user_untag, left, status) => {
    const { post, ann, tagsOf } = await workspace({ user_untag })
    const answer = await post({ name: 'vip', users: [{ id: ann, untag: true }] })
    expect(answer.status).toBe(status)
    expect(tagsOf('u1')?.toSorted()).toEqual(left)
    if (status === 200) expect(answer.body.users[0].tagged).toBe(user_untag === 'ignored')
  })
})

describe('tags of a contact', () => {
  test('are added one by one, twice without harm, and taken away', async () => {
    const { call, bob, vip, tagsOf } = await workspace()
    const path = `/contacts/${bob}/tags`
    const seconds = Date.UTC(2026, 0, 1) / 1000
    const applied = {
      type: 'tag',
      id: vip,
      name: 'vip',
      applied_at: seconds,
      applied_by: { type: 'admin', id: '1' },
    }
    expect((await call('POST', path, { id: vip })).body).toEqual(applied)
    await call('POST', path, { id: Number(vip) })
    expect((await call('GET', path)).body).toEqual({ type: 'list', data: [applied] })
    expect((await call('DELETE', `${path}/${vip}`)).body).toEqual(applied)
    expect(tagsOf('u2')).toEqual([])
  })

  test('taking away what is not there is 404, or accepted', async () => {
    const { call, bob, vip, sandbox } = await workspace()
    const path = `/contacts/${bob}/tags/${vip}`
    expect(errorOf(await call('DELETE', path))).toEqual(tagNotFound)
    sandbox.change({ removing_absent: 'accepted' })
    expect((await call('DELETE', path)).body).toMatchObject({ id: vip })
    expect(errorOf(await call('DELETE', `/contacts/${bob}/tags/99`))).toEqual(tagNotFound)
  })

  test.each(['archived', 'deleted', 'none'] as const)('of %s are not found', async (who) => {
    const { call, vip, ...ids } = await workspace()
    const path = `/contacts/${who === 'none' ? 'none' : ids[who]}/tags`
    expect(errorOf(await call('GET', path))).toEqual(userNotFound)
    expect(errorOf(await call('POST', path, { id: vip }))).toEqual(userNotFound)
    expect(errorOf(await call('DELETE', `${path}/${vip}`))).toEqual(userNotFound)
  })

  test('a tag has to exist and to be named', async () => {
    const { call, bob } = await workspace()
    expect(errorOf(await call('POST', `/contacts/${bob}/tags`, { id: '99' }))).toEqual(tagNotFound)
    expect(errorOf(await call('POST', `/contacts/${bob}/tags`, {}))).toMatchObject({
      status: 400,
      code: 'parameter_not_found',
    })
  })

  test('ten of them are shown in the contact, the rest is counted', async () => {
    const { call, sandbox } = await start()
    const names = (count: number) => Array.from({ length: count }, (_, number) => `t${number}`)
    const { contacts } = sandbox.seed({ contacts: [{ tags: names(10) }, { tags: names(11) }] })
    const [ten, eleven] = await Promise.all(contacts.map((id) => call('GET', `/contacts/${id}`)))
    expect(ten?.body.tags).toMatchObject({ total_count: 10, has_more: false })
    const { tags } = eleven?.body ?? {}
    expect(tags).toMatchObject({ total_count: 11, has_more: true })
    expect(tags.data).toHaveLength(10)
    expect(tags.data[0]).toEqual({ type: 'tag', id: '1', url: '/tags/1' })
    expect((await call('GET', tags.url)).body.data).toHaveLength(11)
  })

  test('can be searched for, once search has caught up', async () => {
    const { call, sandbox, clock, ann, bob, vip } = await workspace({ search_lag_ms: 60_000 })
    const find = async (operator: string) => {
      const query = { field: 'tag_id', operator, value: vip }
      const { body } = await call('POST', '/contacts/search', { query })
      return body.data.map(({ id }: { id: string }) => id)
    }
    expect(await find('=')).toEqual([ann])
    await call('POST', `/contacts/${bob}/tags`, { id: vip })
    expect(await find('=')).toEqual([ann])
    sandbox.advance(60_000)
    expect(await find('=')).toEqual([ann, bob])
    expect(await find('!=')).toHaveLength(1)
    expect(clock.sleeping).toBe(0)
  })
})
