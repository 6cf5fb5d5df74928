// What the writer makes of Intercom's limit: a run of so many rows against the sandbox, which has a process of its own,
// so that its work is not counted as ours.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { intercom } from '../dist/connectors/intercom/index.js'
import { connectors, loadProject, runActivations, systemClock } from '../dist/src/index.js'
import { writeOperations } from '../dist/src/write/writer.js'
import { temporaryFolder } from './folder.js'
import { interruption } from './interruption.js'

const main = fileURLToPath(new URL('../dist/src/cli/main.js', import.meta.url))
const windowMilliseconds = 10_000

const activationText = (rows, round) => `
query: |
  select
    'usr_' || i as user_id,
    'person' || i || '@example.com' as email,
    'Person ' || i || ' ${round}' as full_name,
    timestamptz '2024-01-01 00:00:00+00' + to_seconds(i) as created_at
  from range(${rows}) rows(i)
target: contact
mode: upsert
identifier: external_id
fields:
  external_id: user_id
  email: email
  name: full_name
  signed_up_at: created_at
`

/** Starts a sandbox with these flags. Resolves to its address, and what stops it. */
async function startSandbox(flags) {
  const process_ = spawn(process.execPath, [main, 'sandbox', '--port', '0', '--json', ...flags], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const killNow = () => process_.kill('SIGKILL')
  process.once('exit', killNow)
  const ended = once(process_, 'exit')
  const stop = async () => {
    process_.kill('SIGTERM')
    await ended
    process.removeListener('exit', killNow)
  }
  const lines = createInterface(process_.stdout)
  const failed = ended.then(([code]) => {
    throw new Error(`the sandbox ended with ${code}`)
  })
  const [line] = await Promise.race([once(lines, 'line', { signal: interruption }), failed])
  const { url, token } = JSON.parse(line)
  return { url, token, stop }
}

/** Puts contacts in place that a run has not met. Resolves to their ids. */
async function seed(url, rows) {
  const contacts = Array.from({ length: rows }, (_, at) => ({ external_id: `usr_${at}` }))
  const body = JSON.stringify({ contacts })
  const seeded = await fetch(`${url}/_sandbox/seed`, { method: 'POST', body })
  return (await seeded.json()).contacts
}

/** The share of each full window's limit that was used, others' calls included; the first and the last are not full. */
async function windowUse(url, { limit, others }) {
  const { log } = await (await fetch(`${url}/_sandbox/requests`)).json()
  const taken = new Map()
  for (const { time, status } of log) {
    const window = Math.floor(time / windowMilliseconds)
    if (status !== 429) taken.set(window, (taken.get(window) ?? 0) + 1)
  }
  return [...taken.values()].slice(1, -1).map((own) => Math.min(1, (own + others) / limit))
}

/**
 * Runs an activation over so many rows. `round` 1 meets every contact for the first time, 2 changes what the state
 * knows. `limit` is in requests per window (0: none), `others` in calls of another app per window, `latency` in
 * milliseconds. `existing`: the contacts are there before the first run. `activation(rows, round)`: the YAML, where
 * it is not the one of contacts.
 */
export async function benchWriter({
  name,
  rows,
  limit = 1666,
  latency = 150,
  others = 0,
  existing = false,
  round = 1,
  options = '',
  activation = activationText,
}) {
  const { folder, remove } = await temporaryFolder()
  const flags = ['--rate-limit', limit, '--latency-ms', latency, '--other-app-calls', others]
  const sandbox = await startSandbox([...flags, '--keep-requests', rows * 4].map(String))
  const run = async (number) => {
    await writeFile(join(folder, 'activations/people.yaml'), activation(rows, number))
    const environment = {}
    const project = await loadProject({ path: folder, profile: null, environment, connectors })
    let [started, before] = [0, process.cpuUsage()]
    const summary = await runActivations({
      project,
      activations: project.activations,
      clock: systemClock,
      random: Math.random,
      signal: interruption,
      listener: (event) => {
        if (event.type === 'planned') [started, before] = [performance.now(), process.cpuUsage()]
      },
    })
    const cpu = process.cpuUsage(before)
    const seconds = (performance.now() - started) / 1000
    const [{ outcomes, calls }] = summary.activations
    interruption.throwIfAborted()
    if (outcomes.applied !== rows) throw new Error(JSON.stringify(summary))
    return {
      name,
      rows,
      seconds,
      requests: calls.total,
      refused: calls.rate_limited,
      requestsPerSecond: Math.round(calls.total / seconds),
      callsPerRow: calls.total / rows,
      cpuMillisecondsPerRequest: (cpu.user + cpu.system) / 1000 / calls.total,
    }
  }
  try {
    await mkdir(join(folder, 'activations'))
    await writeFile(
      join(folder, 'millrace.yaml'),
      `sources: { warehouse: { type: duckdb } }
targets: { intercom: { type: intercom, token: ${sandbox.token}, base_url: "${sandbox.url}"${options} } }
`,
    )
    if (existing) await seed(sandbox.url, rows)
    let result = await run(1)
    if (round === 2) {
      await fetch(`${sandbox.url}/_sandbox/requests`, { method: 'DELETE' })
      result = await run(2)
    }
    const windows = limit === 0 ? [] : await windowUse(sandbox.url, { limit, others })
    return { ...result, windows }
  } finally {
    await sandbox.stop()
    await remove()
  }
}

/** Contacts that are to be updated, and where outcomes go that nobody keeps. */
function updates(ids) {
  const operation = (id, ordinal) => ({
    ordinal,
    key: `usr_${ordinal}`,
    kind: 'update',
    removal: false,
    id,
    record: { external_id: `usr_${ordinal}`, name: `Person ${ordinal}`, signed_up_at: ordinal },
    held: { external_id: `usr_${ordinal}`, name: 'Person', signed_up_at: ordinal },
    changed: ['name'],
    unansweredSince: null,
    archivedByUs: false,
    fingerprint: 'fingerprint',
  })
  return {
    async *pending(size) {
      for (let start = 0; start < ids.length; start += size) {
        yield ids.slice(start, start + size).map((id, at) => operation(id, start + at))
      }
    },
    sending: async () => undefined,
    record: async () => undefined,
    abandon: async () => undefined,
  }
}

/**
 * What one request costs the writer, its limiter and its client, without the warehouse and the state: contacts that
 * are known are updated, against a sandbox that has no limit and answers at once.
 */
export async function benchRequests(rows) {
  const sandbox = await startSandbox(['--rate-limit', '0', '--keep-requests', '0'])
  try {
    const ids = await seed(sandbox.url, rows)
    const plan = {
      object: 'contact',
      mode: 'upsert',
      identifier: 'external_id',
      fields: ['external_id', 'name', 'signed_up_at'].map((field) => ({ field, column: null })),
      createOnly: [],
      lists: [],
      onArchived: 'fail',
      createMissingCompanies: false,
      createAttributes: false,
      adminId: null,
    }
    const context = {
      clock: systemClock,
      random: Math.random,
      projectFolder: '.',
      notice: () => undefined,
      knownIds: { find: async () => new Map() },
    }
    const timed = async (rowIds) => {
      const options = { token: sandbox.token, base_url: sandbox.url }
      const target = await intercom.open(intercom.options.parse(options), plan, context)
      const memory = updates(rowIds)
      let applied = 0
      const before = process.cpuUsage()
      const started = performance.now()
      await writeOperations({
        target,
        queue: memory,
        journal: memory,
        operations: rowIds.length,
        clock: systemClock,
        random: Math.random,
        signal: interruption,
        onOutcome: ({ status }) => {
          if (status === 'applied') applied += 1
          return null
        },
      })
      const seconds = (performance.now() - started) / 1000
      const cpu = process.cpuUsage(before)
      const requests = target.requests.total
      await target.close()
      interruption.throwIfAborted()
      if (applied !== rowIds.length) throw new Error(`${applied} of ${rowIds.length} were applied`)
      return {
        rows: rowIds.length,
        requests,
        seconds,
        requestsPerSecond: Math.round(requests / seconds),
        cpuMillisecondsPerRequest: (cpu.user + cpu.system) / 1000 / requests,
      }
    }
    // The first ones warm up: they are not counted.
    await timed(ids.slice(0, Math.ceil(rows / 4)))
    return await timed(ids)
  } finally {
    await sandbox.stop()
  }
}
