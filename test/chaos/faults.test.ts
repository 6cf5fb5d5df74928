import { beforeAll, describe, expect, it } from 'vitest'
import type { FaultRuleInput } from '../../connectors/intercom/sandbox/faults.ts'
import type { RunSummary } from '../../src/run/summary.ts'
import { openWorkspace, type Workspace } from '../support/workspace.ts'
import { heldBy } from './contents.ts'
import { type FaultScenario, faultScenarios } from './fault-scenarios.ts'

type Fault = FaultRuleInput['fault']

const status = (code: number, body: 'json' | 'html' | 'empty', more: object = {}): Fault => ({
  kind: 'status',
  status: code,
  body,
  ...more,
})

const faults: Readonly<Record<string, Fault>> = {
  'reset before applying': { kind: 'reset', applied: false },
  'reset after applying': { kind: 'reset', applied: true },
  'hang before applying': { kind: 'hang', applied: false },
  'hang after applying': { kind: 'hang', applied: true },
  'slow, in time': { kind: 'slow', milliseconds: 20_000 },
  'slow, too late': { kind: 'slow', milliseconds: 45_000 },
  '408': status(408, 'json'),
  '408 after applying': status(408, 'json', { applied: true }),
  '429 with Retry-After': status(429, 'json', { headers: { 'Retry-After': '7' } }),
  '429 without headers': status(429, 'html'),
  '500 JSON': status(500, 'json'),
  '500 after applying': status(500, 'json', { applied: true }),
  '502 HTML': status(502, 'html'),
  '503 JSON': status(503, 'json'),
  '503 empty, after applying': status(503, 'empty', { applied: true }),
  '504 HTML': status(504, 'html'),
  '504 after applying': status(504, 'html', { applied: true }),
  'truncated JSON': { kind: 'truncated', applied: true },
  garbage: { kind: 'garbage', applied: true },
  'garbage in place of the effect': { kind: 'garbage', applied: false },
  'empty 200': { kind: 'empty', applied: true },
  'empty 200 in place of the effect': { kind: 'empty', applied: false },
}

/** Everything is tried where time does not matter (`npm run chaos`), else a share that meets each kind of request. */
const everyCase = process.env.MILLRACE_CHAOS_KILLS !== undefined
const step = everyCase ? 1 : 107

const writing = [
  'GET /data_attributes',
  'POST /contacts/search',
  'POST /contacts',
  'PUT /contacts/{id}',
  'DELETE /contacts/{id}',
  'POST /contacts/{id}/archive',
  'POST /contacts/{id}/unarchive',
  'POST /contacts/{id}/companies',
  'DELETE /contacts/{id}/companies/{id}',
  'POST /tags',
  'DELETE /contacts/{id}/tags/{id}',
  'POST /companies',
  'DELETE /companies/{id}',
]

async function openScenario({ activation, seed }: FaultScenario): Promise<Workspace> {
  const workspace = await openWorkspace()
  await workspace.remove('activations/people.yaml')
  await workspace.write('activations/rows.yaml', activation)
  if (seed !== undefined) workspace.sandbox.seed(seed)
  return workspace
}

/** Runs, and sees to it that every operation of the plan has ended in exactly one way. */
async function run(workspace: Workspace): Promise<RunSummary> {
  const summary = await workspace.runOne()
  const { create, update, delete: deleted, archive, untag, rejected } = summary.planned
  const planned = create + update + deleted + archive + untag + rejected
  const ended = Object.values(summary.outcomes).reduce((sum, count) => sum + count, 0)
  expect(ended, 'outcomes').toBe(planned)
  return summary
}

/** What runs that nobody disturbs send and leave behind, one entry for each query result. */
interface Undisturbed {
  readonly requests: Readonly<Record<string, number>>
  readonly total: number
  readonly contents: object
}

async function undisturbed(scenario: FaultScenario): Promise<readonly Undisturbed[]> {
  const workspace = await openScenario(scenario)
  const phases: Undisturbed[] = []
  try {
    for (const rows of scenario.results) {
      await workspace.write('rows.csv', rows)
      workspace.sandbox.forgetRequests()
      expect((await run(workspace)).exit_code).toBe(0)
      const { byEndpoint, total } = workspace.sandbox.requests()
      phases.push({ requests: byEndpoint, total, contents: heldBy(workspace.sandbox) })
    }
  } finally {
    await workspace.close()
  }
  return phases
}

