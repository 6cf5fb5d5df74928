import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { loadProject } from '../../src/config/project.ts'
import { complaints, connectors, people, plainProject, projectFolder } from './fakes.ts'

const notAVariable =
  'this is not a variable; write $' +
  '{NAME} or $' +
  '{NAME:-default}, or $$' +
  '{ for the characters $' +
  '{ themselves'

/** Each: what is told of an activation whose text this is. */
const activations: Readonly<Record<string, readonly [string, ...string[]]>> = {
  'an empty file': ['', '1:1: the file is empty'],
  'nothing but a comment': ['# people\n', '1:1: the file is empty'],
  'a list at the top': [
    '- name: people\n',
    '1:1: the file holds a list, not keys with values such as "name: people"',
  ],
  'one word': [
    'people\n',
    '1:1: the file holds a single value, not keys with values such as "name: people"',
  ],
  'two documents': [
    `${people}---\nname: other\n`,
    '9:1: a file holds one YAML document; put what follows "---" into a file of its own',
  ],
  'a key twice': [
    people.replace('  email: email\n', '  email: email\n  email: mail\n'),
    '9:3: the key "email" appears twice; keep one of them',
  ],
  'a tab': [
    people.replace('  email', '\temail'),
    '8:1: a tab is no indentation in YAML; use spaces',
  ],
  'an unclosed brace': [
    people.replace('email: email', 'email: { column: email'),
    '9:1: this is not valid YAML: Flow map in block collection must be sufficiently indented and end with a }',
  ],
  'an unknown tag': [
    people.replace('query: select', 'query: !sql select'),
    '2:8: this is not valid YAML: Unresolved tag: !sql',
  ],
  'an alias of nothing': [
    people.replace('target: contact', 'target: *other'),
    '3:9: nothing above is marked "&other"; write text that starts with "*" in quotes',
  ],
  'aliases upon aliases': [
    `a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\n`,
    '1:1: too many YAML aliases (*name); write out what they stand for',
  ],
  'an anchor inside itself': ['fields: &a { email: *a }\n', '1:1: the file is nested too deeply'],
  'endless brackets': ['['.repeat(50_000), '1:1: the file is nested too deeply'],
  'a key that is no name': [
    people.replace('  email: email', '  ? [a]\n  : b'),
    '8:5: a key must be a name',
  ],
  'a key that objects have': [
    people.replace('  email: email', '  __proto__: email'),
    '8:3: a key must be a name',
  ],
  'a misspelt key': [
    people.replace('identifier', 'identifer'),
    '5:1: unknown key "identifer"; did you mean "identifier"?',
  ],
  'a key like no other': [
    people.replace('mode: upsert', 'xyzzy: 1\nmode: upsert'),
    '4:1: unknown key "xyzzy"',
  ],
  'a misspelt key of a field': [
    people.replace('email: email', 'email: { colum: email }'),
    '8:12: unknown key "colum"; did you mean "column"?',
  ],
  'missing keys': [
    'name: people\n',
    '1:1: "target" is missing',
    '1:1: "mode" is missing',
    '1:1: "fields" is missing',
  ],
  'a number where a name belongs': [
    people.replace('name: people', 'name: 7'),
    '1:7: "name" takes text, and this is a number; put it in quotes',
  ],
  'a number where a column belongs': [
    people.replace('email: email', 'email: 7'),
    '8:10: "email" takes text or keys with values, and this is a number; put it in quotes',
  ],
  'a key without a value': [
    people.replace('email: email', 'email:'),
    '8:3: "email" is empty; give it text or keys with values, or leave the key out',
  ],
  'a misspelt mode': [
    people.replace('upsert', 'upsrt'),
    '4:7: "mode" takes upsert, update, insert, delete or archive, not "upsrt"; did you mean "upsert"?',
  ],
  'an identifier that is none': [
    people.replace('identifier: external_id', 'identifier: extrenal_id'),
    '5:13: "identifier" of a contact is id, external_id or email; did you mean "external_id"?',
  ],
  'no identifier': [
    people.replace('identifier: external_id\n', ''),
    '1:1: "identifier" is missing; for contact it is id, external_id or email',
  ],
  'an identifier that is not mapped': [
    people.replace('  external_id: user_id\n', ''),
    '5:13: the identifier "external_id" is not mapped; add "external_id: COLUMN" under "fields"',
  ],
  'an identifier that is a constant': [
    people.replace('external_id: user_id', 'external_id: { value: "1" }'),
    '7:25: the identifier "external_id" takes its value from a column, not from a constant',
  ],
  'neither identifier nor what a record needs': [
    people.replace('  external_id: user_id\n  email: email', '  name: name'),
    '5:13: the identifier "external_id" is not mapped; add "external_id: COLUMN" under "fields"',
    '6:1: a contact cannot be created without external_id or email; map it under "fields"',
  ],
  'no fields': [
    people.replace('fields:\n  external_id: user_id\n  email: email\n', 'fields: {}\n'),
    '5:13: the identifier "external_id" is not mapped; add "external_id: COLUMN" under "fields"',
    '6:1: "fields" maps nothing; add at least one line such as "email: COLUMN"',
    '6:1: a contact cannot be created without external_id or email; map it under "fields"',
  ],
  'a misspelt field': [
    people.replace('  email: email', '  emial: email'),
    '8:3: contact has no field "emial"; did you mean "email"?',
  ],
  'a custom attribute without its prefix': [
    `${people}  lifetime_value: ltv\n`,
    '9:3: contact has no field "lifetime_value"; custom attributes are written "custom_attributes.NAME"',
  ],
  'a prefix and nothing behind it': [
    `${people}  custom_attributes.: ltv\n`,
    '9:3: contact has no field "custom_attributes."; custom attributes are written "custom_attributes.NAME"',
  ],
  'a column and a value': [
    `${people}  role: { column: role, value: user }\n`,
    '9:32: "role" has both a column and a value; keep one of them',
  ],
  'neither column nor value': [
    `${people}  role: { on_null: skip }\n`,
    '9:3: "role" needs "column", or "value" for a constant',
  ],
  'on_null of a constant': [
    `${people}  role: { value: user, on_null: skip }\n`,
    '9:33: "on_null" means nothing for a constant; leave it out',
  ],
  'a constant that is no choice': [
    `${people}  role: { value: usr }\n`,
    '9:18: "role" takes user or lead; did you mean "user"?',
  ],
  'a constant of another type': [
    `${people}  name: { value: 5 }\n`,
    '9:18: "name" takes text; put the value in quotes',
  ],
  'a constant that is too long': [
    `${people}  name: { value: Maximiliane }\n`,
    '9:18: "name" takes at most 10 characters, and this has 11',
  ],
  'a constant that is no date': [
    `${people}  signed_up_at: { value: yesterday }\n`,
    '9:26: "signed_up_at" takes a date such as 2026-01-31 or 2026-01-31T09:00:00Z, or unix seconds',
  ],
  'a constant that is no boolean': [
    `${people}  unsubscribed_from_emails: { value: yes }\n`,
    '9:38: "unsubscribed_from_emails" takes true or false',
  ],
  'a constant beyond exact numbers': [
    `${people}  custom_attributes.n: { value: 12345678901234567890 }\n`,
    '9:33: "custom_attributes.n" is too large a number to be exact; put it in quotes',
  ],
  'an unknown on_null': [
    `${people}on_null: clean\n`,
    '9:10: "on_null" takes clear or skip, not "clean"; did you mean "clear"?',
  ],
  'no query': [
    people.replace('query: select user_id, email from people\n', ''),
    '1:1: "query" is missing; write the SQL there, or name a file with it as "query_file"',
  ],
  'an empty query': [
    people.replace('select user_id, email from people', '"  "'),
    '2:8: "query" is empty',
  ],
  'two queries': [
    people.replace('target:', 'query_file: people.sql\ntarget:'),
    '3:1: both "query" and "query_file" are given; keep one of them',
  ],
  'a query file that is not there': [
    people.replace('query: select user_id, email from people', 'query_file: ../queries/people.sql'),
    '2:13: the query file queries/people.sql does not exist',
  ],
  'a query file that is a folder': [
    people.replace('query: select user_id, email from people', 'query_file: .'),
    '2:13: the query file activations is a folder, not a file',
  ],
  'an unknown source': [
    people.replace('target:', 'source: warehose\ntarget:'),
    '3:9: the project has no source "warehose"; did you mean "warehouse"?',
  ],
  'an unknown target': [
    people.replace('contact', 'crm.contact'),
    '3:9: the project has no target "crm"; it has intercom',
  ],
  'an unknown object': [
    people.replace('contact', 'contacts'),
    '3:9: intercom has no "contacts"; did you mean "contact"?',
  ],
  'an object of a later version': [
    people.replace('contact', 'event'),
    '3:9: "target: event" is not available in this version; use company, contact or conversation',
  ],
  'a name for no command line': [
    people.replace('name: people', 'name: all people'),
    '1:7: "all people" is no name for an activation; use letters, digits, "-", "_" and "."',
  ],
  'an activation after nothing': [
    `${people}after: [compnies]\n`,
    '9:9: "after": no activation is called "compnies"',
  ],
  'an activation after itself': [
    `${people}after: people\n`,
    '9:8: these activations wait for each other: people after people; take one "after" away',
  ],
  'what a later version does': [
    `${people}plan_in: warehouse\n`,
    '9:1: "plan_in: warehouse" is not available in this version; leave the key out',
  ],
  'a variable that is no name': [
    people.replace('name: people', `name: "$\{1st}"`),
    `1:8: ${notAVariable}`,
  ],
  'a variable without an end': [
    people.replace('name: people', `name: "$\{FIRST"`),
    `1:8: ${notAVariable}`,
  ],
  'a variable within a default': [
    people.replace('name: people', `name: "\${A:-\${B}}"`),
    `1:8: ${notAVariable}`,
  ],
  'a character that YAML files do not hold': [
    people.replace('people\n', 'people \uFDD0\n'),
    '1:14: this character is not allowed in text; remove it',
  ],
}

