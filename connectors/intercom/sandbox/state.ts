import { ZodError } from 'zod'
import {
  type Clock,
  ConfigurationError,
  type ConnectorContext,
} from '../../../src/connector/index.ts'
import { ApiError } from './errors.ts'
import { Faults } from './faults.ts'
import { type SandboxOptions, type Settings, settings } from './options.ts'
import { RateLimit } from './rate-limit.ts'
import { RequestLog } from './request-log.ts'
import { plantSeed, type Seeded } from './seed.ts'
import type { Contents } from './start.ts'
import { Workspace } from './workspace.ts'

/** Everything that a running sandbox knows. */
export class SandboxState {
  readonly faults = new Faults()
  readonly log: RequestLog
  readonly options: SandboxOptions
  readonly rateLimit: RateLimit
  readonly clock: Clock
  readonly #context: Pick<ConnectorContext, 'clock' | 'random'>
  readonly #initial: SandboxOptions
  #workspace: Workspace
  #ahead = 0
  #seed: unknown = null

  constructor(options: SandboxOptions, context: Pick<ConnectorContext, 'clock' | 'random'>) {
    this.#initial = options
    this.#context = context
    this.options = { ...options }
    this.clock = {
      now: () => context.clock.now() + this.#ahead,
      sleep: (milliseconds, signal) => context.clock.sleep(milliseconds, signal),
    }
    this.log = new RequestLog(options.keep_requests)
    this.rateLimit = new RateLimit(this.options, this.clock.now)
    this.#workspace = this.#newWorkspace()
  }

  get workspace(): Workspace {
    return this.#workspace
  }

  get random() {
    return this.#context.random
  }

  /** Plants what the workspace starts with. Throws `ConfigurationError`. */
  start(seed: unknown): void {
    this.#seed = seed
    if (seed === null) return
    try {
      plantSeed(this.#workspace, seed)
    } catch (error) {
      throw new ConfigurationError(`The seed file cannot be used: ${seedProblem(error)}`)
    }
  }

  seed(input: unknown): Seeded {
    return plantSeed(this.#workspace, input)
  }

  contents(): Contents {
    return {
      contacts: [...this.#workspace.contacts()],
      companies: [...this.#workspace.companies()],
    }
  }

  change(changes: Partial<Settings>): void {
    Object.assign(this.options, settings.partial().parse(changes))
  }

  advance(milliseconds: number): void {
    this.#ahead += milliseconds
  }

  reset(): void {
    Object.assign(this.options, this.#initial)
    this.#ahead = 0
    this.faults.clear()
    this.log.clear()
    this.#workspace = this.#newWorkspace()
    this.start(this.#seed)
  }

  #newWorkspace(): Workspace {
    return new Workspace(this.options, this.clock.now, this.random)
  }
}

/** What is wrong with a seed, in words. Throws on what is no such problem. */
export function seedProblem(error: unknown): string {
  if (error instanceof ApiError) return error.message
  if (!(error instanceof ZodError)) throw error
  return error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ')
}