interface Case {
  readonly scenario: FaultScenario
  readonly phase: number
  readonly endpoint: string
  readonly fault: string
  /** How many requests to the endpoint pass before the first fault. */
  readonly skip: number
  /** Null for an outage as long as the first run. */
  readonly times: 1 | null
}

async function disturb(test: Case, wanted: readonly Undisturbed[]): Promise<void> {
  const { scenario, phase, endpoint, skip, times } = test
  const [method, path] = endpoint.split(' ')
  const workspace = await openScenario(scenario)
  const { sandbox, clock } = workspace
  try {
    for (const [index, rows] of scenario.results.entries()) {
      await workspace.write('rows.csv', rows)
      sandbox.forgetRequests()
      let most = 1
      if (index === phase) {
        most = 3
        sandbox.faults.add({ method, path, skip, times, fault: faults[test.fault] as Fault })
      }
      let runs = 0
      let last: RunSummary
      do {
        last = await run(workspace)
        runs += 1
        sandbox.faults.clear()
        await clock.advance(3_600_000)
      } while (last.exit_code !== 0 && runs < most)
      expect(last, `run ${runs} of result ${index}`).toMatchObject({ exit_code: 0 })
      expect(heldBy(sandbox), `result ${index}`).toEqual(wanted[index]?.contents)
      const usual = wanted[index]?.total ?? 0
      const { total, byStatus } = sandbox.requests()
      const spoilt = index === phase ? callsPerFault(test, usual) : lookUps
      expect(total, JSON.stringify(byStatus)).toBeLessThanOrEqual(usual + spoilt)
    }
    sandbox.forgetRequests()
    expect((await run(workspace)).exit_code).toBe(0)
    expect(sandbox.requests().total).toBe(0)
  } finally {
    await workspace.close()
  }
}

/** Requests by which a later run may look up what an earlier one could not learn. */
const lookUps = 3

/** Tries of one operation in a run, and requests of one try that are refused for the rate limit. */
const tries = 5
const refusals = 6

/** One fault costs some look-ups and repeats; an outage the tries of each request, and a run that makes it good. */
function callsPerFault({ times, fault }: Case, usual: number): number {
  if (times === 1) return usual + lookUps
  return usual * (fault.startsWith('429') ? tries * refusals + 1 : tries + 1) + lookUps
}

const wanted = new Map<string, readonly Undisturbed[]>()

/** Every kind of request that a scenario's runs make, with every fault, at the first, middle and last. */
function casesOf(scenario: FaultScenario, phases: readonly Undisturbed[]): Case[] {
  return phases.flatMap(({ requests }, phase) =>
    Object.entries(requests).flatMap(([endpoint, count]) =>
      Object.keys(faults).flatMap((fault) =>
        [...new Set([0, Math.floor(count / 2), count - 1])].flatMap((skip) =>
          ([1, null] as const).map((times) => ({ scenario, phase, endpoint, fault, skip, times })),
        ),
      ),
    ),
  )
}

describe('a fault in any request of a run ends in the right state after at most two further runs', () => {
  beforeAll(async () => {
    for (const scenario of faultScenarios) wanted.set(scenario.name, await undisturbed(scenario))
  })

  it('meets every kind of request', () => {
    const met = [...wanted.values()].flat().flatMap(({ requests }) => Object.keys(requests))
    expect(met).toEqual(expect.arrayContaining(writing))
  })

  it.each(faultScenarios.map((scenario) => [scenario.name, scenario] as const))(
    '%s',
    async (name, scenario) => {
      const phases = wanted.get(name) ?? []
      const all = casesOf(scenario, phases)
      const broken: string[] = []
      const tried = all.filter((_, index) => index % step === 0)
      for (const test of tried) {
        const label = `result ${test.phase}, ${test.endpoint} after ${test.skip}, ${test.fault}, ${test.times ?? 'all'}`
        await disturb(test, phases).catch((error: unknown) => {
          broken.push(`${label}: ${error instanceof Error ? error.message : String(error)}`)
        })
      }
      expect(broken.join('\n\n')).toBe('')
    },
    everyCase ? 3_600_000 : 120_000,
  )
})
