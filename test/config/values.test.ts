import { describe, expect, test } from 'vitest'
import { load, people, plainProject, told } from './fakes.ts'

const without = `${people}keep_values: false\n`
const kept = 'and "keep_values: false" keeps none of it; leave one of them out'

async function keepsValues(text: string) {
  const { activations } = await load({
    'millrace.yaml': plainProject,
    'activations/people.yaml': text,
  })
  return activations[0]?.keepValues
}

describe('keep_values', () => {
  test('is on unless the activation says otherwise', async () => {
    expect(await keepsValues(people)).toBe(true)
    expect(await keepsValues(without)).toBe(false)
  })

  test.each([
    ['removal by the identifier, which is the key', 'on_removed: archive\n', without],
    ['nothing to remove', 'key: row_number\n', without],
  ])('false goes with %s', async (_, more, text) => {
    expect(await keepsValues(`${text}${more}`)).toBe(false)
  })

  test('false goes with removal by id, whatever the key is', async () => {
    const byId = without.replace('identifier: external_id', 'identifier: id')
    const text = byId.replace('  email: email\n', '  email: email\n  id: contact_id\n')
    expect(await keepsValues(`${text}key: row_number\non_removed: archive\n`)).toBe(false)
  })

  const lists = (list: string) =>
    `"${list}" takes away only what millrace put there, which it has to remember, ${kept}`
  test.each([
    ['tags: [VIP]\n', `10:1: ${lists('tags')}`],
    ['companies: [{ company_id: account }]\n', `10:1: ${lists('companies')}`],
    [
      'key: row_number\non_removed: archive\n',
      `11:1: "on_removed: archive" with "key" has to remember the external_id of each key, ${kept}`,
    ],
  ])('false is refused with %s', async (more, expected) => {
    expect(await told(`${without}${more}`)).toEqual([expected])
  })

  test('false is refused where nothing identifies what shall be removed', async () => {
    const insert = without
      .replace('mode: upsert\n', 'mode: insert\n')
      .replace('identifier: external_id\n', '')
    expect(await told(`${insert}on_removed: archive\n`)).toEqual([
      `9:1: "on_removed: archive" without an identifier has to remember what identifies a record, ${kept}`,
    ])
  })
})
