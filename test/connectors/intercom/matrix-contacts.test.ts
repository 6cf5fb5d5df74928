import { afterEach, describe, expect, test } from 'vitest'
import { contact } from '../../../connectors/intercom/contact-object.ts'
import type { Mode } from '../../../src/connector/index.ts'
import {
  type Case,
  carryOut,
  type Ending,
  type Means,
  type State,
  states,
} from './contact-cases.ts'
import { closeAll } from './harness.ts'

afterEach(closeAll)

/**
 * What becomes of one row, whatever Intercom holds of its person. `known`: the contact's id is remembered from an
 * earlier run. `*`: with `on_archived: unarchive`. A contact that is archived answers as one that does not exist
 * (FACTS 5.4), so that only a refused create or an unarchiving tells the two apart.
 */
const table = `
  mode    | means       | id    | state      | outcome        | calls | contacts
  upsert  | id          | -     | absent     | not_found      | 2 |
  upsert  | id          | -     | present    | applied        | 1 | u1 New
  upsert  | id          | -     | archived   | not_found      | 2 | u1 archived
  upsert  | id          | -     | archived*  | applied        | 3 | u1 New
  upsert  | id          | -     | deleted    | not_found      | 2 | u1 deleted
  upsert  | id          | -     | deleted*   | deleted        | 2 | u1 deleted
  upsert  | id          | -     | merged     | applied        | 2 | lead merged, u1 New
  upsert  | id          | -     | duplicated | applied        | 1 | u1 New, u2 Old
  upsert  | NULL id     | -     | absent     | created        | 1 | u1 New
  upsert  | NULL id     | -     | present    | applied        | 3 | u1 New
  upsert  | NULL id     | -     | archived   | archived       | 1 | u1 archived
  upsert  | NULL id     | -     | archived*  | applied        | 3 | u1 New
  upsert  | NULL id     | -     | deleted    | archived       | 1 | u1 deleted
  upsert  | NULL id     | -     | deleted*   | deleted        | 2 | u1 deleted
  upsert  | NULL id     | -     | merged     | applied        | 3 | lead merged, u1 New
  upsert  | NULL id     | -     | duplicated | applied        | 3 | u1 New, u2 Old
  upsert  | external_id | -     | absent     | created        | 2 | u1 New
  upsert  | external_id | -     | present    | applied        | 2 | u1 New
  upsert  | external_id | -     | archived   | archived       | 2 | u1 archived
  upsert  | external_id | -     | archived*  | applied        | 4 | u1 New
  upsert  | external_id | -     | deleted    | archived       | 2 | u1 deleted
  upsert  | external_id | -     | deleted*   | deleted        | 3 | u1 deleted
  upsert  | external_id | -     | merged     | applied        | 2 | lead merged, u1 New
  upsert  | external_id | -     | duplicated | applied        | 2 | u1 New, u2 Old
  upsert  | external_id | known | absent     | created        | 3 | u1 New
  upsert  | external_id | known | present    | applied        | 1 | u1 New
  upsert  | external_id | known | archived   | archived       | 3 | u1 archived
  upsert  | external_id | known | archived*  | applied        | 3 | u1 New
  upsert  | external_id | known | deleted    | archived       | 3 | u1 deleted
  upsert  | external_id | known | deleted*   | deleted        | 2 | u1 deleted
  upsert  | external_id | known | merged     | applied        | 3 | lead merged, u1 New
  upsert  | external_id | known | duplicated | applied        | 1 | u1 New, u2 Old
  upsert  | email       | -     | absent     | created        | 2 | nobody New
  upsert  | email       | -     | present    | applied        | 2 | u1 New
  upsert  | email       | -     | archived   | archived       | 2 | u1 archived
  upsert  | email       | -     | archived*  | applied        | 4 | u1 New
  upsert  | email       | -     | deleted    | archived       | 2 | u1 deleted
  upsert  | email       | -     | deleted*   | deleted        | 3 | u1 deleted
  upsert  | email       | -     | merged     | applied        | 2 | lead merged, u1 New
  upsert  | email       | -     | duplicated | conflict       | 1 | u1 Old, u2 Old
  upsert  | email       | known | absent     | created        | 3 | nobody New
  upsert  | email       | known | present    | applied        | 1 | u1 New
  upsert  | email       | known | archived   | archived       | 3 | u1 archived
  upsert  | email       | known | archived*  | applied        | 3 | u1 New
  upsert  | email       | known | deleted    | archived       | 3 | u1 deleted
  upsert  | email       | known | deleted*   | deleted        | 2 | u1 deleted
  upsert  | email       | known | merged     | applied        | 2 | lead merged, u1 New
  upsert  | email       | known | duplicated | applied        | 1 | u1 New, u2 Old
  update  | id          | -     | absent     | not_found      | 2 |
  update  | id          | -     | present    | applied        | 1 | u1 New
  update  | id          | -     | archived   | not_found      | 2 | u1 archived
  update  | id          | -     | archived*  | applied        | 3 | u1 New
  update  | id          | -     | deleted    | not_found      | 2 | u1 deleted
  update  | id          | -     | deleted*   | deleted        | 2 | u1 deleted
  update  | id          | -     | merged     | applied        | 2 | lead merged, u1 New
  update  | id          | -     | duplicated | applied        | 1 | u1 New, u2 Old
  update  | external_id | -     | absent     | not_found      | 2 |
  update  | external_id | -     | present    | applied        | 2 | u1 New
  update  | external_id | -     | archived   | not_found      | 2 | u1 archived
  update  | external_id | -     | archived*  | not_found      | 2 | u1 archived
  update  | external_id | -     | deleted    | not_found      | 2 | u1 deleted
  update  | external_id | -     | deleted*   | not_found      | 2 | u1 deleted
  update  | external_id | -     | merged     | applied        | 2 | lead merged, u1 New
  update  | external_id | -     | duplicated | applied        | 2 | u1 New, u2 Old
  update  | external_id | known | absent     | not_found      | 3 |
  update  | external_id | known | present    | applied        | 1 | u1 New
  update  | external_id | known | archived   | not_found      | 3 | u1 archived
  update  | external_id | known | archived*  | applied        | 3 | u1 New
  update  | external_id | known | deleted    | not_found      | 3 | u1 deleted
  update  | external_id | known | deleted*   | deleted        | 2 | u1 deleted
  update  | external_id | known | merged     | applied        | 3 | lead merged, u1 New
  update  | external_id | known | duplicated | applied        | 1 | u1 New, u2 Old
  update  | email       | -     | absent     | not_found      | 1 |
  update  | email       | -     | present    | applied        | 2 | u1 New
  update  | email       | -     | archived   | not_found      | 1 | u1 archived
  update  | email       | -     | archived*  | not_found      | 1 | u1 archived
  update  | email       | -     | deleted    | not_found      | 1 | u1 deleted
  update  | email       | -     | deleted*   | not_found      | 1 | u1 deleted
  update  | email       | -     | merged     | applied        | 2 | lead merged, u1 New
  update  | email       | -     | duplicated | conflict       | 1 | u1 Old, u2 Old
  update  | email       | known | absent     | not_found      | 3 |
  update  | email       | known | present    | applied        | 1 | u1 New
  update  | email       | known | archived   | not_found      | 3 | u1 archived
  update  | email       | known | archived*  | applied        | 3 | u1 New
  update  | email       | known | deleted    | not_found      | 3 | u1 deleted
  update  | email       | known | deleted*   | deleted        | 2 | u1 deleted
  update  | email       | known | merged     | applied        | 2 | lead merged, u1 New
  update  | email       | known | duplicated | applied        | 1 | u1 New, u2 Old
  insert  | none        | -     | absent     | created        | 1 | u1 New
  insert  | none        | -     | present    | already_exists | 1 | u1 Old
  insert  | none        | -     | archived   | already_exists | 1 | u1 archived
  insert  | none        | -     | deleted    | already_exists | 1 | u1 deleted
  insert  | none        | -     | merged     | already_exists | 1 | lead merged, u1 Old
  insert  | none        | -     | duplicated | already_exists | 1 | u1 Old, u2 Old
  delete  | id          | -     | absent     | not_found      | 1 |
  delete  | id          | -     | present    | applied        | 1 | u1 deleted
  delete  | id          | -     | archived   | applied        | 1 | u1 deleted
  delete  | id          | -     | deleted    | not_found      | 1 | u1 deleted
  delete  | id          | -     | merged     | merged         | 1 | lead merged, u1 Old
  delete  | id          | -     | duplicated | applied        | 1 | u1 deleted, u2 Old
  delete  | external_id | -     | absent     | not_found      | 1 |
  delete  | external_id | -     | present    | applied        | 2 | u1 deleted
  delete  | external_id | -     | archived   | not_found      | 1 | u1 archived
  delete  | external_id | -     | deleted    | not_found      | 1 | u1 deleted
  delete  | external_id | -     | merged     | applied        | 2 | lead merged, u1 deleted
  delete  | external_id | -     | duplicated | applied        | 2 | u1 deleted, u2 Old
  delete  | external_id | known | absent     | applied        | 1 |
  delete  | external_id | known | present    | applied        | 1 | u1 deleted
  delete  | external_id | known | archived   | applied        | 1 | u1 deleted
  delete  | external_id | known | deleted    | applied        | 1 | u1 deleted
  delete  | external_id | known | merged     | merged         | 1 | lead merged, u1 Old
  delete  | external_id | known | duplicated | applied        | 1 | u1 deleted, u2 Old
  delete  | email       | -     | absent     | not_found      | 1 |
  delete  | email       | -     | present    | applied        | 3 | u1 deleted
  delete  | email       | -     | archived   | not_found      | 1 | u1 archived
  delete  | email       | -     | deleted    | not_found      | 1 | u1 deleted
  delete  | email       | -     | merged     | applied        | 3 | lead merged, u1 deleted
  delete  | email       | -     | duplicated | conflict       | 1 | u1 Old, u2 Old
  delete  | email       | known | absent     | applied        | 1 |
  delete  | email       | known | present    | applied        | 1 | u1 deleted
  delete  | email       | known | archived   | applied        | 1 | u1 deleted
  delete  | email       | known | deleted    | applied        | 1 | u1 deleted
  delete  | email       | known | merged     | merged         | 1 | lead merged, u1 Old
  delete  | email       | known | duplicated | applied        | 1 | u1 deleted, u2 Old
  archive | id          | -     | absent     | not_found      | 1 |
  archive | id          | -     | present    | applied        | 1 | u1 archived
  archive | id          | -     | archived   | not_found      | 1 | u1 archived
  archive | id          | -     | deleted    | not_found      | 1 | u1 deleted
  archive | id          | -     | merged     | merged         | 1 | lead merged, u1 Old
  archive | id          | -     | duplicated | applied        | 1 | u1 archived, u2 Old
  archive | external_id | -     | absent     | not_found      | 1 |
  archive | external_id | -     | present    | applied        | 2 | u1 archived
  archive | external_id | -     | archived   | not_found      | 1 | u1 archived
  archive | external_id | -     | deleted    | not_found      | 1 | u1 deleted
  archive | external_id | -     | merged     | applied        | 2 | lead merged, u1 archived
  archive | external_id | -     | duplicated | applied        | 2 | u1 archived, u2 Old
  archive | external_id | known | absent     | applied        | 1 |
  archive | external_id | known | present    | applied        | 1 | u1 archived
  archive | external_id | known | archived   | applied        | 1 | u1 archived
  archive | external_id | known | deleted    | applied        | 1 | u1 deleted
  archive | external_id | known | merged     | merged         | 1 | lead merged, u1 Old
  archive | external_id | known | duplicated | applied        | 1 | u1 archived, u2 Old
  archive | email       | -     | absent     | not_found      | 1 |
  archive | email       | -     | present    | applied        | 3 | u1 archived
  archive | email       | -     | archived   | not_found      | 1 | u1 archived
  archive | email       | -     | deleted    | not_found      | 1 | u1 deleted
  archive | email       | -     | merged     | applied        | 3 | lead merged, u1 archived
  archive | email       | -     | duplicated | conflict       | 1 | u1 Old, u2 Old
  archive | email       | known | absent     | applied        | 1 |
  archive | email       | known | present    | applied        | 1 | u1 archived
  archive | email       | known | archived   | applied        | 1 | u1 archived
  archive | email       | known | deleted    | applied        | 1 | u1 deleted
  archive | email       | known | merged     | merged         | 1 | lead merged, u1 Old
  archive | email       | known | duplicated | applied        | 1 | u1 archived, u2 Old
`

