// What is asked of the writer: the limit kept full and never passed, and few calls per row.
import { benchRequests, benchWriter } from './writer.js'

const companies = (rows, round) => `
query: select 'acme_' || i as company_id, 'Acme ' || i || ' ${round}' as name, i % 90 as size from range(${rows}) rows(i)
target: company
mode: upsert
identifier: company_id
fields: { company_id: company_id, name: name, size: size }
`

/** Each contact has one of four tags; in the second round, it gets one more. */
const tagged = (rows, round) => `
query: |
  select 'usr_' || i as user_id, 'person' || i || '@example.com' as email,
    ['tag ' || i % 4${round === 1 ? '' : ", 'another'"}] as tags
  from range(${rows}) rows(i)
target: contact
mode: upsert
identifier: external_id
fields: { external_id: user_id, email: email }
tags: [{ from: tags }]
`

/** A window of ten seconds at Intercom's usual limit takes so many calls; the first and the last are not full ones. */
const windows = 4

/**
 * Runs every scenario. `rows`: contacts in those that have a limit, null for enough to fill several windows.
 * Resolves to `limits`, `calls` (rows per call without a limit) and `cost` (of one request).
 */
export async function benchWriterScenarios({ rows, full, note }) {
  const run = async (scenario) => {
    note(`writer: ${scenario.name}`)
    return await benchWriter(scenario)
  }
  const limited = rows ?? 1666 * (full ? 2 * windows : windows)
  const limits = []
  for (const latency of [50, 150, 300]) {
    const name = `limit 1,666 per 10 s, ${latency} ms latency`
    limits.push({ latency, others: 0, ...(await run({ name, rows: limited, latency })) })
  }
  const shared = {
    name: 'the same at 150 ms, another app takes a fifth',
    rows: Math.round(limited * 0.8),
    others: 333,
  }
  limits.push({ latency: 150, others: shared.others, ...(await run(shared)) })
  const free = { rows: rows ?? 2000, limit: 0, latency: 0 }
  const calls = [
    await run({ name: 'new contacts', ...free }),
    await run({ name: 'contacts that exist, met for the first time', ...free, existing: true }),
    await run({ name: 'contacts that are known, changed', ...free, round: 2 }),
    await run({ name: 'new companies', ...free, activation: companies }),
    await run({
      name: 'companies that are known, changed',
      ...free,
      activation: companies,
      round: 2,
    }),
    await run({ name: 'new contacts, each with a tag', ...free, activation: tagged }),
    await run({
      name: 'contacts that are known, a tag more',
      ...free,
      activation: tagged,
      round: 2,
    }),
  ]
  note('writer: the cost of a request')
  const cost = await benchRequests(rows ?? 10_000)
  return { limits, calls, cost }
}
