import { describe, expect, test } from 'vitest'
import { activationText, load, loaded, plainProject, told, type Wanted } from './fakes.ts'

const contact = ['external_id', 'email']
const permanent = 'confirm: permanent'

/** Every cell of mode and identifier that is offered. */
const offered: readonly Wanted[] = [
  { mode: 'upsert', identifier: 'external_id', fields: contact },
  { mode: 'upsert', identifier: 'email', fields: contact },
  { mode: 'upsert', identifier: 'id', fields: ['id', 'email'] },
  { mode: 'update', identifier: 'external_id', fields: ['external_id', 'name'] },
  { mode: 'update', identifier: 'email', fields: ['email', 'name'] },
  { mode: 'update', identifier: 'id', fields: ['id', 'name'] },
  { mode: 'insert', fields: contact },
  { mode: 'delete', identifier: 'id', fields: ['id'] },
  { mode: 'delete', identifier: 'external_id', fields: ['external_id'], more: permanent },
  { mode: 'delete', identifier: 'email', fields: ['email'], more: permanent },
  { mode: 'archive', identifier: 'id', fields: ['id'] },
  { mode: 'archive', identifier: 'external_id', fields: ['external_id'] },
  { mode: 'archive', identifier: 'email', fields: ['email'] },
  { target: 'company', mode: 'upsert', identifier: 'id', fields: ['id', 'company_id'] },
  { target: 'company', mode: 'upsert', identifier: 'company_id', fields: ['company_id'] },
  { target: 'company', mode: 'update', identifier: 'id', fields: ['id', 'name'] },
  { target: 'company', mode: 'update', identifier: 'company_id', fields: ['company_id', 'name'] },
  { target: 'company', mode: 'insert', fields: ['company_id', 'name'] },
  { target: 'company', mode: 'delete', identifier: 'id', fields: ['id'] },
  {
    target: 'company',
    mode: 'delete',
    identifier: 'company_id',
    fields: ['company_id'],
    more: permanent,
  },
]

const nameOf = ({ target = 'contact', mode, identifier = 'none' }: Wanted) =>
  `${target}, ${mode}, ${identifier}`

describe('an activation may ask for', () => {
  test.each(offered.map((wanted) => [nameOf(wanted), wanted] as const))('%s', async (_, wanted) => {
    const activation = await loaded(activationText(wanted))
    expect(activation.mode).toBe(wanted.mode)
    expect(activation.identifier).toBe(wanted.identifier ?? null)
    expect(activation.fields.map(({ field }) => field)).toEqual(wanted.fields)
  })
})

