import { join } from 'node:path'
import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import { Secret } from '../../src/connector/index.ts'
import { complaints, load, people, plainProject } from './fakes.ts'

const designProject = `sources:
  warehouse: { type: postgres, url: \${WAREHOUSE_URL} }      # postgres | duckdb
targets:
  intercom: { type: intercom, token: \${INTERCOM_TOKEN}, region: eu }   # us | eu | au, or base_url
state: \${MILLRACE_STATE:-.millrace/state.db}                 # SQLite file
activations: activations                                     # folder
`

const designActivation = `name: trial-users                 # default: the file's name
source: warehouse                 # may be left out where there is one
query: |
  select user_id, email, full_name, plan, seats, created_at, account_id, segments, is_vip from marts.trial_users
# query_file: ../queries/trial_users.sql
target: contact
mode: upsert
identifier: external_id
fields:
  external_id: user_id
  email: email
  name: full_name
  signed_up_at: created_at
  role: { value: user }
  custom_attributes.plan: plan
  custom_attributes.seats: { column: seats, on_null: skip }
companies: [{ company_id: account_id }]
tags:
  - { name: VIP, when: is_vip }
  - { from: segments, prefix: "wh: " }
on_null: clear
on_removed: keep
on_archived: fail
guards: { min_rows: 1, max_changes: 50%, max_removals: 5%, max_failures: 10% }
`

const environment = { WAREHOUSE_URL: 'postgres://u:pw@host/db', INTERCOM_TOKEN: 'dG9rZW4' }

test('the project of the docs loads, every default filled in', async () => {
  const project = await load(
    { 'millrace.yaml': designProject, 'activations/trial_users.yaml': designActivation },
    { environment },
  )
  expect(project.profile).toBeNull()
  expect(project.state).toEqual({
    kind: 'sqlite',
    file: join(project.folder, '.millrace', 'state.db'),
  })
  const [activation] = project.activations
  expect(activation).toMatchObject({
    name: 'trial-users',
    file: 'activations/trial_users.yaml',
    source: 'warehouse',
    query:
      'select user_id, email, full_name, plan, seats, created_at, account_id, segments, is_vip from marts.trial_users\n',
    target: 'intercom',
    object: { name: 'contact' },
    mode: 'upsert',
    identifier: 'external_id',
    key: null,
    tags: [
      { name: 'VIP', when: 'is_vip' },
      { column: 'segments', prefix: 'wh: ', separator: ',' },
    ],
    companies: [{ column: 'account_id', separator: ',' }],
    guards: {
      minRows: 1,
      maxChanges: { share: 0.5 },
      maxRemovals: { share: 0.05 },
      maxFailures: { share: 0.1 },
    },
    after: [],
  })
  expect(activation?.fields).toEqual([
    { field: 'external_id', from: { column: 'user_id' }, onNull: 'clear', when: 'always' },
    { field: 'email', from: { column: 'email' }, onNull: 'clear', when: 'always' },
    { field: 'name', from: { column: 'full_name' }, onNull: 'clear', when: 'always' },
    { field: 'signed_up_at', from: { column: 'created_at' }, onNull: 'clear', when: 'always' },
    { field: 'role', from: { value: 'user' }, onNull: 'clear', when: 'always' },
    { field: 'custom_attributes.plan', from: { column: 'plan' }, onNull: 'clear', when: 'always' },
    { field: 'custom_attributes.seats', from: { column: 'seats' }, onNull: 'skip', when: 'always' },
  ])
})

test('the state may be shared in Postgres, its password hidden', async () => {
  const { state } = await load({
    'millrace.yaml': `${plainProject}state: postgres://u:pw@host/db\n`,
    'activations/people.yaml': people,
  })
  expect(state.kind === 'postgres' && state.url.reveal()).toBe('postgres://u:pw@host/db')
  expect(inspect(state)).not.toContain('pw')
})

test('secrets of the project file are secrets', async () => {
  const project = await load(
    { 'millrace.yaml': designProject, 'activations/trial_users.yaml': designActivation },
    { environment },
  )
  const options = project.targets.get('intercom')?.options as { token: Secret; region: string }
  expect(options.region).toBe('eu')
  expect(options.token).toBeInstanceOf(Secret)
  expect(options.token.reveal()).toBe('dG9rZW4')
  expect(inspect(project, { depth: 10 })).not.toContain('dG9rZW4')
  expect(JSON.stringify([...project.sources])).not.toContain('pw@host')
})

test('every problem of every file is told at once', async () => {
  expect(
    await complaints({
      'millrace.yaml': designProject,
      'activations/a.yaml': people.replace('identifier:', 'identifer:'),
      'activations/b.yaml': people.replace('upsert', 'upsrt'),
      'activations/sub/c.yml': 'name: c\n\tmode: upsert\n',
    }),
  ).toEqual([
    'millrace.yaml:2:37: the variable WAREHOUSE_URL is not set; set it in the environment or in .env, or give it a default: ${WAREHOUSE_URL:-default}',
    'millrace.yaml:4:38: the variable INTERCOM_TOKEN is not set; set it in the environment or in .env, or give it a default: ${INTERCOM_TOKEN:-default}',
    'activations/a.yaml:5:1: unknown key "identifer"; did you mean "identifier"?',
    'activations/b.yaml:1:7: the name "people" is taken by activations/a.yaml; give one of the two another "name"',
    'activations/b.yaml:4:7: "mode" takes upsert, update, insert, delete or archive, not "upsrt"; did you mean "upsert"?',
    'activations/sub/c.yml:2:1: a tab is no indentation in YAML; use spaces',
  ])
})

test('a plain project has nothing to complain of', async () => {
  expect(
    await complaints({ 'millrace.yaml': plainProject, 'activations/people.yaml': people }),
  ).toEqual([])
})