describe('an activation is refused for', () => {
  test.each(Object.entries(activations))('%s', async (_, [text, ...expected]) => {
    const files = { 'millrace.yaml': plainProject, 'activations/people.yaml': text }
    expect(await complaints(files)).toEqual(
      expected.map((message) => `activations/people.yaml:${message}`),
    )
  })

  test('bytes that are not UTF-8', async () => {
    const text = Buffer.from(people.replace('people', 'm\u00fcller'), 'latin1')
    expect(
      await complaints({ 'millrace.yaml': plainProject, 'activations/people.yaml': text }),
    ).toEqual(['activations/people.yaml:1:1: the file is not UTF-8 text; save it as UTF-8'])
  })

  test('a pipe, which nobody may ever write to', async () => {
    const folder = await projectFolder({
      'millrace.yaml': plainProject,
      'activations/a.yaml': people,
    })
    execFileSync('mkfifo', [join(folder, 'activations', 'b.yaml')])
    await expect(
      loadProject({ path: folder, profile: null, environment: {}, connectors }),
    ).rejects.toThrow('activations/b.yaml:1:1: the file is no ordinary file')
  })

  test('its size', async () => {
    const text = `${people}# ${'x'.repeat(1024 * 1024)}\n`
    expect(
      await complaints({ 'millrace.yaml': plainProject, 'activations/people.yaml': text }),
    ).toEqual([
      'activations/people.yaml:1:1: the file is too large (1.0 MiB); at most 1 MiB is read',
    ])
  })

  test("its file's name", async () => {
    const text = people.replace('name: people\n', '')
    expect(
      await complaints({ 'millrace.yaml': plainProject, 'activations/all people.yaml': text }),
    ).toEqual([
      'activations/all people.yaml:1:1: the file\'s name, "all people", is no name for an activation; give it one of its own with "name", of letters, digits, "-", "_" and "."',
    ])
  })

  test('a circle of "after"', async () => {
    const named = (name: string, after: string) =>
      `${people.replace('name: people', `name: ${name}`)}after: [${after}]\n`
    expect(
      await complaints({
        'millrace.yaml': plainProject,
        'activations/a.yaml': named('a', 'b'),
        'activations/b.yaml': named('b', 'c'),
        'activations/c.yaml': named('c', 'a'),
      }),
    ).toEqual([
      'activations/a.yaml:9:1: these activations wait for each other: a after b after c after a; take one "after" away',
    ])
  })
})

