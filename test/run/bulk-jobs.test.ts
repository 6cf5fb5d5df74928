import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { connectors } from '../../connectors/index.ts'
import { objects } from '../../connectors/intercom/objects.ts'
import { loadProject } from '../../src/config/project.ts'
import type { Clock, Operation, Target, TargetConnector } from '../../src/connector/index.ts'
import { Interruption } from '../../src/run/interruption.ts'
import { runActivations } from '../../src/run/run.ts'
import { VirtualClock } from '../support/virtual-clock.ts'
import { nothingMoves } from '../support/wire.ts'

type Report = Parameters<Target['deliver']>[1]

/** A system that takes a hundred contacts at a time, works on them for a minute, and never says which it refused. */
class BulkService {
  readonly #clock: Clock
  readonly #jobs: { readonly keys: string[]; readonly due: number }[] = []
  readonly refuses = new Set<string>()
  readonly contacts: string[] = []
  onPoll = () => {}

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get jobs(): number {
    return this.#jobs.length
  }

  begin(keys: readonly string[]): string {
    this.#settle()
    return `job-${this.#jobs.push({ keys: [...keys], due: this.#clock.now() + 60_000 })}`
  }

  isRunning(job: string): boolean {
    this.#settle()
    this.onPoll()
    return (this.#jobs[Number(job.slice(4)) - 1]?.due ?? 0) > this.#clock.now()
  }

  find(keys: readonly string[]): ReadonlySet<string> {
    this.#settle()
    return new Set(keys.filter((key) => this.contacts.includes(key)))
  }

  #settle(): void {
    for (const job of this.#jobs.filter(({ due }) => due <= this.#clock.now())) {
      const taken = job.keys.splice(0).filter((key) => !this.refuses.has(key))
      this.contacts.push(...taken)
    }
  }
}

/** Delivers batches as jobs: begins one, waits for it, and looks what has become of each record. */
class BulkTarget implements Target {
  readonly batchSize = 100
  readonly concurrency = 2
  readonly #service: BulkService
  readonly #clock: Clock
  readonly #calls = new Map<string, number>()

  constructor(service: BulkService, clock: Clock) {
    this.#service = service
    this.#clock = clock
  }

