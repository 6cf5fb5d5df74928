// How fast rows become a plan, beside reading the same rows and doing nothing with them: the ratio says what the
// planner costs, whatever machine this runs on.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connectors } from '../dist/connectors/index.js'
import { loadProject } from '../dist/src/config/project.js'
import { planActivation } from '../dist/src/plan/planner.js'
import { realClock } from '../dist/src/run/system.js'

const activationText = (rows) => `
query: |
  select
    'usr_' || i as user_id,
    'person' || i || '@example.com' as email,
    'Person ' || i as full_name,
    i % 400 as seats,
    (i % 1000) / 7 as score,
    i % 3 = 0 as is_admin,
    timestamptz '2024-01-01 00:00:00+00' + to_seconds(i) as created_at,
    case when i % 10 = 0 then null else 'Title ' || (i % 50) end as job_title
  from range(${rows}) rows(i)
target: contact
mode: upsert
identifier: external_id
fields:
  external_id: user_id
  email: email
  name: full_name
  signed_up_at: created_at
  custom_attributes.seats: seats
  custom_attributes.score: score
  custom_attributes.is_admin: is_admin
  custom_attributes.job_title: job_title
`

const emptySnapshot = {
  count: async () => 0,
  async *fingerprints() {},
  async *waiting() {},
  entries: async () => new Map(),
}

/** Keeps the fingerprints of a plan, as a state store would after everything was delivered. */
function deliveredSnapshot() {
  const delivered = []
  return {
    sink: {
      add: async (operations) => {
        for (const { key, fingerprint } of operations) delivered.push({ key, fingerprint })
      },
      reject: async () => undefined,
      wait: async () => undefined,
    },
    snapshot: {
      count: async () => delivered.length,
      async *waiting() {},
      async *fingerprints() {
        for (let start = 0; start < delivered.length; start += 1000) {
          yield delivered.slice(start, start + 1000)
        }
      },
      entries: async () => new Map(),
    },
  }
}

/** Runs the benchmark over so many rows. Resolves to one result for each case, the baseline first. */
export async function benchPlanner(rows) {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-bench-'))
  try {
    await mkdir(join(folder, 'activations'))
    await writeFile(
      join(folder, 'millrace.yaml'),
      'sources: { warehouse: { type: duckdb } }\ntargets: { intercom: { type: intercom, token: none } }\n',
    )
    await writeFile(join(folder, 'activations/people.yaml'), activationText(rows))
    const project = await loadProject({
      path: folder,
      profile: null,
      environment: {},
      connectors,
    })
    const [activation] = project.activations
    const { connector, options } = project.sources.get('warehouse')

    const timed = async (name, work) => {
      const source = await connector.open(options, {
        clock: realClock,
        random: Math.random,
        projectFolder: folder,
        notice: () => undefined,
      })
      try {
        const stream = await source.query(activation.query, new AbortController().signal)
        const started = performance.now()
        await work(stream)
        const seconds = (performance.now() - started) / 1000
        return { name, rows, seconds, rowsPerSecond: Math.round(rows / seconds) }
      } finally {
        await source.close()
      }
    }

    const read = async ({ batches }) => {
      for await (const batch of batches) {
        for (let index = 0; index < batch.size; index += 1) batch.values(index)
      }
    }
    const kept = deliveredSnapshot()
    const plan =
      (snapshot, sink) =>
      async ({ columns, batches }) => {
        await planActivation({ activation, columns, batches, snapshot, sink })
      }

    // The first reading warms up: it is not counted.
    await timed('warm up', read)
    const results = [
      await timed('read and drop', read),
      await timed('plan, all new', plan(emptySnapshot, kept.sink)),
      await timed('plan, all unchanged', plan(kept.snapshot, kept.sink)),
    ]
    const baseline = results[0].seconds
    return results.map((result) => ({ ...result, ratio: result.seconds / baseline }))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
