import { expect, test } from 'vitest'
import { corrections, openapi } from '../../../support/openapi.ts'
import { closeAfterEach, type Harness, start } from './harness.ts'

closeAfterEach()

const description = openapi()

/** Names in braces stand for ids of what is there: see `workspace`. */
interface Exchange {
  readonly request: string
  readonly body?: object
  readonly status?: number
  /** True where the request is wrong on purpose, so that its body is not checked. */
  readonly wrong?: boolean
}

const search = { field: 'email', operator: 'IN', value: ['ann@example.com'] }
const exchanges: readonly Exchange[] = [
  { request: 'GET /me' },
  { request: 'POST /contacts', body: { external_id: 'new', custom_attributes: { seats: 1 } } },
  { request: 'POST /contacts', body: { role: 'lead', email: 'lead@example.com', name: null } },
  { request: 'POST /contacts', body: { external_id: 'u1' }, status: 409 },
  { request: 'POST /contacts', body: { external_id: 5 }, status: 400, wrong: true },
  { request: 'PUT /contacts/{ann}', body: { email: null, custom_attributes: { seats: null } } },
  { request: 'PUT /contacts/{ann}', body: { avatar: 'https://example.com/a.png', owner_id: '1' } },
  { request: 'PUT /contacts/none', body: { name: 'x' }, status: 404 },
  { request: 'GET /contacts/{ann}' },
  { request: 'GET /contacts/{merged}', status: 410 },
  { request: 'GET /contacts/none', status: 404 },
  { request: 'GET /contacts/find_by_external_id/u1' },
  { request: 'GET /contacts?per_page=1' },
  { request: 'GET /contacts' },
  { request: 'POST /contacts/search', body: { query: search } },
  {
    request: 'POST /contacts/search',
    body: {
      query: { operator: 'AND', value: [search, { field: 'role', operator: '=', value: 'user' }] },
      pagination: { per_page: 1 },
      sort: { field: 'created_at', order: 'ascending' },
    },
  },
  { request: 'POST /contacts/search', body: {}, status: 400, wrong: true },
  { request: 'POST /contacts/{bob}/archive' },
  { request: 'POST /contacts/{bob}/unarchive' },
  { request: 'DELETE /contacts/{bob}' },
  {
    request: 'POST /contacts/merge',
    body: { from: '{lead}', into: '{ann}', skip_duplicate_validation: true },
  },
  { request: 'POST /contacts/merge', body: { from: '{ann}', into: '{ann}' }, status: 400 },
  {
    request: 'POST /companies',
    body: { company_id: 'c2', name: 'B', plan: 'pro', custom_attributes: { tier: 'a' } },
  },
  { request: 'POST /companies', body: { company_id: 'c1', remote_created_at: null, name: null } },
  { request: 'POST /companies', body: { test: 1 }, status: 400, wrong: true },
  { request: 'PUT /companies/{acme}', body: { name: 'Acme Ltd', monthly_spend: 3 } },
  { request: 'GET /companies/{acme}' },
  { request: 'GET /companies?company_id=c1' },
  { request: 'GET /companies?company_id=none', status: 404 },
  { request: 'DELETE /companies/{acme}' },
  { request: 'POST /companies/list?page=1&per_page=1' },
  { request: 'POST /companies/list?page=1000&per_page=60', status: 400 },
  { request: 'GET /companies/{acme}/contacts' },
  { request: 'GET /companies/none/contacts', status: 404 },
  { request: 'GET /contacts/{bob}/companies' },
  { request: 'GET /contacts/{bob}/companies?per_page=1&page=2' },
  { request: 'GET /contacts/none/companies', status: 404 },
  { request: 'POST /contacts/{ann}/companies', body: { id: '{acme}' } },
  { request: 'POST /contacts/{ann}/companies', body: {}, status: 400, wrong: true },
  { request: 'POST /contacts/{ann}/companies', body: { id: 'none' }, status: 404 },
  { request: 'DELETE /contacts/{bob}/companies/{acme}' },
  { request: 'DELETE /contacts/{bob}/companies/none', status: 404 },
  { request: 'GET /contacts/{bob}' },
  { request: 'GET /contacts/{bob}/tags' },
  { request: 'GET /contacts/none/tags', status: 404 },
  { request: 'POST /contacts/{ann}/tags', body: { id: '{vip}' } },
  { request: 'POST /contacts/{ann}/tags', body: { id: 'none' }, status: 404 },
  { request: 'POST /contacts/{merged}/tags', body: { id: '{vip}' }, status: 410 },
  { request: 'DELETE /contacts/{bob}/tags/{vip}' },
  { request: 'DELETE /contacts/{ann}/tags/{vip}', status: 404 },
  { request: 'GET /tags' },
  { request: 'GET /tags/{vip}' },
  { request: 'GET /tags/none', status: 404 },
  { request: 'DELETE /tags/{vip}' },
  { request: 'DELETE /tags/{kept}', status: 400 },
  { request: 'DELETE /tags/none', status: 404 },
  { request: 'POST /tags', body: { name: 'new' } },
  { request: 'POST /tags', body: { id: '{vip}', name: 'very important' } },
  { request: 'POST /tags', body: { name: 'VIP', users: [{ id: '{ann}' }, { id: 'none' }] } },
  {
    request: 'POST /tags',
    body: { name: 'vip', companies: [{ id: '{acme}' }, { company_id: 'c1', untag: true }] },
  },
  { request: 'POST /tags', body: { test: 'invalid' }, status: 400, wrong: true },
  { request: 'GET /conversations/{talk}' },
  { request: 'GET /conversations/none', status: 404 },
  { request: 'POST /conversations/{talk}/tags', body: { id: '{kept}', admin_id: '1' } },
  { request: 'POST /conversations/none/tags', body: { id: '{vip}', admin_id: '1' }, status: 404 },
  { request: 'POST /conversations/{talk}/tags', body: { id: '{vip}' }, status: 400, wrong: true },
  { request: 'DELETE /conversations/{talk}/tags/{vip}', body: { admin_id: '1' } },
  { request: 'DELETE /conversations/{talk}/tags/none', body: { admin_id: '1' }, status: 404 },
  { request: 'GET /admins' },
  { request: 'GET /admins/1' },
  { request: 'GET /admins/none', status: 404 },
  { request: 'GET /data_attributes' },
  { request: 'GET /data_attributes?model=conversation', status: 422 },
  { request: 'POST /data_attributes', body: { name: 'a', model: 'contact', data_type: 'float' } },
  {
    request: 'POST /data_attributes',
    body: {
      name: 'b',
      model: 'company',
      data_type: 'options',
      options: [{ value: 'x' }, { value: 'y' }],
    },
  },
  {
    request: 'POST /data_attributes',
    body: { name: 'seats', model: 'company', data_type: 'string' },
    status: 400,
  },
  { request: 'PUT /data_attributes/1', body: { archived: true, description: 'gone' } },
  { request: 'PUT /data_attributes/3', body: { archived: true }, status: 422 },
  { request: 'PUT /data_attributes/99', body: { archived: true }, status: 404 },
]