interface Line extends Case, Ending {
  readonly title: string
}

const lines: readonly Line[] = table
  .trim()
  .split('\n')
  .slice(1)
  .map((line) => {
    const cells = line.split('|').map((cell) => cell.trim())
    const [mode, means, id, state, outcome, calls, contacts = ''] = cells as [
      Mode,
      Means,
      string,
      string,
      string,
      string,
      string?,
    ]
    return {
      title: `${mode} by ${means}${id === 'known' ? ' with the id known' : ''}: ${state}`,
      mode,
      means,
      known: id === 'known',
      state: state.replace('*', '') as State,
      onArchived: state.endsWith('*') ? 'unarchive' : 'fail',
      outcome,
      calls: Number(calls),
      contacts,
    }
  })

describe('contact, mode x identifier x state of Intercom', () => {
  for (const { title, outcome, calls, contacts, ...tried } of lines) {
    test(title, async () => {
      expect(await carryOut(tried)).toEqual({ outcome, calls, contacts })
    })
  }

  test('every cell that is offered stands in the table, and no other', () => {
    const offered = Object.entries(contact.modes).flatMap(([mode, identifiers]) => {
      const means = identifiers.length === 0 ? ['none'] : [...identifiers]
      if (mode === 'upsert') means.push('NULL id')
      return means.flatMap((each) => states.map((state) => `${mode} ${each} ${state}`))
    })
    const tried = lines.map(({ mode, means, state }) => `${mode} ${means} ${state}`)
    expect(new Set(tried)).toEqual(new Set(offered))
  })

  test('not offered: an identifier with insert, and any other identifier than these three', () => {
    expect(contact.modes).toEqual({
      upsert: ['id', 'external_id', 'email'],
      update: ['id', 'external_id', 'email'],
      insert: [],
      delete: ['id', 'external_id', 'email'],
      archive: ['id', 'external_id', 'email'],
    })
  })
})