  get requests() {
    const byEndpoint = Object.fromEntries(this.#calls)
    const total = [...this.#calls.values()].reduce((sum, calls) => sum + calls, 0)
    return { total, byEndpoint, rateLimited: 0 }
  }

  async prepare(): Promise<void> {}

  check: Target['check'] = async () => []

  async deliver(operations: readonly Operation[], report: Report, signal: AbortSignal) {
    const fresh = operations.filter(({ unansweredSince }) => unansweredSince === null)
    const left = operations.filter(({ unansweredSince }) => unansweredSince !== null)
    for (const job of new Set(left.map(({ unansweredRequest }) => unansweredRequest))) {
      const members = left.filter(({ unansweredRequest }) => unansweredRequest === job)
      if (job !== undefined && !(await this.#ended(job, signal))) doubt(members, job, report)
      else fresh.push(...this.#reportFound(members, report))
    }
    if (fresh.length === 0 || signal.aborted) return
    this.#count('POST /bulk')
    const job = this.#service.begin(fresh.map(({ key }) => key))
    if (!(await this.#ended(job, signal))) doubt(fresh, job, report)
    else {
      for (const { ordinal } of this.#reportFound(fresh, report)) {
        const failure = { code: 'rejected', message: 'The job left this one out.' } as const
        report(ordinal, { result: 'rejected', failure })
      }
    }
  }

  async close(): Promise<void> {}

  /** Waits for the job; false where the run was stopped first. */
  async #ended(job: string, signal: AbortSignal): Promise<boolean> {
    for (;;) {
      this.#count('GET /bulk/{id}')
      if (!this.#service.isRunning(job)) return true
      await this.#clock.sleep(10_000, signal).catch(() => {})
      if (signal.aborted) return false
    }
  }

  /** Reports those that are there, and returns the others. */
  #reportFound(operations: readonly Operation[], report: Report): Operation[] {
    this.#count('POST /search')
    const found = this.#service.find(operations.map(({ key }) => key))
    for (const { key, ordinal } of operations.filter(({ key }) => found.has(key))) {
      report(ordinal, { result: 'applied', id: `id-${key}`, created: true })
    }
    return operations.filter(({ key }) => !found.has(key))
  }

  #count(endpoint: string): void {
    this.#calls.set(endpoint, (this.#calls.get(endpoint) ?? 0) + 1)
  }
}

function doubt(operations: readonly Operation[], requestId: string, report: Report): void {
  const failure = { code: 'in_doubt', message: 'The job was still at work.', requestId } as const
  for (const { ordinal } of operations) report(ordinal, { result: 'in_doubt', failure })
}

/** A project whose only target is the service; what is returned runs its only activation over so many rows. */
async function openProject(clock: VirtualClock, service: BulkService) {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-bulk-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const bulk: TargetConnector = {
    type: 'bulk',
    options: z.strictObject({}),
    objects,
    open: async () => new BulkTarget(service, clock),
  }
  await mkdir(join(folder, 'activations'))
  await writeFile(
    join(folder, 'millrace.yaml'),
    'sources: { warehouse: { type: duckdb } }\ntargets: { bulk: { type: bulk } }\n',
  )
  return async (rows: number, signal = new AbortController().signal) => {
    await writeFile(
      join(folder, 'activations/people.yaml'),
      `query: select 'user-' || i as user_id from range(${rows}) numbers(i)
target: contact
mode: upsert
identifier: external_id
fields: { external_id: user_id }
`,
    )
    const project = await loadProject({
      path: folder,
      profile: null,
      environment: {},
      connectors: { ...connectors, targets: { bulk: async () => bulk } },
    })
    const running = runActivations({
      project,
      activations: project.activations,
      clock,
      random: () => 0.5,
      listener: () => {},
      signal,
    })
    const { activations } = await clock.runAll(running, { isIdle: () => nothingMoves(1) })
    const [summary] = activations
    if (summary === undefined) throw new Error('nothing ran')
    return summary
  }
}

test('a job of a hundred is one more way of delivering a batch', async () => {
  const clock = new VirtualClock()
  const service = new BulkService(clock)
  service.refuses.add('user-7')
  const run = await openProject(clock, service)

  const first = await run(250)
  expect(first.outcomes).toMatchObject({ applied: 249, rejected: 1 })
  expect(first.calls.by_endpoint).toMatchObject({ 'POST /bulk': 3, 'POST /search': 3 })
  expect(first.calls.rows_per_call).toBeGreaterThan(9)
  expect(new Set(service.contacts).size).toBe(249)
  expect((await run(250)).planned).toMatchObject({ unchanged: 249, waiting: 1 })
})

test('a job that a stopped run left at work is asked about by the next one, and nothing is sent twice', async () => {
  const clock = new VirtualClock()
  const service = new BulkService(clock)
  service.refuses.add('user-7')
  const run = await openProject(clock, service)
  const interrupt = new AbortController()
  service.onPoll = () => {
    if (service.jobs === 2) interrupt.abort(new Interruption(143))
  }

  const stopped = await run(250, interrupt.signal)
  expect(stopped).toMatchObject({
    status: 'interrupted',
    outcomes: { in_doubt: 200, not_attempted: 50 },
  })
  expect(service.contacts).toEqual([])

  service.refuses.clear()
  service.refuses.add('user-8')
  service.onPoll = () => {}
  const next = await run(250)
  expect(next.outcomes).toMatchObject({ applied: 249, rejected: 1, in_doubt: 0 })
  expect(service.contacts).toHaveLength(249)
  expect(new Set(service.contacts).size).toBe(249)
  expect(next.calls.by_endpoint['POST /bulk']).toBe(2)
})
