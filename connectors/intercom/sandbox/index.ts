import type { Sandbox } from '../../../src/connector/index.ts'
import { type SandboxOptions, sandboxOptions } from './options.ts'
import { startSandbox } from './start.ts'

/** A stand-in for Intercom on loopback, which keeps what it is told and refuses what Intercom refuses. */
export const sandbox: Sandbox<SandboxOptions> = {
  options: sandboxOptions,
  start: startSandbox,
}

export type { Company } from './company.ts'
export type { Contact } from './contact.ts'
export type { Contents, HeldContact } from './contents.ts'
export type { Conversation } from './conversation.ts'
export type { Fault, FaultRule, FaultRuleInput } from './faults.ts'
export type { SandboxOptions, Settings } from './options.ts'
export type { LoggedRequest, RequestReport } from './request-log.ts'
export type { Seed, Seeded } from './seed.ts'
export { type RunningIntercomSandbox, startSandbox } from './start.ts'