const refused: Readonly<Record<string, readonly [Wanted, ...string[]]>> = {
  'a mode that the object does not have': [
    { target: 'company', mode: 'archive', identifier: 'company_id', fields: ['company_id'] },
    '2:7: company has no "mode: archive"; it has upsert, update, insert or delete',
  ],
  'an identifier of another object': [
    { mode: 'upsert', identifier: 'company_id', fields: contact },
    '3:13: "identifier" of a contact is id, external_id or email',
  ],
  'a misspelt identifier': [
    { mode: 'update', identifier: 'externalid', fields: contact },
    '3:13: "identifier" of a contact is id, external_id or email; did you mean "external_id"?',
  ],
  'an identifier that is missing': [
    { mode: 'delete', fields: ['email'] },
    '1:1: "identifier" is missing; for contact it is id, external_id or email',
  ],
  'an identifier where there is none': [
    { mode: 'insert', identifier: 'email', fields: contact },
    '3:1: "mode: insert" of a contact takes no identifier; leave it out, and name the columns that tell rows apart with "key" if need be',
  ],
  'an id that is not mapped': [
    { mode: 'update', identifier: 'id', fields: ['name'] },
    '3:13: the identifier "id" is not mapped; add "id: COLUMN" under "fields"',
  ],
  'an id beside another identifier': [
    { mode: 'upsert', identifier: 'email', fields: ['email', 'id'] },
    '6:3: "id" can only be mapped where it is the identifier, since nothing can change it',
  ],
  'an id to insert with': [
    { mode: 'insert', fields: ['email', 'id'] },
    '5:3: "id" can only be mapped where it is the identifier, since nothing can change it',
  ],
  'a creation by id alone': [
    { mode: 'upsert', identifier: 'id', fields: ['id', 'name'] },
    '4:1: a contact cannot be created without external_id or email; map it under "fields", or use "mode: update"',
  ],
  'an insert without what a record needs': [
    { mode: 'insert', fields: ['name'] },
    '3:1: a contact cannot be created without external_id or email; map it under "fields"',
  ],
  'an update of nothing': [
    { mode: 'update', identifier: 'email', fields: ['email'] },
    '4:1: this updates nothing: only the identifier is mapped; map a field, add "tags" or add "companies"',
  ],
  'what a deletion never sends': [
    {
      mode: 'archive',
      identifier: 'email',
      fields: ['email', 'name'],
      more: 'tags: [VIP]\ncompanies: [{ company_id: c }]\ncreate_attributes: true',
    },
    '6:3: "mode: archive" sends nothing but the identifier; leave "name" out',
    '7:1: "mode: archive" sends nothing but the identifier; leave "tags" out',
    '8:1: "mode: archive" sends nothing but the identifier; leave "companies" out',
    '9:1: "mode: archive" sends nothing but the identifier; leave "create_attributes" out',
  ],
  'a field for creations where nothing is created': [
    {
      mode: 'update',
      identifier: 'email',
      fields: ['email', 'name: { column: name, when: create }'],
    },
    '6:31: "when: create" means nothing with "mode: update", which creates nothing; leave it out',
  ],
  'a field for creations where there is nothing else': [
    { mode: 'insert', fields: ['email', 'name: { column: name, when: create }'] },
    '5:31: "when: create" goes without saying with "mode: insert"; leave it out',
  ],
  'an identifier for creations only': [
    { mode: 'upsert', identifier: 'email', fields: ['email: { column: email, when: create }'] },
    '5:33: the identifier "email" is always sent; leave "when" out',
  ],
  'a merge without a key': [
    { mode: 'insert', fields: contact, more: 'plan_by: merge' },
    '6:10: "plan_by: merge" needs one column that identifies every row; name it under "key", or use "plan_by: hash"',
  ],
  'a merge by an id that may be NULL': [
    { mode: 'upsert', identifier: 'id', fields: ['id', 'email'], more: 'plan_by: merge' },
    '7:10: "plan_by: merge" needs one column that identifies every row; name it under "key", or use "plan_by: hash"',
  ],
  'a merge by a key of several columns': [
    { mode: 'insert', fields: contact, more: 'key: [a, b]\nplan_by: merge' },
    '7:10: "plan_by: merge" needs a key of one column; name one under "key", or use "plan_by: hash"',
  ],
  'a merge by what is the same in any letter case': [
    { mode: 'update', identifier: 'email', fields: ['email', 'name'], more: 'plan_by: merge' },
    '7:10: "plan_by: merge" needs keys that are as the column has them, and letter case does not matter in "email"; name a column under "key", or use "plan_by: hash"',
  ],
  'a merge that has to remember ids': [
    {
      mode: 'update',
      identifier: 'id',
      fields: ['id', 'name'],
      more: 'key: a\nplan_by: merge\non_removed: archive',
    },
    '8:10: "plan_by: merge" cannot be had with "identifier: id" and "on_removed: archive", for which the ids of all rows are held in memory; leave "on_removed" out, or use "plan_by: hash"',
  ],
  'a list as a field': [
    { mode: 'upsert', identifier: 'email', fields: ['email', 'tags'] },
    '6:3: "tags" is no field but a key of its own, beside "fields"',
  ],
}

describe('an activation is refused for', () => {
  test.each(Object.entries(refused))('%s', async (_, [wanted, ...expected]) => {
    expect(await told(activationText(wanted))).toEqual(expected)
  })
})

test.each<Wanted>([
  { mode: 'upsert', identifier: 'external_id', fields: contact },
  { mode: 'upsert', identifier: 'email', fields: contact, more: 'key: k' },
  { mode: 'insert', fields: contact, more: 'key: [k]' },
  { mode: 'update', identifier: 'id', fields: ['id', 'name'] },
])('rows may be merged: %j', async (wanted) => {
  const more = `${wanted.more ?? ''}\nplan_by: merge`
  expect((await loaded(activationText({ ...wanted, more }))).planBy).toBe('merge')
})

test('a field may be sent at the creation only', async () => {
  const { fields } = await loaded(
    activationText({
      mode: 'upsert',
      identifier: 'email',
      fields: [
        'email',
        'name: { column: name, when: create, on_null: skip }',
        'role: { value: lead, when: create }',
      ],
    }),
  )
  expect(fields).toEqual([
    { field: 'email', from: { column: 'email' }, onNull: 'clear', when: 'always' },
    { field: 'name', from: { column: 'name' }, onNull: 'skip', when: 'create' },
    { field: 'role', from: { value: 'lead' }, onNull: 'clear', when: 'create' },
  ])
})

test('companies run first, then contacts, then the rest', async () => {
  const conversation: Wanted = {
    target: 'conversation',
    mode: 'update',
    identifier: 'id',
    fields: ['id'],
    more: 'tags: [VIP]\nadmin_id: 7',
  }
  const { activations } = await load({
    'millrace.yaml': plainProject,
    'activations/a.yaml': activationText(conversation),
    'activations/b.yaml': activationText(offered[0] as Wanted),
    'activations/c.yaml': activationText(offered.at(-1) as Wanted),
  })
  expect(activations.map(({ object }) => object.name)).toEqual([
    'company',
    'contact',
    'conversation',
  ])
})
