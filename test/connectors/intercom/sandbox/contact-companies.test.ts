import { expect, test } from 'vitest'
import type { SandboxOptions } from '../../../../connectors/intercom/sandbox/index.ts'
import { closeAfterEach, errorOf, start, userNotFound } from './harness.ts'

closeAfterEach()

const companyNotFound = {
  status: 404,
  code: 'company_not_found',
  message: 'Company Not Found',
}

async function workspace(options: Partial<SandboxOptions> = {}) {
  const harness = await start(options)
  const { contacts, companies } = harness.sandbox.seed({
    companies: [{ company_id: 'c1', name: 'Acme' }, { company_id: 'c2' }, { company_id: 'c3' }],
    contacts: [
      { external_id: 'u1', companies: ['c1'] },
      { external_id: 'u2', state: 'archived', companies: ['c1'] },
      { role: 'lead', companies: ['c2'] },
    ],
  })
  const [ann = '', archived = '', lead = ''] = contacts
  const [acme = '', bolt = '', core = ''] = companies
  const held = () => harness.sandbox.contents().contacts[0]?.companies
  return { ...harness, ann, archived, lead, acme, bolt, core, held }
}

test('a contact is attached by Intercom id, twice without harm, and detached', async () => {
  const { call, ann, bolt, held } = await workspace()
  const path = `/contacts/${ann}/companies`
  const attached = await call('POST', path, { id: bolt })
  expect(attached.body).toMatchObject({
    type: 'company',
    id: bolt,
    company_id: 'c2',
    user_count: 1,
  })
  expect((await call('POST', path, { id: bolt })).status).toBe(200)
  expect(held()).toEqual(['c1', 'c2'])
  const detached = await call('DELETE', `${path}/${bolt}`)
  expect(detached.body).toMatchObject({ id: bolt, user_count: 0 })
  expect(held()).toEqual(['c1'])
})

test('detaching what is not attached is 404, or accepted', async () => {
  const { call, ann, bolt, sandbox } = await workspace()
  const path = `/contacts/${ann}/companies/${bolt}`
  expect(errorOf(await call('DELETE', path))).toEqual(companyNotFound)
  sandbox.change({ removing_absent: 'accepted' })
  expect((await call('DELETE', path)).status).toBe(200)
})

test('both have to exist and the company has to be named by its Intercom id', async () => {
  const { call, ann, archived, acme } = await workspace()
  const path = `/contacts/${ann}/companies`
  expect(errorOf(await call('POST', path, { id: 'c1' }))).toEqual(companyNotFound)
  expect(errorOf(await call('DELETE', `${path}/c1`))).toEqual(companyNotFound)
  expect(errorOf(await call('POST', path, {}))).toEqual({
    status: 400,
    code: 'parameter_not_found',
    message: 'company not specified',
  })
  for (const id of [archived, 'none']) {
    const other = `/contacts/${id}/companies`
    expect(errorOf(await call('GET', other))).toEqual(userNotFound)
    expect(errorOf(await call('POST', other, { id: acme }))).toEqual(userNotFound)
    expect(errorOf(await call('DELETE', `${other}/${acme}`))).toEqual(userNotFound)
  }
})

test('a contact has so many companies at most', async () => {
  const { call, ann, acme, bolt, core, held } = await workspace({ companies_per_contact: 2 })
  const path = `/contacts/${ann}/companies`
  await call('POST', path, { id: bolt })
  expect(errorOf(await call('POST', path, { id: core }))).toEqual({
    status: 400,
    code: 'contact_company_limit_exceeded',
    message: 'Contact has reached the maximum of 2 company associations',
  })
  expect((await call('POST', path, { id: bolt })).status).toBe(200)
  await call('DELETE', `${path}/${acme}`)
  expect((await call('POST', path, { id: core })).status).toBe(200)
  expect(held()).toEqual(['c2', 'c3'])
})

test('the limit is a thousand unless it is set', async () => {
  const { call, sandbox } = await start()
  const ids = Array.from({ length: 1001 }, (_, number) => `c${number}`)
  const { contacts, companies } = sandbox.seed({
    companies: ids.map((company_id) => ({ company_id })),
    contacts: [{ companies: ids.slice(0, 1000) }],
  })
  const answer = await call('POST', `/contacts/${contacts[0]}/companies`, { id: companies[1000] })
  expect(errorOf(answer).message).toBe(
    'Contact has reached the maximum of 1000 company associations',
  )
})

