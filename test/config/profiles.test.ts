import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Secret } from '../../src/connector/index.ts'
import { complaints, load, people } from './fakes.ts'

const project = `sources:
  warehouse: { type: postgres, url: $\{WAREHOUSE_URL}, statement_timeout: 5000 }
targets:
  intercom: { type: intercom, token: $\{INTERCOM_TOKEN}, region: eu }
profiles:
  dev:
    sources:
      warehouse: { type: duckdb }
    targets:
      intercom: { token: sandbox, base_url: "http://localhost:4010" }
    state: dev.db
  test:
    sources:
      warehouse: { url: $\{TEST_URL} }
  prod:
`
const files = { 'millrace.yaml': project, 'activations/people.yaml': people }
const environment = { WAREHOUSE_URL: 'postgres://prod/db', INTERCOM_TOKEN: 'prod-token' }

test('without a profile the base counts, and profiles need no variables', async () => {
  const loaded = await load(files, { environment })
  expect(loaded.profile).toBeNull()
  expect(loaded.sources.get('warehouse')?.connector.type).toBe('postgres')
})

test('a profile overrides key by key; another type takes the place of the whole', async () => {
  const loaded = await load(files, { profile: 'dev' })
  expect(loaded.profile).toBe('dev')
  expect(loaded.sources.get('warehouse')).toMatchObject({
    connector: { type: 'duckdb' },
    options: {},
  })
  expect(loaded.targets.get('intercom')?.options).toMatchObject({
    region: 'eu',
    base_url: 'http://localhost:4010',
  })
  expect(loaded.state).toEqual({ kind: 'sqlite', file: join(loaded.folder, 'dev.db') })
})

test('what a profile does not name stays', async () => {
  const surroundings = { environment: { ...environment, TEST_URL: 'postgres://test/db' } }
  const loaded = await load(files, { ...surroundings, profile: 'test' })
  const options = loaded.sources.get('warehouse')?.options as { url: Secret }
  expect(options).toMatchObject({ statement_timeout: 5000 })
  expect(options.url.reveal()).toBe('postgres://test/db')
})

test('a key without a value in a profile takes the key away', async () => {
  const without = project.replace('token: sandbox,', 'token: sandbox, region: ,')
  const loaded = await load({ ...files, 'millrace.yaml': without }, { profile: 'dev' })
  expect(loaded.targets.get('intercom')?.options).toMatchObject({ region: 'us' })
})

test('an empty profile changes nothing', async () => {
  expect((await load(files, { environment, profile: 'prod' })).profile).toBe('prod')
})

test('MILLRACE_PROFILE picks a profile, the option wins over it', async () => {
  const named = { MILLRACE_PROFILE: 'dev' }
  expect((await load(files, { environment: named })).profile).toBe('dev')
  expect((await load({ ...files, '.env': 'MILLRACE_PROFILE=dev\n' })).profile).toBe('dev')
  const both = { environment: { ...environment, ...named }, profile: 'prod' }
  expect((await load(files, both)).profile).toBe('prod')
})

test('an unknown profile is refused with those there are', async () => {
  expect(await complaints(files, { environment, profile: 'prd' })).toEqual([
    'millrace.yaml:1:1: there is no profile "prd"; did you mean "prod"? The project has dev, test, prod',
  ])
})

test('problems are placed in the profile or in the base, wherever the text is', async () => {
  const wrong = project
    .replace('token: sandbox', 'tokn: sandbox')
    .replace('region: eu', 'region: mars')
  expect(
    await complaints({ ...files, 'millrace.yaml': wrong }, { profile: 'dev', environment }),
  ).toEqual([
    'millrace.yaml:4:65: "region" takes us, eu or au, not "mars"',
    'millrace.yaml:10:19: unknown key "tokn"; did you mean "token"?',
  ])
  expect(await complaints(files, { profile: 'test', environment })).toEqual([
    expect.stringMatching(/^millrace\.yaml:14:25: the variable TEST_URL is not set/),
  ])
})

test('profiles that are not chosen are checked for their keys', async () => {
  const wrong = project.replace('state: dev.db', 'stat: dev.db')
  expect(await complaints({ ...files, 'millrace.yaml': wrong }, { environment })).toEqual([
    'millrace.yaml:11:5: unknown key "stat"; did you mean "state"?',
  ])
})