/** Each: what is told of a project file whose text this is. */
const projects: Readonly<Record<string, readonly [string, ...string[]]>> = {
  'an empty file': ['', '1:1: the file is empty'],
  'missing keys': ['state: here.db\n', '1:1: "sources" is missing', '1:1: "targets" is missing'],
  'an unknown key, and whatever else is wrong': [
    plainProject.replace('abc', 'abc, region: mars').concat('actvations: x\nstate: s3://x\n'),
    '4:51: "region" takes us, eu or au, not "mars"',
    '5:1: unknown key "actvations"; did you mean "activations"?',
    '6:8: "state" takes the path of a file, or postgres://...',
  ],
  'a section without names': [
    plainProject.replace(/sources:\n.*\n/, 'sources: {}\n'),
    '1:1: "sources" must name at least one',
  ],
  'a section without a value': [
    plainProject.replace(/sources:\n.*\n/, 'sources:\n'),
    '1:1: "sources" is empty; give it keys with values, or leave the key out',
  ],
  'activations in a file': [
    `${plainProject}activations: millrace.yaml\n`,
    '5:14: the folder millrace.yaml with the activations is a file, not a folder; make it, or start over with "millrace init"',
  ],
  'an unknown key': [
    `${plainProject}actvations: x\n`,
    '5:1: unknown key "actvations"; did you mean "activations"?',
  ],
  'a misspelt type': [
    plainProject.replace('type: postgres', 'type: postgre'),
    '2:22: "type" takes postgres or duckdb, not "postgre"; did you mean "postgres"?',
  ],
  'a type of a later version': [
    plainProject.replace('type: postgres', 'type: snowflake'),
    '2:22: "type: snowflake" is not available in this version; use postgres or duckdb',
  ],
  'no type': [plainProject.replace('type: postgres, ', ''), '2:3: "type" is missing'],
  'an unknown option': [
    plainProject.replace('url:', 'urll:'),
    '2:3: "url" is missing',
    '2:32: unknown key "urll"; did you mean "url"?',
  ],
  'an unknown option of an option': [
    plainProject.replace('db" }', 'db", tls: { verfy: true } }'),
    '2:71: unknown key "verfy"; did you mean "verify"?',
  ],
  'an option outside its bounds': [
    plainProject.replace('db" }', 'db", statement_timeout: -1 }'),
    '2:83: "statement_timeout" must be above 0',
  ],
  'a number with decimals': [
    plainProject.replace('abc', 'abc, concurrency: 1.5'),
    '4:56: "concurrency" takes a whole number, and this has decimals or is too large',
  ],
  'a number that is too large': [
    plainProject.replace('abc', 'abc, concurrency: 101'),
    '4:56: "concurrency" must be at most 100',
  ],
  'a number that is too small': [
    plainProject.replace('abc', 'abc, concurrency: 0'),
    '4:56: "concurrency" must be at least 1',
  ],
  'a text that is too long': [
    plainProject.replace('abc', `abc, base_url: ${'x'.repeat(61)}`),
    '4:53: "base_url" must have at most 60 characters',
  ],
  'an empty secret': [plainProject.replace('abc', '""'), '4:38: "token" must not be empty'],
  'a name that holds a dot': [
    plainProject.replace('warehouse:', 'ware.house:'),
    '2:3: "ware.house" is no name for one of the sources; use letters, digits, "-" and "_"',
  ],
  'state elsewhere': [
    `${plainProject}state: s3://bucket/state.db\n`,
    '5:8: "state" takes the path of a file, or postgres://...',
  ],
  'a folder that is missing': [
    `${plainProject}activations: sync\n`,
    '5:14: the folder sync with the activations does not exist; make it, or start over with "millrace init"',
  ],
}

describe('a project file is refused for', () => {
  test.each(Object.entries(projects))('%s', async (_, [text, ...expected]) => {
    const files = { 'millrace.yaml': text, 'activations/people.yaml': people }
    expect(await complaints(files)).toEqual(expected.map((message) => `millrace.yaml:${message}`))
  })
})
