import { afterEach, expect, test } from 'vitest'
import type { Operation } from '../../../src/connector/index.ts'
import { closeAll, deliverAll, numbers, operation, runAll, session } from './harness.ts'

afterEach(closeAll)

const rows = 12

const plan = {
  object: 'contact',
  identifier: 'external_id',
  fields: ['external_id', 'name'],
  lists: ['tags', 'companies'],
  createMissingCompanies: true,
} as const

const paths = [
  '/tags',
  '/contacts',
  '/contacts/{id}',
  '/contacts/{id}/tags/{id}',
  '/contacts/{id}/companies',
  '/contacts/{id}/companies/{id}',
  '/companies',
]

function pick<Item>(random: () => number, items: readonly Item[]): Item {
  return items[Math.floor(random() * items.length)] as Item
}

/** Sends what was not applied again, with what the deliveries have told, as the engine does from run to run. */
function again(operation: Operation, delivery: Awaited<ReturnType<typeof deliverAll>>[number]) {
  if (delivery.result === 'applied') return []
  const { id, held } = delivery
  return [
    {
      ...operation,
      id: id === undefined ? operation.id : id,
      held: held === undefined ? operation.held : { ...operation.held, ...held },
    },
  ]
}

for (let seed = 1; seed <= 12; seed += 1) {
  test(`whatever answers are lost, the lists end as wanted and foreign ones stay (${seed})`, async () => {
    const random = numbers(seed * 7919)
    const { sandbox, clock, open } = await session({
      removing_absent: pick(random, ['not_found', 'accepted']),
    })
    const contacts = Array.from({ length: rows }, (_, index) => ({
      external_id: `u${index}`,
      tags: ['theirs', 'old', 'Kept'],
      companies: ['theirs', 'old'],
    }))
    const companies = ['theirs', 'old', 'there'].map((company_id) => ({ company_id }))
    const ids = sandbox.seed({ contacts, companies }).contacts
    const wanted = { tags: ['kept', 'new', 'other'], companies: ['made', 'there'] }
    const held = { tags: ['kept', 'old'], companies: ['old'] }
    const target = await open(plan)
    let waiting: readonly Operation[] = ids.map((id, ordinal) => {
      const external_id = `u${ordinal}`
      return operation(ordinal, { external_id, name: 'New', ...wanted }, id, {
        changed: random() < 0.5 ? ['companies', 'tags'] : ['companies', 'name', 'tags'],
        held: { external_id, ...held },
      })
    })
    await runAll(clock, async () => {
      for (let attempt = 0; waiting.length > 0 && attempt < 40; attempt += 1) {
        const applied = random() < 0.5
        const fault = pick(random, [
          { kind: 'reset', applied },
          { kind: 'status', status: pick(random, [500, 503]), body: 'html', applied },
          { kind: 'garbage', applied },
          { kind: 'truncated', applied },
        ] as const)
        const skip = Math.floor(random() * 4)
        const times = 1 + Math.floor(random() * 6)
        sandbox.faults.add({ path: pick(random, paths), skip, times, fault })
        const results = await deliverAll(target, waiting)
        waiting = waiting.flatMap((each) => again(each, results[each.ordinal] as never))
      }
    })
    expect(waiting).toEqual([])
    for (const contact of sandbox.contents().contacts) {
      expect([...contact.tags].sort()).toEqual(['Kept', 'new', 'other', 'theirs'])
      expect([...contact.companies].sort()).toEqual(['made', 'theirs', 'there'])
    }
    expect(sandbox.contents().contacts).toHaveLength(rows)
    expect(sandbox.contents().companies).toHaveLength(4)
    expect([...sandbox.contents().tags].sort()).toEqual(['Kept', 'new', 'old', 'other', 'theirs'])
  })
}
