import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { connectors as everyConnector } from '../../connectors/index.ts'
import {
  type RunningIntercomSandbox,
  startSandbox,
} from '../../connectors/intercom/sandbox/index.ts'
import { loadProject, selectActivations } from '../../src/config/project.ts'
import type { Clock, Connectors } from '../../src/connector/index.ts'
import type { RunEvent } from '../../src/run/events.ts'
import { type ActivationPlan, planActivations } from '../../src/run/plan.ts'
import { runActivations } from '../../src/run/run.ts'
import type { CommandSummary, RunSummary } from '../../src/run/summary.ts'
import { VirtualClock } from './virtual-clock.ts'
import { nothingMoves } from './wire.ts'

type SandboxOptions = NonNullable<Parameters<typeof startSandbox>[0]>

/** A person as the sample query returns it. */
export interface Person {
  readonly user_id: string
  readonly email: string
  readonly name: string
  readonly plan: string
  readonly seats: number | string
}

export function person(number: number, overrides: Partial<Person> = {}): Person {
  return {
    user_id: `user-${number}`,
    email: `person${number}@example.com`,
    name: `Person Number ${number}`,
    plan: number % 3 === 0 ? 'pro' : 'free',
    seats: number % 50,
    ...overrides,
  }
}

export function people(count: number): Person[] {
  return Array.from({ length: count }, (_, number) => person(number))
}

const projectFile = `
sources:
  warehouse: { type: duckdb }
targets:
  intercom: { type: intercom, token: \${INTERCOM_TOKEN}, base_url: "\${INTERCOM_URL}" }
`

export const peopleActivation = `
query: |
  select user_id, email, name, plan, seats
  from read_csv('people.csv', header = true, all_varchar = false, nullstr = '')
target: contact
mode: upsert
identifier: external_id
fields:
  external_id: user_id
  email: email
  name: name
  custom_attributes.plan: plan
  custom_attributes.seats: seats
`

/** A project in a folder of its own with a sandbox as its Intercom, run in this process on a clock that a test holds. */
export interface Workspace {
  readonly folder: string
  readonly sandbox: RunningIntercomSandbox
  readonly clock: VirtualClock
  readonly environment: Record<string, string>
  write(file: string, text: string): Promise<void>
  /** Removes a file or a folder of the project. */
  remove(path: string): Promise<void>
  writePeople(people: readonly Person[]): Promise<void>
  /** Runs every activation, or those named. */
  run(options?: RunWorkspaceOptions): Promise<CommandSummary>
  /** Plans every activation. */
  plan(listener?: (event: RunEvent) => void): Promise<readonly ActivationPlan[]>
  /** Runs and returns the summary of the only activation. */
  runOne(options?: RunWorkspaceOptions): Promise<RunSummary>
  close(): Promise<void>
}

export interface RunWorkspaceOptions {
  readonly names?: readonly string[]
  readonly signal?: AbortSignal
  readonly listener?: (event: RunEvent) => void
  readonly full?: boolean
  readonly wait?: number
  readonly allow?: readonly string[]
}

export interface OpenWorkspaceOptions {
  readonly sandbox?: SandboxOptions
  readonly sandboxClock?: (clock: VirtualClock) => Clock
  /** The folder in which the project's own is made; the system's for what is temporary, unless said. */
  readonly parent?: string
  /** Other systems than this build's. */
  readonly connectors?: Connectors
}

export async function openWorkspace(options: OpenWorkspaceOptions = {}): Promise<Workspace> {
  const { parent = tmpdir(), connectors = everyConnector } = options
  const folder = await mkdtemp(join(parent, 'millrace-'))
  const clock = new VirtualClock()
  const sandbox = await startSandbox(
    { rate_limit: 0, ...options.sandbox },
    { clock: options.sandboxClock?.(clock) ?? clock, random: () => 0.5 },
  )
  sandbox.seed({ attributes: ['contact.plan:string', 'contact.seats:integer'] })
  const environment = { INTERCOM_URL: sandbox.url, INTERCOM_TOKEN: sandbox.token }

  const workspace: Workspace = {
    folder,
    sandbox,
    clock,
    environment,
    async write(file, text) {
      const path = join(folder, file)
      await mkdir(dirname(path), { recursive: true })
      await writeFile(path, text)
    },
    async remove(path) {
      await rm(join(folder, path), { recursive: true })
    },
    async writePeople(rows) {
      const lines = rows.map((row) =>
        [row.user_id, row.email, row.name, row.plan, row.seats].join(','),
      )
      await workspace.write('people.csv', `user_id,email,name,plan,seats\n${lines.join('\n')}\n`)
    },
    async run({
      names = [],
      signal = new AbortController().signal,
      listener = () => {},
      ...options
    } = {}) {
      const project = await loadProject({ path: folder, profile: null, environment, connectors })
      return await clock.runAll(
        runActivations({
          project,
          activations: selectActivations(project, names),
          clock,
          random: () => 0.5,
          listener,
          signal,
          ...options,
        }),
        // The pool of the state store's connections looks after itself once a second, on a timer of its own.
        { isIdle: () => nothingMoves(1) },
      )
    },
    async plan(listener = () => {}) {
      const project = await loadProject({ path: folder, profile: null, environment, connectors })
      const { signal } = new AbortController()
      const activations = selectActivations(project, [])
      const options = { project, activations, clock, random: () => 0.5, listener, signal, show: 20 }
      return await clock.runAll(planActivations(options), { isIdle: () => nothingMoves(1) })
    },
    async runOne(runOptions) {
      const { activations } = await workspace.run(runOptions)
      const [summary] = activations
      if (summary === undefined || activations.length > 1) throw new Error('not one activation')
      return summary
    },
    async close() {
      await sandbox.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
  await workspace.write('millrace.yaml', projectFile)
  await workspace.write('activations/people.yaml', peopleActivation)
  return workspace
}
