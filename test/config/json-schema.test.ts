import { Ajv } from 'ajv'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { activationJsonSchema, projectJsonSchema } from '../../src/config/json-schema.ts'
import { connectors, people, plainProject } from './fakes.ts'

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
  ])('takes what is right', async (text) => {
    const { activation } = await validators()
    expect(activation(parse(text)) || activation.errors).toBe(true)
  })

  test.each([
    people.replace('identifier:', 'identifer:'),
    people.replace('upsert', 'archive'),
    people.replace('identifier: external_id', 'identifier: id'),
    people.replace('  email', '  emial'),
    people.replace(/query: .*\n/, ''),
    `${people}query_file: people.sql\n`,
    `${people}tags: []\n`,
    `${people}on_removed: archive\n`,
    `${people}create_attributes: true\n`,
    `${people}  name: { column: name, when: create }\n`,
  ])('refuses what is wrong or not available', async (text) => {
    expect((await validators()).activation(parse(text))).toBe(false)
  })
})
