import { readFile } from 'node:fs/promises'
import {
  ConfigurationError,
  type ConnectorContext,
  type RunningSandbox,
} from '../../../src/connector/index.ts'
import type { Contents } from './contents.ts'
import type { FaultRule, FaultRuleInput } from './faults.ts'
import { type SandboxOptions, type Settings, sandboxOptions } from './options.ts'
import type { RequestReport } from './request-log.ts'
import type { Seed, Seeded } from './seed.ts'
import { listen } from './server.ts'
import { SandboxState } from './state.ts'

/** A running sandbox, and what tests and the control API do with it. */
export interface RunningIntercomSandbox extends RunningSandbox {
  /** Puts contacts, companies, tags and the rest in place; search finds them at once. Returns their Intercom ids. */
  seed(seed: Seed): Seeded
  contents(): Contents
  requests(): RequestReport
  forgetRequests(): void
  readonly faults: {
    add(rules: FaultRuleInput | readonly FaultRuleInput[]): void
    list(): readonly FaultRule[]
    clear(): void
  }
  /** Changes settings from the next request on. */
  change(settings: Partial<Settings>): void
  /** Takes requests out of the present rate-limit window, as another app of the workspace would. */
  spend(requests: number): void
  /** Puts the sandbox's time forward: search catches up, windows pass. */
  advance(milliseconds: number): void
  /** Back to how it started: contents, seed, requests, faults and settings. */
  reset(): void
}

/**
 * Starts a sandbox on 127.0.0.1. Throws `ConfigurationError` for options that are wrong, a seed file that cannot be
 * used, or a port that is taken.
 */
export async function startSandbox(
  options: Partial<SandboxOptions>,
  context: Pick<ConnectorContext, 'clock' | 'random'>,
): Promise<RunningIntercomSandbox> {
  const checked = sandboxOptions.safeParse(options)
  if (!checked.success) {
    throw new ConfigurationError(
      checked.error.issues.map((issue) => ({
        message: `sandbox option ${issue.path.join('.')}: ${issue.message}`,
      })),
    )
  }
  const { seed } = checked.data
  const state = new SandboxState(checked.data, context)
  state.start(seed === undefined ? null : await readSeed(seed))
  const server = await listen(state, checked.data.port)
  return {
    url: server.url,
    token: checked.data.token,
    close: server.close,
    faults: state.faults,
    seed: (input) => state.seed(input),
    contents: () => state.contents(),
    requests: () => state.log.report(),
    forgetRequests: () => state.log.clear(),
    change: (settings) => state.change(settings),
    spend: (requests) => state.rateLimit.spend(requests),
    advance: (milliseconds) => state.advance(milliseconds),
    reset: () => state.reset(),
  }
}

async function readSeed(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'))
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new ConfigurationError(`The seed file ${path} cannot be read: ${reason}`)
  }
}
