import type { Activation } from '../config/activation.ts'
import type { Operation, OperationKind } from '../connector/index.ts'
import type { PlanSink, PlanTotals, RejectedRow } from '../plan/interfaces.ts'
import { openStateStore } from '../state/index.ts'
import type { Basis, StateStore } from '../state/store.ts'
import { contextOf } from './connector-context.ts'
import { endingOf, exitCodes, interrupted } from './ending.ts'
import { unhurt } from './events.ts'
import { indexFolderOf } from './index-folder.ts'
import type { RunOptions } from './options.ts'
import { planFromSource, refusalsOf } from './planning.ts'
import { isSameLogin, loginOf } from './workspace-guard.ts'

/** One operation of a plan as it is shown: no values. */
export interface PlannedOperation {
  readonly key: string
  readonly kind: OperationKind
  /** The fields that an update changes; null where they are not known, since values are not kept. */
  readonly changed: readonly string[] | null
}

/** What one activation would do. */
export interface ActivationPlan {
  readonly activation: string
  readonly target: string
  readonly object: string
  readonly mode: string
  /** False where the fields that an update changes are not known. */
  readonly keepsValues: boolean
  /** Null where planning failed. */
  readonly totals: PlanTotals | null
  /** The first operations of the plan; how many is the caller's choice. */
  readonly operations: readonly PlannedOperation[]
  /** The first rows that were rejected. */
  readonly rejected: readonly {
    readonly key: string
    readonly code: string
    readonly message: string
  }[]
  /** What guards say against running it. */
  readonly refusals: readonly string[]
  /** Why planning failed; null where it did not. */
  readonly error: string | null
  readonly exitCode: number
}

/**
 * Plans without writing anything, here or in the target. The state file is read where there is one and not made
 * where there is none. `show`: how many operations and rejected rows to return of each activation.
 */
export async function planActivations(
  options: RunOptions & { readonly show: number },
): Promise<readonly ActivationPlan[]> {
  const listener = unhurt(options.listener)
  const plans: ActivationPlan[] = []
  let store: StateStore | null = null
  try {
    for (const activation of options.activations) {
      const sample = new PlanSample(options.show, activation.keepValues)
      let totals: PlanTotals | null = null
      let error: string | null = null
      let refusals: readonly string[] = []
      let exitCode: number = exitCodes.done
      try {
        store ??= await openStateStore({
          location: options.project.state,
          clock: options.clock,
          create: false,
          index: { folder: indexFolderOf(options.project), random: options.random },
        })
        totals = await planOne(activation, store, sample, { ...options, listener })
        const basis = await store.basis(activation.name)
        refusals = refusalsOf(activation, totals, basis, options.allow)
        noteOtherLogin(activation, basis, { ...options, listener })
        if (refusals.length > 0) exitCode = exitCodes.refused
      } catch (thrown) {
        const ending = options.signal.aborted ? interrupted(options.signal) : endingOf(thrown)
        error = ending.error
        exitCode = ending.exitCode
      }
      plans.push({
        activation: activation.name,
        target: activation.target,
        object: activation.object.name,
        mode: activation.mode,
        keepsValues: activation.keepValues,
        totals,
        operations: sample.operations,
        rejected: sample.rejected,
        refusals,
        error,
        exitCode,
      })
    }
  } finally {
    await store?.close()
  }
  return plans
}

/** Which workspace another login leads to, only a request would tell. */
function noteOtherLogin(
  activation: Activation,
  { workspace, login }: Basis,
  { project, listener }: RunOptions,
): void {
  const now = loginOf(project, activation)
  if (workspace === null || now === null || isSameLogin(login, now)) return
  listener({
    type: 'notice',
    activation: activation.name,
    message: `The login of ${activation.target} is not that of the last run: before it writes, a run asks whether it leads to the same workspace (${workspace}).`,
  })
}

async function planOne(
  activation: Activation,
  store: StateStore,
  sink: PlanSink,
  options: RunOptions,
): Promise<PlanTotals> {
  const { project, listener, signal } = options
  listener({ type: 'started', activation: activation.name, run: null })
  const { totals } = await planFromSource({
    project,
    activation,
    context: contextOf(activation, options),
    snapshot: store.snapshot(activation.name),
    index: store.index(activation.name),
    sorted: store.sorted(activation.name),
    sink,
    signal,
    onRows: (rows) => listener({ type: 'planning', activation: activation.name, rows }),
  })
  listener({ type: 'planned', activation: activation.name, totals })
  return totals
}

/** Keeps the first operations of a plan that nobody is going to write. */
class PlanSample implements PlanSink {
  readonly #size: number
  readonly #keepsValues: boolean
  readonly #operations = new Map<number, PlannedOperation>()
  readonly #rejected = new Map<number, { key: string; code: string; message: string }>()

  constructor(size: number, keepsValues: boolean) {
    this.#size = size
    this.#keepsValues = keepsValues
  }

  get hasEnough(): boolean {
    return this.#operations.size >= this.#size
  }

  get operations(): readonly PlannedOperation[] {
    return [...this.#operations.values()]
  }

  get rejected(): readonly { key: string; code: string; message: string }[] {
    return [...this.#rejected.values()]
  }

  async add(operations: readonly Operation[]): Promise<void> {
    for (const { ordinal, key, kind, changed } of operations) {
      if (this.#operations.size >= this.#size) return
      const isKnown = this.#keepsValues || kind !== 'update'
      this.#operations.set(ordinal, { key, kind, changed: isKnown ? changed : null })
    }
  }

  async wait(): Promise<void> {}

  async renew(): Promise<void> {}

  async reject(rows: readonly RejectedRow[]): Promise<void> {
    for (const { ordinal, key, failure } of rows) {
      this.#operations.delete(ordinal)
      if (this.#rejected.size >= this.#size && !this.#rejected.has(ordinal)) continue
      this.#rejected.set(ordinal, { key, code: failure.code, message: failure.message })
    }
  }
}
