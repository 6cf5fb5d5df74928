import { afterEach, beforeEach, expect, test } from 'vitest'
import { openWorkspace, type Workspace } from '../support/workspace.ts'

let workspace: Workspace
beforeEach(async () => {
  workspace = await openWorkspace()
  await workspace.remove('activations/people.yaml')
})
afterEach(() => workspace.close())

const rows = 500

/** An activation over numbered rows; `select` says what each has beside its number `i`. */
function activation(target: string, select: string, mapping: string): string {
  return `
query: select ${select} from range(${rows}) numbers(i)
target: ${target}
mode: upsert
${mapping}
`
}

const people = (name: string, lists = '') =>
  activation(
    'contact',
    `'user-' || i as user_id, ${name} as name, i % 2 = 0 as is_vip, i % 10 = 0 as is_new`,
    `identifier: external_id
fields: { external_id: user_id, name: name, custom_attributes.plan: name }
${lists}`,
  )

async function run(file: string, text: string) {
  await workspace.write(`activations/${file}.yaml`, text)
  const { status, calls } = await workspace.runOne({ names: [file] })
  expect(status).toBe('done')
  return calls
}

test('contacts that exist cost 1.02 calls when first met, 1 when changed, none when unchanged', async () => {
  const contacts = Array.from({ length: rows }, (_, i) => ({ external_id: `user-${i}` }))
  workspace.sandbox.seed({ contacts })
  const met = await run('people', people("'Person ' || i"))
  expect(met.by_endpoint).toEqual({
    'GET /data_attributes': 1,
    'POST /contacts/search': 10,
    'PUT /contacts/{id}': 500,
  })
  expect(met.rows_per_call).toBe(0.978)

  const changed = await run('people', people("'Person ' || i || if(i % 5 = 0, ' Junior', '')"))
  expect(changed.by_endpoint).toEqual({ 'GET /data_attributes': 1, 'PUT /contacts/{id}': 100 })
  expect(changed.rows_per_call).toBe(0.99)

  const unchanged = await run('people', people("'Person ' || i || if(i % 5 = 0, ' Junior', '')"))
  expect(unchanged).toMatchObject({ total: 0, by_endpoint: {}, rows_per_call: null })
})

test('companies cost one call each, new or changed', async () => {
  const companies = (name: string) =>
    activation(
      'company',
      `'company-' || i as company_id, ${name} as name`,
      'identifier: company_id\nfields: { company_id: company_id, name: name }',
    )
  expect((await run('companies', companies("'A ' || i"))).by_endpoint).toEqual({
    'POST /companies': 500,
  })
  const changed = await run('companies', companies("'B ' || i"))
  expect(changed).toMatchObject({ total: 500, rows_per_call: 1 })
  expect(await run('companies', companies("'B ' || i"))).toMatchObject({ total: 0 })
})

test('tags are put on fifty contacts at a time, and read once to be taken off', async () => {
  const tagged = (vip: string) =>
    people("'Person'", `tags: [{ name: VIP, when: ${vip} }, { name: New, when: is_new }]`)
  const first = await run('people', tagged('is_vip'))
  expect(first.by_endpoint).toMatchObject({ 'POST /contacts': 500 })
  expect(first.by_endpoint['POST /tags']).toBeLessThanOrEqual(20)
  expect(first.by_endpoint['GET /tags']).toBeUndefined()

  const less = await run('people', tagged('is_new'))
  expect(less.by_endpoint).toEqual({
    'GET /data_attributes': 1,
    'GET /tags': 1,
    'DELETE /contacts/{id}/tags/{id}': 200,
  })
})

test('an admin in whose name conversations are tagged is not asked for, and tags are read once', async () => {
  const conversations = Array.from({ length: rows }, () => ({}))
  const ids = workspace.sandbox.seed({ admins: [{ id: '7' }], conversations }).conversations
  await workspace.write('conversations.csv', `id\n${ids.join('\n')}\n`)
  const calls = await run(
    'conversations',
    `
query: select id from read_csv('conversations.csv', all_varchar = true)
target: conversation
mode: update
identifier: id
admin_id: 7
fields: { id: id }
tags: [{ name: Escalated }, { name: Seen }]
`,
  )
  expect(calls.by_endpoint['POST /conversations/{id}/tags']).toBe(1000)
  // The workspace is asked for once: no answer about a conversation names it.
  expect(calls.by_endpoint['GET /me']).toBe(1)
  expect(calls.total).toBeLessThanOrEqual(1004)
})

test('a contact that was archived since is found out at once, though the search still shows it', async () => {
  const { sandbox } = workspace
  sandbox.change({ search_lag_ms: 86_400_000 })
  const [id] = sandbox.seed({ contacts: [{ external_id: 'user-0' }] }).contacts
  const tagged = (name: string) => `
query: select 'user-0' as user_id
target: contact
mode: upsert
identifier: external_id
fields: { external_id: user_id }
tags: [{ name: ${name} }]
`
  await run('people', tagged('One'))
  await fetch(`${sandbox.url}/contacts/${id}/archive`, {
    method: 'POST',
    headers: { authorization: `Bearer ${sandbox.token}`, 'intercom-version': '2.16' },
  })
  await workspace.write('activations/people.yaml', tagged('Two'))
  const { failures_by_code, calls } = await workspace.runOne()
  expect(failures_by_code).toEqual({ archived: 1 })
  expect(calls.by_endpoint).toEqual({
    'GET /tags': 1,
    'DELETE /contacts/{id}/tags/{id}': 1,
    'POST /tags': 1,
    'POST /contacts/search': 1,
    'POST /contacts': 1,
  })
})
