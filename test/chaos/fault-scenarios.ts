import type { Seed } from '../../connectors/intercom/sandbox/seed.ts'

/** One activation and the query results that it meets, so few rows that every request of it can be spoiled. */
export interface FaultScenario {
  readonly name: string
  readonly activation: string
  readonly results: readonly string[]
  readonly seed?: Seed
}

const size = 3

function csv(line: (number: number) => string, rows = size): string {
  const lines = Array.from({ length: rows }, (_, number) => line(number))
  return ['user_id,email,plan,tags,accounts', ...lines, ''].join('\n')
}

const first = csv((n) => `u${n},p${n}@example.com,free,x|y,acme`)
const second = csv((n) => `u${n},p${n}@example.com,pro${n},y|z,globex`)
const shorter = csv((n) => `u${n},p${n}@example.com,free,x|y,acme`, 1)

const head = (rest: string) => `query: |
  select * from read_csv('rows.csv', header = true, all_varchar = true)
${rest}`

const contact = (mode: string, more = '') =>
  head(`target: contact
mode: ${mode}
identifier: external_id
fields:
  external_id: user_id
  email: email
  custom_attributes.plan: plan
${more}`)

const existing: Seed = {
  contacts: Array.from({ length: size }, (_, n) => ({
    external_id: `u${n}`,
    email: `p${n}@example.com`,
  })),
}

const without = 'guards: { max_removals: off, max_failures: off }\n'

export const faultScenarios: readonly FaultScenario[] = [
  {
    name: 'new contacts, then changed ones',
    activation: contact('upsert', without),
    results: [first, second],
  },
  {
    name: 'contacts that exist, with lists',
    activation: contact(
      'upsert',
      `companies: [{ company_id: accounts, separator: "|" }]
create_missing: true
tags: [{ from: tags, separator: "|" }]
${without}`,
    ),
    results: [first, second],
    seed: existing,
  },
  {
    name: 'contacts that leave and return',
    activation: contact('upsert', `on_removed: archive\non_archived: unarchive\n${without}`),
    results: [first, shorter, first],
  },
  {
    name: 'contacts inserted by email',
    activation: contact('insert', without).replace('identifier: external_id\n', ''),
    results: [first],
  },
  {
    name: 'contacts deleted',
    activation: head(`target: contact
mode: delete
identifier: external_id
confirm: permanent
fields: { external_id: user_id }
${without}`),
    results: [first],
    seed: existing,
  },
  {
    name: 'companies with tags',
    activation: head(`target: company
mode: upsert
identifier: company_id
fields: { company_id: user_id, name: email }
tags: [{ from: tags, separator: "|" }]
${without}`),
    results: [first, second],
  },
  {
    name: 'companies deleted',
    activation: head(`target: company
mode: delete
identifier: company_id
confirm: permanent
fields: { company_id: user_id }
${without}`),
    results: [first],
    seed: {
      companies: Array.from({ length: size }, (_, n) => ({ company_id: `u${n}`, name: `n${n}` })),
    },
  },
]
