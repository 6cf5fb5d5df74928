import * as z from 'zod/mini'
import {
  type Clock,
  ConfigurationError,
  type ConnectorContext,
} from '../../../src/connector/index.ts'
import { type Contents, listContents } from './contents.ts'
import { ApiError } from './errors.ts'
import { Faults } from './faults.ts'
import { type SandboxOptions, type Settings, settings } from './options.ts'
import { plantSeed } from './plant.ts'
import { RateLimit } from './rate-limit.ts'
import { RequestLog } from './request-log.ts'
import type { Seeded } from './seed.ts'
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
  #workspace!: Workspace
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
  }

  get workspace(): Workspace {
    return this.#workspace
  }

  get random() {
    return this.#context.random
  }

  /** Opens a workspace that holds the seed, if any. Throws `ConfigurationError`. */
  start(seed: unknown): void {
    this.#seed = seed
    try {
      this.#workspace = new Workspace(this.options, this.clock.now, this.random)
      if (seed !== null) plantSeed(this.#workspace, seed)
    } catch (error) {
      throw new ConfigurationError(`The sandbox cannot start with this: ${seedProblem(error)}`)
    }
  }

  seed(input: unknown): Seeded {
    return plantSeed(this.#workspace, input)
  }

  contents(): Contents {
    this.#workspace.settle()
    return listContents(this.#workspace)
  }

  settings(): Settings {
    return z.object(settings.shape).parse(this.options)
  }

  change(changes: Partial<Settings>): void {
    // Parsed as a whole, since a partial schema would put defaults in the place of what is left out.
    Object.assign(this.options, settings.parse({ ...this.settings(), ...changes }))
  }

  advance(milliseconds: number): void {
    this.#ahead += milliseconds
  }

  reset(): void {
    Object.assign(this.options, this.#initial)
    this.#ahead = 0
    this.faults.clear()
    this.log.clear()
    this.rateLimit.clear()
    this.start(this.#seed)
  }
}

/** What is wrong with a seed, in words. Throws on what is no such problem. */
export function seedProblem(error: unknown): string {
  if (error instanceof ApiError) return error.message
  if (!(error instanceof z.core.$ZodError)) throw error
  return error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ')
}
