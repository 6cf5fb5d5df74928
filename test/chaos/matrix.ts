import { existsSync } from 'node:fs'
import { expect } from 'vitest'
import type { LoggedRequest } from '../../connectors/intercom/sandbox/request-log.ts'
import type { RunSummary } from '../../src/run/summary.ts'
import { openWorkspace, type Workspace } from '../support/workspace.ts'
import { type Held, heldBy } from './contents.ts'
import { faults, type TestedFault } from './fault-catalogue.ts'
import type { FaultScenario } from './fault-scenarios.ts'
import { Network } from './network.ts'
import { openRows, type Rows } from './rows.ts'

/** What runs that nobody disturbs send and leave behind, one entry for each query result. */
export interface Undisturbed {
  readonly requests: Readonly<Record<string, number>>
  readonly total: number
  readonly contents: Held
}

/** One fault at one place. */
export interface Case {
  readonly scenario: FaultScenario
  /** Which of the scenario's query results is disturbed. */
  readonly phase: number
  readonly endpoint: string
  readonly fault: string
  /** How many requests to the endpoint pass before the first fault. */
  readonly skip: number
  /** Null for an outage as long as the first run. */
  readonly times: 1 | null
}

interface Stage {
  readonly workspace: Workspace
  readonly rows: Rows
}

/** Where writing to disk costs no time, if there is such a place: power cuts are tried elsewhere. */
const memory = existsSync('/dev/shm') ? { parent: '/dev/shm' } : {}

async function openStage(scenario: FaultScenario, tested?: TestedFault): Promise<Stage> {
  const rows = openRows()
  let answers = 0
  const workspace = await openWorkspace({
    ...memory,
    connectors: rows.connectors,
    sandbox: { rate_limit: tested?.rateLimit ?? 0, latency_ms: isOrdered(tested) ? 1 : 0 },
    sandboxClock: (clock) => ({
      now: () => clock.now() + (tested?.ahead ?? 0),
      sleep: (milliseconds, signal) => {
        answers += 1
        return clock.sleep(milliseconds + ((answers * 0.618) % 1), signal)
      },
    }),
  })
  await workspace.remove('activations/people.yaml')
  await workspace.write('activations/rows.yaml', scenario.activation)
  if (scenario.seed !== undefined) workspace.sandbox.seed(scenario.seed)
  return { workspace, rows }
}

/** Whether it matters what was sent before an answer and what after: then no two answers come at the same moment. */
function isOrdered(tested: TestedFault | undefined): boolean {
  return tested?.stops !== undefined || tested?.askAgain !== undefined
}

/** Runs, and sees to it that every operation of the plan has ended in exactly one way. */
async function run({ workspace }: Stage): Promise<RunSummary> {
  const summary = await workspace.runOne()
  const { create, update, delete: deleted, archive, untag, rejected } = summary.planned
  const planned = create + update + deleted + archive + untag + rejected
  const ended = Object.values(summary.outcomes).reduce((sum, count) => sum + count, 0)
  expect(ended, 'outcomes').toBe(planned)
  return summary
}

export async function undisturbed(scenario: FaultScenario): Promise<readonly Undisturbed[]> {
  const stage = await openStage(scenario)
  const { sandbox } = stage.workspace
  const phases: Undisturbed[] = []
  try {
    for (const result of scenario.results) {
      stage.rows.give(result)
      sandbox.forgetRequests()
      expect((await run(stage)).exit_code).toBe(0)
      const { byEndpoint, total } = sandbox.requests()
      phases.push({ requests: byEndpoint, total, contents: heldBy(sandbox) })
    }
  } finally {
    await stage.workspace.close()
  }
  return phases
}

/**
 * Every kind of request that a scenario's runs make, with every fault, once at the first, the middle and the last, and
 * from the middle one on for as long as the run takes.
 */
export function casesOf(scenario: FaultScenario, phases: readonly Undisturbed[]): readonly Case[] {
  return phases.flatMap(({ requests }, phase) =>
    Object.entries(requests).flatMap(([endpoint, count]) =>
      Object.keys(faults).flatMap((fault) =>
        placesOf(count).map((place) => ({ scenario, phase, endpoint, fault, ...place })),
      ),
    ),
  )
}

function placesOf(count: number): readonly Pick<Case, 'skip' | 'times'>[] {
  const middle = Math.floor(count / 2)
  const once = [...new Set([0, middle, count - 1])].map((skip) => ({ skip, times: 1 as const }))
  return [...once, { skip: middle, times: null }]
}