test('ten companies are shown in the contact, all of them on their own pages', async () => {
  const { call, sandbox } = await start()
  const ids = Array.from({ length: 15 }, (_, number) => `c${number}`)
  const { contacts, companies } = sandbox.seed({
    companies: ids.map((company_id) => ({ company_id })),
    contacts: [{ companies: ids }],
  })
  const { body } = await call('GET', `/contacts/${contacts[0]}`)
  expect(body.companies).toMatchObject({ total_count: 15, has_more: true })
  expect(body.companies.data).toEqual(
    companies.slice(0, 10).map((id) => ({ type: 'company', id, url: `/companies/${id}` })),
  )
  const seen: string[] = []
  let next: string | null = `${sandbox.url}${body.companies.url}?per_page=7`
  while (next !== null) {
    const page = await call('GET', next.slice(sandbox.url.length))
    expect(page.body).toMatchObject({ total_count: 15, pages: { per_page: 7, total_pages: 3 } })
    seen.push(...page.body.data.map((company: { company_id: string }) => company.company_id))
    next = page.body.pages.next
  }
  expect(seen).toEqual(ids)
})

test('lists show only companies that an active user belongs to', async () => {
  const { call, ann, acme, bolt } = await workspace()
  const listed = async () => {
    const { body } = await call('POST', '/companies/list')
    return body.data.map(({ id }: { id: string }) => id)
  }
  expect(await listed()).toEqual([acme])
  expect((await call('GET', '/companies?company_id=c2')).body).toMatchObject({ id: bolt })
  await call('POST', `/contacts/${ann}/companies`, { id: bolt })
  expect(await listed()).toEqual([acme, bolt])
  await call('POST', `/contacts/${ann}/archive`)
  expect(await listed()).toEqual([])
})

test('the list is sorted by the last request, and ends at ten thousand', async () => {
  const { call, sandbox } = await start()
  sandbox.seed({ companies: [{ company_id: 'a' }, { company_id: 'b' }] })
  sandbox.seed({ contacts: [{ companies: ['a', 'b'] }] })
  await call('POST', '/companies', { company_id: 'b', update_last_request_at: true })
  const order = async (query: string) => {
    const { body } = await call('POST', `/companies/list${query}`)
    return body.data.map(({ company_id }: { company_id: string }) => company_id)
  }
  expect(await order('')).toEqual(['b', 'a'])
  expect(await order('?order=asc')).toEqual(['a', 'b'])
  expect(await order('?per_page=1&page=2')).toEqual(['a'])
  expect(errorOf(await call('POST', '/companies/list?per_page=50&page=201'))).toEqual({
    status: 400,
    code: 'bad_request',
    message: 'page limit reached, please use scroll API',
  })
  expect((await call('POST', '/companies/list?order=up')).status).toBe(400)
})

test('companies are listed by tag', async () => {
  const { call, sandbox } = await start()
  const { tags, companies } = sandbox.seed({
    companies: [
      { company_id: 'c1', tags: ['vip'] },
      { company_id: 'c2', tags: ['vip'] },
      { company_id: 'c3', tags: [] },
    ],
    tags: ['vip'],
    contacts: [{ companies: ['c1', 'c3'] }],
  })
  const { body } = await call('GET', `/companies?tag_id=${tags[0]}`)
  expect(body.data).toMatchObject([{ id: companies[0], tags: { tags: [{ name: 'vip' }] } }])
})

test('the contacts of a company are walked by cursor, without those that are archived', async () => {
  const { call, acme, ann } = await workspace()
  const { body } = await call('GET', `/companies/${acme}/contacts`)
  expect(body.data.map(({ id }: { id: string }) => id)).toEqual([ann])
  await call('POST', '/contacts', { external_id: 'u9' }).then(({ body: { id } }) =>
    call('POST', `/contacts/${id}/companies`, { id: acme }),
  )
  const first = await call('GET', `/companies/${acme}/contacts?per_page=1`)
  expect(first.body).toMatchObject({ total_count: 2, data: [{ id: ann }] })
  const cursor = first.body.pages.next.starting_after
  const second = await call(
    'GET',
    `/companies/${acme}/contacts?per_page=1&starting_after=${cursor}`,
  )
  expect(second.body.data).toMatchObject([{ external_id: 'u9' }])
  expect(errorOf(await call('GET', '/companies/none/contacts'))).toEqual(companyNotFound)
})

test('a deleted company is detached from everybody', async () => {
  const { call, acme, held, sandbox } = await workspace()
  await call('DELETE', `/companies/${acme}`)
  expect(held()).toEqual([])
  const { body } = await call('POST', '/companies', { company_id: 'c1' })
  expect(body.id).not.toBe(acme)
  expect(body.user_count).toBe(0)
  expect(sandbox.contents().contacts[1]?.companies).toEqual([])
})

test('a deletion may take its time: until then the company is there, and lost afterwards', async () => {
  const { call, acme, held, sandbox } = await workspace({ company_deletion_ms: 5_000 })
  expect((await call('DELETE', `/companies/${acme}`)).body.deleted).toBe(true)
  const updated = await call('POST', '/companies', { company_id: 'c1', name: 'Again' })
  expect(updated.body.id).toBe(acme)
  expect(held()).toEqual(['c1'])
  sandbox.advance(5_000)
  expect(held()).toEqual([])
  expect(errorOf(await call('GET', `/companies/${acme}`))).toEqual(companyNotFound)
  const again = await call('POST', '/companies', { company_id: 'c1' })
  expect(again.body.id).not.toBe(acme)
})
