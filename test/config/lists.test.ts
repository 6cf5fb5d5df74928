import { describe, expect, test } from 'vitest'
import { activationText, loaded, told, type Wanted } from './fakes.ts'

const update = { mode: 'update', identifier: 'email', fields: ['email'] } as const
const withTags = (entry: string, more: Partial<Wanted> = {}) =>
  activationText({ ...update, more: `tags: [${entry}]`, ...more })

describe('a tag may be', () => {
  test.each([
    ['a constant', 'VIP', { name: 'VIP', when: null }],
    ['a constant by name', '{ name: VIP }', { name: 'VIP', when: null }],
    ['a boolean column', '{ name: VIP, when: is_vip }', { name: 'VIP', when: 'is_vip' }],
    ['a column', '{ from: segments }', { column: 'segments', prefix: '', separator: ',' }],
    [
      'a column with a prefix and a separator',
      '{ from: segments, prefix: "wh: ", separator: "|" }',
      { column: 'segments', prefix: 'wh: ', separator: '|' },
    ],
  ])('%s', async (_, entry, rule) => {
    expect((await loaded(withTags(entry))).tags).toEqual([rule])
  })

  test('one of several, in the order of the file', async () => {
    const { tags } = await loaded(withTags('A, { from: b }, { name: C, when: c }'))
    expect(tags).toEqual([
      { name: 'A', when: null },
      { column: 'b', prefix: '', separator: ',' },
      { name: 'C', when: 'c' },
    ])
  })
})

test('an activation without tags has no say in them, one with an empty list wants none', async () => {
  const none = activationText({ ...update, fields: ['email', 'name'] })
  expect(await loaded(none)).toMatchObject({ tags: null, companies: null })
  const empty = activationText({ ...update, more: 'tags: []\ncompanies: []' })
  expect(await loaded(empty)).toMatchObject({ tags: [], companies: [] })
})

test('companies come from columns, and may be created', async () => {
  const text = (more: string) => activationText({ ...update, more })
  expect(await loaded(text('companies: [{ company_id: account_id }]'))).toMatchObject({
    companies: [{ column: 'account_id', separator: ',' }],
    createMissingCompanies: false,
  })
  const several =
    'companies: [{ company_id: a }, { company_id: b, separator: ";" }]\ncreate_missing: true'
  expect(await loaded(text(several))).toMatchObject({
    companies: [
      { column: 'a', separator: ',' },
      { column: 'b', separator: ';' },
    ],
    createMissingCompanies: true,
  })
})

test.each([['7'], ['"7"']])('tags of a conversation are set by an admin: %s', async (id) => {
  const text = withTags('VIP', {
    target: 'conversation',
    identifier: 'id',
    fields: ['id'],
    more: `tags: [VIP]\nadmin_id: ${id}`,
  })
  expect((await loaded(text)).adminId).toBe('7')
})

test('a missing variable is told once, whatever hangs on it', async () => {
  const text = `target: contact
mode: delete
identifier: "\${UNSET}"
fields: { email: email, name: name }
guards: { max_changes: "\${UNSET}" }
query: select 1
`
  const unset =
    'the variable UNSET is not set; set it in the environment or in .env, or give it a default: ${UNSET:-default}'
  expect(await told(text)).toEqual([`3:14: ${unset}`, `5:25: ${unset}`])
})

const refused: Readonly<Record<string, readonly [string, ...string[]]>> = {
  'a name and a column': [
    withTags('{ name: VIP, from: segments }'),
    '6:27: a tag has "name", or "from" for a column; keep one of them',
  ],
  'neither name nor column': [
    withTags('VIP, { when: is_vip }'),
    '6:13: a tag needs "name", or "from" for the column that names tags',
  ],
  'a prefix of a constant': [
    withTags('{ name: VIP, prefix: wh }'),
    '6:29: "prefix" goes with "from", not with "name"; leave it out',
  ],
  'a separator of a constant': [
    withTags('{ name: VIP, separator: "|" }'),
    '6:32: "separator" goes with "from", not with "name"; leave it out',
  ],
  'a condition of a column': [
    withTags('{ from: segments, when: is_vip }'),
    '6:32: "when" goes with "name"; where a column names the tags, NULL is none',
  ],
  'a blank name': [withTags('{ name: " " }'), '6:16: "name" must not be empty'],
  'a blank tag': [withTags('" "'), '6:8: entry 1 of "tags" must not be empty'],
  'an empty separator': [
    withTags('{ from: segments, separator: "" }'),
    '6:37: "separator" must not be empty',
  ],
  'a misspelt key': [withTags('{ nme: VIP }'), '6:10: unknown key "nme"; did you mean "name"?'],
  'a number as a tag': [
    withTags('VIP, 7'),
    '6:13: entry 2 of "tags" takes text or keys with values, and this is a number; put it in quotes',
  ],
  'one tag without a list': [
    activationText({ ...update, more: 'tags: VIP' }),
    '6:7: "tags" takes a list, and this is text',
  ],
  'a company without its id': [
    activationText({ ...update, more: 'companies: [{ name: account }]' }),
    '6:13: "company_id" is missing',
    '6:15: unknown key "name"',
  ],
  'companies of a company': [
    activationText({
      target: 'company',
      mode: 'upsert',
      identifier: 'company_id',
      fields: ['company_id'],
      more: 'companies: [{ company_id: parent }]',
    }),
    '6:1: a company has no companies that could be kept; leave "companies" out',
  ],
  'missing companies of none': [
    activationText({ ...update, fields: ['email', 'name'], more: 'create_missing: true' }),
    '7:1: "create_missing" goes with "companies", which this activation does not have',
  ],
  'tags without an admin': [
    withTags('VIP', { target: 'conversation', identifier: 'id', fields: ['id'] }),
    '6:1: tags of a conversation are set in the name of an admin; add "admin_id: ID"',
  ],
  'an admin of nothing': [
    activationText({ ...update, more: 'tags: [VIP]\nadmin_id: 7' }),
    '7:1: "admin_id" means nothing for a contact; leave it out',
  ],
}

describe('an activation is refused for', () => {
  test.each(Object.entries(refused))('%s', async (_, [text, ...expected]) => {
    expect(await told(text)).toEqual(expected)
  })
})