export function labelOf({ phase, endpoint, skip, fault, times }: Case): string {
  return `result ${phase}, ${endpoint} after ${skip}, ${fault}, ${times ?? 'all'}`
}

/** How long the way to Intercom is in trouble where it recovers during the run. */
const troubleLasts = 9_000

/** Throws where a fault does not end in the right state after at most two further runs. */
export async function disturb(test: Case, wanted: readonly Undisturbed[]): Promise<void> {
  const { scenario, phase } = test
  const tested = faults[test.fault] as TestedFault
  const stage = await openStage(scenario, tested)
  const { sandbox } = stage.workspace
  try {
    for (const [index, result] of scenario.results.entries()) {
      stage.rows.give(result)
      sandbox.forgetRequests()
      if (index === phase) await runDisturbed(stage, test, tested)
      else expect((await run(stage)).exit_code, `run of result ${index}`).toBe(0)
      expect(heldBy(sandbox), `result ${index}`).toEqual(wanted[index]?.contents)
      const usual = wanted[index]?.total ?? 0
      const { total, byStatus } = sandbox.requests()
      const spoilt = index === phase ? callsPerFault(test, usual) : lookUps
      expect(total, JSON.stringify(byStatus)).toBeLessThanOrEqual(usual + spoilt)
    }
    // Where further results follow, they have shown by now that all is known.
    if (phase < scenario.results.length - 1) return
    sandbox.forgetRequests()
    expect((await run(stage)).exit_code, 'a run with nothing to do').toBe(0)
    expect(sandbox.requests().total, 'requests of a run with nothing to do').toBe(0)
  } finally {
    await stage.workspace.close()
  }
}

/** Runs once with the fault, and up to twice without. */
async function runDisturbed(stage: Stage, test: Case, tested: TestedFault): Promise<void> {
  const { sandbox, clock, environment } = stage.workspace
  const { endpoint, skip, times } = test
  const [method, path] = endpoint.split(' ')
  const network =
    tested.network === undefined
      ? null
      : await Network.open({
          trouble: tested.network,
          sandboxUrl: sandbox.url,
          clock,
          lasts: times === null ? null : troubleLasts,
        })
  const direct = environment.INTERCOM_URL ?? ''
  if (network !== null) environment.INTERCOM_URL = network.url
  sandbox.faults.add({ method, path, skip, times: network ? 1 : times, fault: tested.fault })
  try {
    let last = await run(stage)
    const log = sandbox.requests().log
    expect(last, 'the disturbed run').toMatchObject({ exit_code: expect.any(Number) })
    if (tested.stops) expect(last.exit_code, 'a refusal of everything').toBe(4)
    expect(tooEarly(log, tested), 'requests that came too early').toEqual([])
    sandbox.faults.clear()
    for (let more = 0; more < 2 && last.exit_code !== 0; more += 1) {
      await network?.mend()
      await clock.advance(3_600_000)
      last = await run(stage)
    }
    expect(last, 'the last run').toMatchObject({ exit_code: 0 })
    await clock.advance(3_600_000)
  } finally {
    environment.INTERCOM_URL = direct
    await network?.close()
  }
}

/** Requests that Intercom had asked not to send yet, or at all. */
function tooEarly(
  log: readonly LoggedRequest[],
  { stops, askAgain }: TestedFault,
): readonly object[] {
  if (stops === undefined && askAgain === undefined) return []
  const refused = log.filter(({ fault }) => fault !== null)
  return refused.flatMap(({ ended }) => {
    const until = askAgain?.(ended) ?? Number.POSITIVE_INFINITY
    return log
      .filter(({ time }) => time >= ended && time < until)
      .map(({ endpoint, time }) => ({ endpoint, asked: ended, sent: time, until }))
  })
}

/** Requests by which a later run may look up what an earlier one could not learn. */
const lookUps = 3

/** Tries of one operation in a run, and requests of one try that are refused for the rate limit. */
const tries = 5
const refusals = 6

/**
 * One fault costs some look-ups and repeats; an outage the tries of each request, and a run that makes it good. While no
 * connection can be opened, those that are open still work: an operation may be looked up at each of its tries.
 */
function callsPerFault({ times, fault }: Case, usual: number): number {
  if (times === 1 && faults[fault]?.network === undefined) return usual + lookUps
  return usual * (fault.startsWith('429') ? tries * refusals + 1 : tries + 1) + lookUps
}
