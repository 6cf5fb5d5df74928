/** One activation, the query results that it meets one after the other, and what Intercom holds before. */
export interface Scenario {
  readonly name: string
  readonly activation: string
  /** The rows of `rows.csv`, one text per query result. */
  readonly results: readonly string[]
  /** Seed of the sandbox. */
  readonly seed?: object
  /**
   * Requests that a kill may make repeat beside those under way: a row with tags or companies has ended only when
   * the lists of its whole batch have.
   */
  readonly repeatsMore?: number
  /** Every run is one with `--full`. */
  readonly full?: boolean
  /** Runs wait for minutes, so time passes faster. */
  readonly waits?: boolean
}

const size = 40

function csv(header: string, line: (number: number) => string, skip = 0): string {
  const lines = Array.from({ length: size - skip }, (_, index) => line(index + skip))
  return [header, ...lines, ''].join('\n')
}

const fields = 'user_id,email,plan,tags,accounts'

const first = csv(fields, (n) => `u${n},p${n}@example.com,free,x|y,acme`)
const second = csv(
  fields,
  (n) => `u${n},p${n}@example.com,${n % 2 ? 'pro' : 'free'},${n % 3 ? 'y|z' : 'x|y'},globex`,
)
const shorter = csv(fields, (n) => `u${n},p${n}@example.com,free,x|y,acme`, size / 2)

/** The same rows with a column for Intercom's id, empty in all of them. */
function withoutId(rows: string): string {
  const [header, ...lines] = rows.trimEnd().split('\n')
  return [`${header},intercom_id`, ...lines.map((line) => `${line},`), ''].join('\n')
}

const existing = {
  contacts: Array.from({ length: size }, (_, n) => ({
    external_id: `u${n}`,
    email: `p${n}@example.com`,
  })),
}

const head = (rest: string) => `query: |
  select * from read_csv('rows.csv', header = true, all_varchar = true)
${rest}`

const contact = (mode: string, identifier: string, more = '') =>
  head(`target: contact
mode: ${mode}
identifier: ${identifier}
fields:
  external_id: user_id
  email: email
  custom_attributes.plan: plan
${more}`)

/** Leads have no external_id: what identifies them between runs is the email, or the key alone. */
const lead = (how: string) =>
  head(`target: contact
${how}
fields:
  email: email
  role: { value: lead }
  custom_attributes.plan: plan`)

export const scenarios: readonly Scenario[] = [
  {
    name: 'upsert of contacts by external_id',
    activation: contact('upsert', 'external_id'),
    results: [first, second],
  },
  {
    name: 'upsert of contacts by email',
    activation: contact('upsert', 'email'),
    results: [first, second],
  },
  {
    name: 'upsert of contacts that exist, with tags and companies',
    activation: contact(
      'upsert',
      'external_id',
      `companies: [{ company_id: accounts, separator: "|" }]
create_missing: true
tags: [{ from: tags, separator: "|" }]`,
    ),
    results: [first, second],
    seed: existing,
    repeatsMore: 2 * size,
  },
  {
    name: 'rows that leave, archived',
    activation: contact(
      'upsert',
      'external_id',
      'on_removed: archive\nguards: { max_removals: off }',
    ),
    results: [first, shorter, first],
  },
  {
    name: 'update of contacts',
    activation: contact('update', 'external_id'),
    results: [second],
    seed: existing,
  },
  {
    name: 'insert of contacts',
    activation: contact('insert', 'external_id').replace('identifier: external_id\n', ''),
    results: [first],
  },
  {
    name: 'upsert of leads by email',
    activation: lead('mode: upsert\nidentifier: email'),
    results: [first, second],
    waits: true,
  },
  {
    name: 'insert of leads',
    activation: lead('mode: insert\nkey: user_id'),
    results: [first],
    waits: true,
  },
  {
    name: 'upsert of leads by an id that is empty',
    activation: lead('mode: upsert\nidentifier: id\nkey: user_id').replace(
      'fields:\n',
      'fields:\n  id: intercom_id\n',
    ),
    results: [withoutId(first), withoutId(second)],
    waits: true,
  },
  {
    name: 'full passes over contacts with tags',
    activation: contact('upsert', 'external_id', 'tags: [{ from: tags, separator: "|" }]'),
    results: [first, first],
    full: true,
    repeatsMore: size,
  },
  {
    name: 'delete of contacts',
    activation: head(`target: contact
mode: delete
identifier: external_id
confirm: permanent
fields: { external_id: user_id }`),
    results: [first],
    seed: existing,
  },
  {
    name: 'archive of contacts',
    activation: head(`target: contact
mode: archive
identifier: external_id
fields: { external_id: user_id }`),
    results: [first],
    seed: existing,
  },
  {
    name: 'upsert of companies with tags',
    activation: head(`target: company
mode: upsert
identifier: company_id
fields:
  company_id: user_id
  name: email
tags: [{ from: tags, separator: "|" }]`),
    results: [first, second],
  },
  {
    name: 'delete of companies',
    activation: head(`target: company
mode: delete
identifier: company_id
confirm: permanent
fields: { company_id: user_id }`),
    results: [first],
    seed: {
      companies: Array.from({ length: size }, (_, n) => ({ company_id: `u${n}`, name: `n${n}` })),
    },
  },
]
