import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { openWorkspace, type Workspace } from '../support/workspace.ts'

const open: Workspace[] = []

afterEach(async () => {
  for (const workspace of open.splice(0)) await workspace.close()
})

interface Member {
  readonly key: string
  readonly email: string
  readonly plan: string
  readonly vip: boolean
  readonly segments: readonly string[]
  readonly accounts: readonly string[]
}

function activation(onRemoved: string): string {
  return `
query: |
  select user_id, email, plan, vip = 'true' as is_vip, segments, accounts
  from read_csv('members.csv', header = true, all_varchar = true)
target: contact
mode: upsert
identifier: external_id
fields:
  external_id: user_id
  email: email
  custom_attributes.plan: plan
companies: [{ company_id: accounts, separator: "|" }]
create_missing: true
tags:
  - { name: VIP, when: is_vip }
  - { from: segments, prefix: "wh: ", separator: "|" }
on_removed: ${onRemoved}
guards: { max_removals: off }
`
}

async function openMembers(onRemoved: string): Promise<Workspace> {
  const workspace = await openWorkspace()
  open.push(workspace)
  await workspace.remove('activations/people.yaml')
  await workspace.write('activations/members.yaml', activation(onRemoved))
  return workspace
}

async function sync(workspace: Workspace, members: readonly Member[]) {
  const lines = members.map(({ key, email, plan, vip, segments, accounts }) =>
    [key, email, plan, vip, segments.join('|'), accounts.join('|')].join(','),
  )
  await workspace.write(
    'members.csv',
    `user_id,email,plan,vip,segments,accounts\n${lines.join('\n')}\n`,
  )
  return workspace.runOne()
}

/** What Intercom holds of each external id, in what the activation owns. */
function held(workspace: Workspace) {
  const { contacts } = workspace.sandbox.contents()
  return Object.fromEntries(
    contacts
      .filter(({ external_id }) => external_id !== null)
      .map((contact) => [
        contact.external_id,
        {
          state: contact.state,
          email: contact.email,
          plan: contact.custom_attributes.plan ?? null,
          tags: [...contact.tags].sort(),
          companies: [...contact.companies].sort(),
        },
      ]),
  )
}

const keys = ['a', 'b', 'c', 'd']

const details = fc.record({
  plan: fc.constantFrom('free', 'pro', ''),
  vip: fc.boolean(),
  segments: fc.subarray(['x', 'y', 'z']),
  accounts: fc.subarray(['acme', 'globex']),
})

/** A query result: some of the keys; `emails` says whose address each has. */
const result = (emails: fc.Arbitrary<readonly string[]>) =>
  fc
    .tuple(
      fc.subarray(keys, { minLength: 1 }),
      fc.tuple(details, details, details, details),
      emails,
    )
    .map(([present, all, addresses]) =>
      present.map((key): Member => {
        const index = keys.indexOf(key)
        const own = all[index] as (typeof all)[0]
        return { key, email: `${addresses[index]}@example.com`, ...own }
      }),
    )

const swapped = fc.shuffledSubarray(keys, { minLength: keys.length })
const fixed = fc.constant(keys)

it('brings tags and companies into the wanted state, and only its own', async () => {
  const workspace = await openMembers('archive')
  const ada: Member = {
    key: 'a',
    email: 'ada@example.com',
    plan: 'pro',
    vip: true,
    segments: ['x', 'y'],
    accounts: ['acme', 'globex'],
  }
  expect(await sync(workspace, [ada])).toMatchObject({ status: 'done', outcomes: { applied: 1 } })
  expect(held(workspace)).toEqual({
    a: {
      state: 'active',
      email: 'ada@example.com',
      plan: 'pro',
      tags: ['VIP', 'wh: x', 'wh: y'],
      companies: ['acme', 'globex'],
    },
  })
  const changed = { ...ada, vip: false, segments: ['y', 'z'], accounts: ['globex'] }
  const second = await sync(workspace, [changed])
  expect(second.planned).toMatchObject({ update: 1 })
  expect(second.calls.by_endpoint['PUT /contacts/{id}']).toBeUndefined()
  expect(held(workspace).a).toMatchObject({ tags: ['wh: y', 'wh: z'], companies: ['globex'] })
  expect((await sync(workspace, [changed])).calls.total).toBe(0)
})

describe('any sequence of query results ends as a fresh sync of the last one', () => {
  it('for fields, tags and companies, also when keys swap their addresses', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(result(swapped), { minLength: 2, maxLength: 4 }),
        async (results) => {
          const workspace = await openMembers('untag')
          for (const members of results) {
            expect((await sync(workspace, members)).status).toBe('done')
          }
          const last = results.at(-1) as readonly Member[]
          expect((await sync(workspace, last)).calls.total).toBe(0)
          const fresh = await openMembers('untag')
          await sync(fresh, last)
          const [now, wanted] = [held(workspace), held(fresh)]
          for (const { key } of last) expect(now[key]).toEqual(wanted[key])
          const left = Object.keys(now).filter((key) => !last.some((member) => member.key === key))
          for (const key of left) expect(now[key]).toMatchObject({ tags: [], companies: [] })
        },
      ),
      { numRuns: 12 },
    )
  }, 120_000)

  it('where rows that leave are archived, and unarchived when they return', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(result(fixed), { minLength: 2, maxLength: 4 }), async (results) => {
        const workspace = await openMembers('archive')
        for (const members of results) {
          expect((await sync(workspace, members)).status).toBe('done')
        }
        const last = results.at(-1) as readonly Member[]
        const fresh = await openMembers('archive')
        await sync(fresh, last)
        const [now, wanted] = [held(workspace), held(fresh)]
        for (const { key } of last) expect(now[key]).toEqual(wanted[key])
        const left = Object.keys(now).filter((key) => !last.some((member) => member.key === key))
        for (const key of left) expect(now[key]?.state).toBe('archived')
      }),
      { numRuns: 10 },
    )
  }, 120_000)
})
