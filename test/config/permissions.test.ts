import { describe, expect, test } from 'vitest'
import { activationText, loaded, told, type Wanted } from './fakes.ts'

const upsert = { mode: 'upsert', identifier: 'email', fields: ['email'] } as const
const company: Wanted = {
  target: 'company',
  mode: 'upsert',
  identifier: 'company_id',
  fields: ['company_id'],
}
const conversation: Wanted = {
  target: 'conversation',
  mode: 'update',
  identifier: 'id',
  fields: ['id'],
}

test('nothing is taken away, unarchived or created where the activation does not say so', async () => {
  expect(await loaded(activationText(upsert))).toMatchObject({
    onRemoved: 'keep',
    onArchived: 'fail',
    createAttributes: false,
    createMissingCompanies: false,
    adminId: null,
  })
})

describe('an activation may', () => {
  test.each([
    ['archive', 'on_removed: archive'],
    ['delete', 'on_removed: delete\nconfirm: permanent'],
    ['untag', 'on_removed: untag\ntags: [VIP]'],
    ['untag', 'on_removed: untag\ncompanies: [{ company_id: c }]'],
  ])('%s what left the query', async (removal, more) => {
    expect((await loaded(activationText({ ...upsert, more }))).onRemoved).toBe(removal)
  })

  test('unarchive, and create attributes', async () => {
    const more = 'on_archived: unarchive\ncreate_attributes: true'
    expect(await loaded(activationText({ ...upsert, more }))).toMatchObject({
      onArchived: 'unarchive',
      createAttributes: true,
    })
  })
})

const refused: Readonly<Record<string, readonly [Wanted, ...string[]]>> = {
  'a removal that the object does not have': [
    { ...company, more: 'on_removed: archive' },
    '6:13: company has no "on_removed: archive"; it has keep, delete or untag',
  ],
  'a removal with a mode that removes': [
    { mode: 'archive', identifier: 'email', fields: ['email'], more: 'on_removed: archive' },
    '6:13: "on_removed: archive" means nothing with "mode: archive"; leave it out',
  ],
  'taking tags away that are not kept': [
    { ...upsert, more: 'on_removed: untag' },
    '6:13: "on_removed: untag" goes with "tags" or "companies", which this activation does not have',
  ],
  'unarchiving what cannot be archived': [
    { ...company, more: 'on_archived: unarchive' },
    '6:14: a company cannot be unarchived; leave "on_archived" out',
  ],
  'unarchiving with a mode that changes nothing': [
    { mode: 'insert', fields: ['email'], more: 'on_archived: unarchive' },
    '5:14: "on_archived: unarchive" means nothing with "mode: insert"; leave it out',
  ],
  'a deletion of what was only looked up': [
    { mode: 'delete', identifier: 'email', fields: ['email'] },
    '2:7: "mode: delete" by email deletes for good whatever has that email; add "confirm: permanent" if that is meant',
  ],
  'a deletion of what left the query': [
    { ...upsert, more: 'on_removed: delete' },
    '6:13: "on_removed: delete" deletes for good what left the query; add "confirm: permanent" if that is meant',
  ],
  'a confirmation where nothing has to be confirmed': [
    { ...upsert, more: 'confirm: permanent' },
    '6:1: "confirm" goes with "mode: delete" by another identifier than id, or with "on_removed: delete"; leave it out',
  ],
  'a confirmation of a deletion by id': [
    { mode: 'delete', identifier: 'id', fields: ['id'], more: 'confirm: permanent' },
    '6:1: "confirm" goes with "mode: delete" by another identifier than id, or with "on_removed: delete"; leave it out',
  ],
  'a confirmation of something else': [
    { ...upsert, more: 'confirm: yes' },
    '6:10: "confirm" takes permanent, not "yes"',
  ],
  'attributes of an object that has none': [
    { ...conversation, more: 'tags: [VIP]\nadmin_id: 7\ncreate_attributes: true' },
    '8:1: a conversation has no custom attributes that could be created; leave "create_attributes" out',
  ],
  'an admin where no tags are set': [
    {
      ...upsert,
      target: 'conversation',
      mode: 'update',
      identifier: 'id',
      fields: ['id'],
      more: 'admin_id: 7',
    },
    '4:1: this updates nothing: only the identifier is mapped; map a field or add "tags"',
    '6:1: "admin_id" goes with "tags", which this activation does not have; leave it out',
  ],
}

describe('an activation is refused for', () => {
  test.each(Object.entries(refused))('%s', async (_, [wanted, ...expected]) => {
    expect(await told(activationText(wanted))).toEqual(expected)
  })
})