async function workspace(): Promise<Harness & { readonly ids: Readonly<Record<string, string>> }> {
  const harness = await start({
    attributes: ['contact.seats:integer', 'company.tier:options(a|b)'],
  })
  const { contacts, companies, conversations, tags } = harness.sandbox.seed({
    attributes: [{ model: 'company', name: 'rank', type: 'integer', dependent: true }],
    tags: ['vip', { name: 'kept', segments: ['Segment 1'] }],
    conversations: [{ title: 'Hello', tags: ['vip'] }],
    contacts: [
      { external_id: 'u1', email: 'ann@example.com', custom_attributes: { seats: 2 } },
      { external_id: 'u2', email: 'ann@example.com', tags: ['vip'], companies: ['c1', 'c2'] },
      { role: 'lead', email: 'lead@example.com' },
      { role: 'lead', email: 'ann@example.com' },
    ],
    companies: [{ company_id: 'c1', name: 'Acme', tags: ['vip'] }, { company_id: 'c2' }],
  })
  const [ann = '', bob = '', lead = '', merged = ''] = contacts
  await harness.call('POST', '/contacts/merge', { from: merged, into: ann })
  const [vip = '', kept = ''] = tags
  const [talk = ''] = conversations
  return { ...harness, ids: { ann, bob, lead, merged, acme: companies[0] ?? '', vip, kept, talk } }
}

test.skipIf(description === null).each(exchanges)(
  "$request answers $status as Intercom's description says",
  async ({ request, body, status = 200, wrong = false }) => {
    const { call, ids } = await workspace()
    const fill = (text: string) => text.replaceAll(/\{(\w+)\}/g, (_, name) => ids[name] ?? name)
    const [method = '', path = ''] = fill(request).split(' ')
    const sent = body === undefined ? undefined : JSON.parse(fill(JSON.stringify(body)))
    if (sent !== undefined && !wrong) {
      expect(description?.validateRequest(method, path, sent)).toEqual([])
    }
    const answer = await call(method, path, sent)
    expect(answer.status).toBe(status)
    expect(description?.validateResponse(method, path, status, answer.body)).toEqual([])
  },
)

test.skipIf(description === null)(
  'refusals that every endpoint knows are as described',
  async () => {
    const { call } = await start({ rate_limit: 1 })
    const refused = [
      await call('GET', '/me', undefined, { Authorization: undefined }),
      await call('GET', '/nothing'),
      await call('GET', '/me'),
    ]
    expect(refused.map(({ status }) => status)).toEqual([401, 404, 429])
    for (const { status, body } of refused) {
      expect(description?.validateResponse('GET', '/me', status, body)).toEqual([])
    }
  },
)

test.skipIf(description === null)('the description itself can say no', () => {
  const problems = [
    description?.validateRequest('POST', '/contacts', { external_id: 5 }),
    description?.validateRequest('POST', '/contacts', { external_id: 'u', nickname: 'x' }),
    description?.validateRequest('POST', '/nothing', {}),
    description?.validateResponse('GET', '/contacts/1', 200, { id: 5 }),
    description?.validateResponse('GET', '/contacts/1', 404, { errors: [] }),
    description?.validateResponse('GET', '/contacts/1', 204, {}),
    description?.validateResponse('DELETE', '/tags/1', 200, { id: '1' }),
    description?.validateRequest('POST', '/tags', { name: 'x', people: [] }),
  ]
  for (const problem of problems) expect(problem).not.toEqual([])
})

test('every correction of the description says why', () => {
  for (const { because } of corrections) expect(because.length).toBeGreaterThan(20)
})
