import { intercom } from '../../../connectors/intercom/index.ts'
import {
  type RunningIntercomSandbox,
  startSandbox,
} from '../../../connectors/intercom/sandbox/index.ts'
import type { SandboxOptions } from '../../../connectors/intercom/sandbox/options.ts'
import type {
  Column,
  ConnectorContext,
  Delivery,
  DeliveryPlan,
  KnownIds,
  Operation,
  Target,
  TargetRecord,
} from '../../../src/connector/index.ts'
import { VirtualClock } from '../../support/virtual-clock.ts'
import { nothingMoves } from '../../support/wire.ts'

/** A moment in the middle of a window. */
export const noon = Date.UTC(2026, 10, 21, 12, 0, 3)

/** What a test says of its activation; the rest is as where a file says nothing. */
export interface PlanInput extends Partial<Omit<DeliveryPlan, 'object' | 'fields'>> {
  readonly object: string
  readonly fields: readonly string[]
  readonly columns?: Record<string, Partial<Column>>
}

export interface Session {
  readonly sandbox: RunningIntercomSandbox
  readonly clock: VirtualClock
  readonly notices: string[]
  /** Makes an id known, as if another activation had learnt it. */
  know(object: string, identifier: string, value: string, id: string): void
  open(plan: PlanInput, options?: Record<string, unknown>): Promise<Target>
}

/** What an activation that says nothing more wants. */
export const defaults: Omit<DeliveryPlan, 'object' | 'fields'> = {
  mode: 'upsert',
  identifier: null,
  createOnly: [],
  lists: [],
  onArchived: 'fail',
  createMissingCompanies: false,
  createAttributes: false,
  adminId: null,
}

/** Nothing was learnt by other activations. */
export const noIds: KnownIds = { find: async () => new Map() }

const open: (() => Promise<void>)[] = []

/** Ends what a test has started; for `afterEach`. */
export async function closeAll(): Promise<void> {
  for (const close of open.splice(0).reverse()) await close()
}

/** A sandbox and what is needed to open targets to it, on one virtual clock. */
export async function session(options: Partial<SandboxOptions> = {}): Promise<Session> {
  const clock = new VirtualClock(noon)
  const random = numbers(7)
  const sandbox = await startSandbox({ rate_limit: 0, ...options }, { clock, random })
  open.push(() => sandbox.close())
  const notices: string[] = []
  const ids = new Map<string, string>()
  const knownIds: KnownIds = {
    find: async (object, identifier, values) =>
      new Map(
        values.flatMap((value) => {
          const id = ids.get(`${object} ${identifier} ${value}`)
          return id === undefined ? [] : [[value, id] as const]
        }),
      ),
  }
  const context: ConnectorContext & { knownIds: KnownIds } = {
    clock,
    random,
    knownIds,
    projectFolder: '.',
    notice: (message) => notices.push(message),
  }
  return {
    sandbox,
    clock,
    notices,
    know: (object, identifier, value, id) => {
      ids.set(`${object} ${identifier} ${value}`, id)
    },
    async open(plan, more = {}) {
      const chosen = intercom.options.parse({
        token: sandbox.token,
        base_url: sandbox.url,
        ...more,
      })
      const fields = plan.fields.map((field) => ({
        field,
        column: {
          name: field.replaceAll('.', '_'),
          type: 'text',
          sourceType: 'text',
          ...plan.columns?.[field],
        } as Column,
      }))
      const target = await intercom.open(chosen, { ...defaults, ...plan, fields }, context)
      open.push(() => target.close())
      return target
    },
  }
}

/**
 * Runs work on a virtual clock that moves only when nothing else does: requests on the wire and the timers of the
 * process itself (a connection is being made) count as something.
 */
export function runAll<Result>(clock: VirtualClock, work: () => Promise<Result>): Promise<Result> {
  return clock.runAll(work, { isIdle: () => nothingMoves() })
}

/** Numbers in [0, 1) that are the same every time. */
export function numbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

/** An operation for a record; `more` says what is not as usual. */
export function operation(
  ordinal: number,
  record: TargetRecord,
  id: string | null = null,
  more: Partial<Operation> = {},
): Operation {
  return {
    ordinal,
    key: String(ordinal),
    kind: id === null ? 'create' : 'update',
    removal: false,
    id,
    record,
    held: null,
    changed: Object.keys(record),
    archivedByUs: false,
    unansweredSince: null,
    fingerprint: `${ordinal}`,
    ...more,
  }
}

export const never: AbortSignal = new AbortController().signal

/** Delivers operations as the engine does: in batches, several at once. Returns the results by ordinal. */
export async function deliverAll(
  target: Target,
  operations: readonly Operation[],
  signal: AbortSignal = never,
): Promise<Delivery[]> {
  const results: Delivery[] = []
  const report = (ordinal: number, delivery: Delivery) => {
    if (results[ordinal] !== undefined) throw new Error(`operation ${ordinal} was reported twice`)
    results[ordinal] = delivery
  }
  const batches = Array.from({ length: Math.ceil(operations.length / target.batchSize) }, (_, at) =>
    operations.slice(at * target.batchSize, (at + 1) * target.batchSize),
  )
  const work = batches[Symbol.iterator]()
  const lanes = Array.from({ length: target.concurrency }, async () => {
    for (const batch of work) await target.deliver(batch, report, signal)
  })
  const settled = await Promise.allSettled(lanes)
  const failed = settled.find((lane) => lane.status === 'rejected')
  if (failed !== undefined) throw Object.assign(failed.reason, { results })
  return results
}
