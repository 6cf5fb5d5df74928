import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type RunningIntercomSandbox,
  startSandbox,
} from '../../connectors/intercom/sandbox/index.ts'
import { realClock } from '../../src/run/system.ts'
import { type CliResult, millrace } from '../support/cli.ts'
import { type Held, heldBy } from './contents.ts'
import { hurry } from './hurry.ts'
import type { Scenario } from './scenarios.ts'

/** Few requests at once, each a little slow, so that a kill finds a run half done. */
const concurrency = 4
const latencyMilliseconds = 30

/** Outcomes are recorded in groups, at least so often; see src/write/outcome-groups.ts. */
const groupMilliseconds = 200

/** How many requests a kill may make repeat: those under way, and those whose outcomes were not recorded yet. */
export const repeatsPerKill = concurrency * (1 + groupMilliseconds / latencyMilliseconds) + 4

/** A project and a sandbox for one scenario, run as users run it: as a process that can be killed. */
export class Stage {
  readonly sandbox: RunningIntercomSandbox
  readonly #folder: string
  readonly #args: readonly string[]
  readonly #env: Readonly<Record<string, string>>

  private constructor(
    sandbox: RunningIntercomSandbox,
    folder: string,
    full: boolean,
    env: Readonly<Record<string, string>>,
  ) {
    this.sandbox = sandbox
    this.#folder = folder
    this.#args = ['run', '--json', ...(full ? ['--full'] : [])]
    this.#env = env
  }

  static async open({ activation, seed, full = false, waits = false }: Scenario): Promise<Stage> {
    const fast = waits ? hurry() : null
    const folder = await mkdtemp(join(tmpdir(), 'millrace-chaos-'))
    const sandbox = await startSandbox(
      {
        rate_limit: 0,
        search_lag_ms: 0,
        latency_ms: latencyMilliseconds,
        attributes: ['contact.plan:string'],
      },
      {
        clock: { now: fast?.now ?? realClock.now, sleep: realClock.sleep },
        random: () => 0.5,
      },
    )
    if (seed !== undefined) sandbox.seed(seed)
    await mkdir(join(folder, 'activations'))
    await writeFile(join(folder, 'activations', 'rows.yaml'), activation)
    await writeFile(
      join(folder, 'millrace.yaml'),
      `sources: { warehouse: { type: duckdb } }
targets:
  intercom: { type: intercom, token: ${sandbox.token}, base_url: "${sandbox.url}", concurrency: ${concurrency}, timeout: 600 }
`,
    )
    return new Stage(sandbox, folder, full, fast?.env ?? {})
  }

  async give(rows: string): Promise<void> {
    await writeFile(join(this.#folder, 'rows.csv'), rows)
  }

  run(): Promise<CliResult> {
    return millrace(this.#args, { cwd: this.#folder, env: this.#env })
  }

  /** A run that has nothing to do where all is delivered. */
  runAgain(): Promise<CliResult> {
    return millrace(['run', '--json'], { cwd: this.#folder, env: this.#env })
  }

  /**
   * Runs and kills the process so many milliseconds after Intercom has got so many further requests. True where it
   * came to that.
   */
  async killAfter(requests: number, milliseconds: number): Promise<boolean> {
    const until = this.sandbox.requests().total + requests
    let watch: NodeJS.Timeout | undefined
    let kill: NodeJS.Timeout | undefined
    const result = await millrace(this.#args, {
      cwd: this.#folder,
      env: this.#env,
      started: (child) => {
        watch = setInterval(() => {
          if (this.sandbox.requests().total < until) return
          clearInterval(watch)
          kill = setTimeout(() => child.kill('SIGKILL'), milliseconds)
        }, 1)
      },
    })
    clearInterval(watch)
    clearTimeout(kill)
    return result.signal === 'SIGKILL'
  }

  /** What Intercom holds, as far as runs can be compared. */
  contents(): Held {
    return heldBy(this.sandbox)
  }

  /** Requests that change something. */
  writes(): number {
    return Object.entries(this.sandbox.requests().byEndpoint)
      .filter(([endpoint]) => !endpoint.startsWith('GET') && endpoint !== 'POST /contacts/search')
      .reduce((sum, [, count]) => sum + count, 0)
  }

  async close(): Promise<void> {
    await this.sandbox.close()
    await rm(this.#folder, { recursive: true, force: true })
  }
}
