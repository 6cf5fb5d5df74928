import { Ajv } from 'ajv'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { activationJsonSchema, projectJsonSchema } from '../../src/config/json-schema.ts'
import { connectors, people, plainProject } from './fakes.ts'

const company = `query: select 1
target: company
mode: upsert
identifier: company_id
fields: { company_id: id }
`

const everything = `tags: [VIP, { name: Beta, when: beta }, { from: segments, prefix: "wh: ", separator: "|" }]
companies: [{ company_id: account_id }]
create_missing: true
create_attributes: true
on_removed: delete
on_archived: unarchive
confirm: permanent
guards: { min_rows: 5, max_changes: 2.5%, max_removals: off, max_failures: "$\{SHARE}" }
`

async function validators() {
  const ajv = new Ajv({
    strict: true,
    allowUnionTypes: true,
    strictRequired: false,
    strictTypes: false,
  })
  return {
    project: ajv.compile(await projectJsonSchema(connectors)),
    activation: ajv.compile(await activationJsonSchema(connectors)),
  }
}

describe('the JSON Schema of the project file', () => {
  test.each([
    plainProject,
    plainProject.replace('abc', '"${TOKEN}", region: "${REGION:-eu}", api_version: "${V}"'),
    plainProject.replace('db" }', 'db", statement_timeout: "${T}" }'),
    `${plainProject}state: x.db\nactivations: x\nprofiles: { dev: { state: y.db }, prod: null }\n`,
  ])('takes what is right', async (text) => {
    expect((await validators()).project(parse(text))).toBe(true)
  })

  test.each([
    plainProject.replace('type: postgres', 'type: oracle'),
    plainProject.replace('url:', 'urll:'),
    plainProject.replace('abc', 'abc, region: mars'),
    plainProject.replace('abc', 'abc, api_version: newest'),
    plainProject.replace('targets', 'target'),
    `${plainProject}unknown: 1\n`,
  ])('refuses what is wrong', async (text) => {
    expect((await validators()).project(parse(text))).toBe(false)
  })
})

describe('the JSON Schema of activations', () => {
  test.each([
    people,
    people.replace('contact', 'intercom.contact'),
    people.replace('contact', '"${TARGET}"'),
    `${people}  custom_attributes.plan: { column: plan, on_null: skip }\nenabled: "$\{ON}"\nkey: [a, b]\nafter: x\n`,
    people.replace(/query: .*/, 'query_file: people.sql'),
    company,
    `${people}${everything}`,
  ])('takes what is right', async (text) => {
    const { activation } = await validators()
    expect(activation(parse(text)) || activation.errors).toBe(true)
  })

  test.each([
    people.replace('identifier:', 'identifer:'),
    people.replace('contact', 'company').replace('upsert', 'archive'),
    people.replace('identifier: external_id', 'identifier: company_id'),
    people.replace('  email', '  emial'),
    people.replace(/query: .*\n/, ''),
    `${people}query_file: people.sql\n`,
    `${people}tags: [{ nme: VIP }]\n`,
    `${people}companies: [account_id]\n`,
    `${people}guards: { max_changes: 5 percent }\n`,
    `${people}keep_values: never\n`,
    `${people}  name: { column: name, when: creation }\n`,
    `${company}companies: [{ company_id: account_id }]\n`,
    `${company}on_removed: archive\n`,
    `${company}on_archived: unarchive\n`,
  ])('refuses what is wrong or not available', async (text) => {
    expect((await validators()).activation(parse(text))).toBe(false)
  })
})
