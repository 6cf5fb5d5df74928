import type { Activation } from '../config/activation.ts'
import {
  type ConnectorContext,
  type Operation,
  StopRunError,
  type Target,
} from '../connector/index.ts'
import { keysFrom, keysFromText } from '../plan/keys-from.ts'
import { openStateStore } from '../state/index.ts'
import type { AdoptionState, Link, Lock, StateStore } from '../state/store.ts'
import { preparationRetries, tryAgain } from '../write/retry.ts'
import { adoptionProblem } from './adoption-problem.ts'
import { aboutRun, deliveryPlan } from './delivery-plan.ts'
import { type Ending, ending, endingOf, interrupted } from './ending.ts'
import { unhurt } from './events.ts'
import { locatedError } from './located.ts'
import { heldMessage, whileLocked } from './lock-keeper.ts'
import type { RunOptions } from './options.ts'
import { type Planned, planFromSource } from './planning.ts'
import { nothingKnown } from './sample.ts'
import { SnapshotBasis } from './snapshot-basis.ts'
import type { RunSummary } from './summary.ts'
import { loginOf, WorkspaceGuard } from './workspace-guard.ts'

/** What linking one activation's rows to records of its target came to. */
export interface AdoptionSummary {
  readonly activation: string
  readonly status: RunSummary['status']
  readonly exit_code: number
  readonly rows: number
  /** Keys whose record was found, and whose id is known from now on. */
  readonly linked: number
  /** Keys whose id was known before. */
  readonly already_known: number
  readonly not_found: number
  /** Keys to which several records fit, or one that is not what the row asks for. */
  readonly ambiguous: number
  /** Keys that cannot be looked up: invalid rows, and several rows of one key that differ. */
  readonly rejected: number
  /** Requests to the target, none of which wrote. */
  readonly calls: number
  readonly error: string | null
}

type Counts = {
  -readonly [Count in
    | 'rows'
    | 'linked'
    | 'already_known'
    | 'not_found'
    | 'ambiguous'
    | 'rejected'
    | 'calls']: AdoptionSummary[Count]
}

/** Rows between two words on how far it is. */
const rowsPerNotice = 10_000

/**
 * Looks the records of every row up in the target and keeps their ids, so that the next run updates each with one
 * request. Nothing is written to the target. One activation that fails does not stop the others.
 */
export async function adoptActivations(options: RunOptions): Promise<readonly AdoptionSummary[]> {
  const guarded = { ...options, listener: unhurt(options.listener) }
  const summaries: AdoptionSummary[] = []
  let store: StateStore | null = null
  try {
    for (const activation of options.activations) {
      const counts: Counts = {
        rows: 0,
        linked: 0,
        already_known: 0,
        not_found: 0,
        ambiguous: 0,
        rejected: 0,
        calls: 0,
      }
      let ended: Ending
      try {
        options.signal.throwIfAborted()
        const problem = adoptionProblem(activation)
        if (problem !== null) throw problem
        store ??= await openStateStore({
          location: options.project.state,
          clock: options.clock,
          retention: options.project.retention,
          create: true,
        })
        ended = await adoptActivation(activation, store, guarded, counts)
      } catch (error) {
        ended = options.signal.aborted
          ? {
              ...interrupted(options.signal),
              error: 'Interrupted; what was found is kept, and the next time goes on.',
            }
          : endingOf(locatedError(activation, error))
      }
      const { status, exitCode, error } = ended
      summaries.push({ activation: activation.name, status, exit_code: exitCode, ...counts, error })
    }
  } finally {
    await store?.close()
  }
  return summaries
}

async function adoptActivation(
  activation: Activation,
  store: StateStore,
  options: RunOptions,
  counts: Counts,
): Promise<Ending> {
  const locked = await whileLocked(
    {
      store,
      activation: activation.name,
      clock: options.clock,
      wait: options.wait ?? 0,
      signal: options.signal,
      onWait: () => undefined,
    },
    async (lock, lost) => {
      const signal = AbortSignal.any([options.signal, lost])
      await new ActivationAdoption(activation, store, { ...options, signal }, counts).run(lock)
    },
  )
  if ('aborted' in locked) return interrupted(options.signal)
  return 'heldBy' in locked ? ending('locked', heldMessage(locked.heldBy)) : ending('done')
}

class ActivationAdoption {
  readonly #activation: Activation
  readonly #store: StateStore
  readonly #options: RunOptions
  readonly #counts: Counts
  readonly #context: ConnectorContext

  /** `counts` are counted up as it goes on. */
  constructor(activation: Activation, store: StateStore, options: RunOptions, counts: Counts) {
    this.#activation = activation
    this.#store = store
    this.#options = options
    this.#counts = counts
    this.#context = {
      clock: options.clock,
      random: options.random,
      projectFolder: options.project.folder,
      notice: (message) => this.#say(message),
    }
  }

  async run(lock: Lock): Promise<void> {
    const { listener } = this.#options
    const activation = this.#activation.name
    const state = await this.#store.startAdoption(lock, aboutRun(this.#activation, false))
    listener({ type: 'started', activation, run: null })
    try {
      const planned = await this.#read(state)
      const target = await this.#openTarget(planned)
      try {
        await this.#lookUp(target, state)
      } finally {
        this.#counts.calls = target.requests.total
        await target.close()
      }
    } finally {
      // Where the lock was lost, the next run tidies up.
      await state.finish()
    }
  }

  /** Every row is taken for new, whatever is known of it. */
  async #read(state: AdoptionState): Promise<Planned> {
    const { project, listener, signal } = this.#options
    const planned = await planFromSource({
      project,
      activation: this.#activation,
      context: this.#context,
      snapshot: nothingKnown,
      index: null,
      sorted: null,
      sink: state.sink,
      signal,
      onRows: (rows) => listener({ type: 'planning', activation: this.#activation.name, rows }),
    })
    this.#counts.rows = planned.totals.rows
    this.#counts.rejected = planned.totals.rejected
    return planned
  }

  async #lookUp(target: Target, state: AdoptionState): Promise<void> {
    const { signal } = this.#options
    const guard = await this.#prepare(target, state)
    let looked = 0
    for await (const operations of state.pending(target.batchSize * target.concurrency)) {
      signal.throwIfAborted()
      const known = await state.known(operations.map(({ key }) => key))
      const unknown = operations.filter(({ key }) => !known.has(key))
      this.#counts.already_known += known.size
      const links = await this.#find(target, unknown)
      await guard.learn()
      await state.link(links)
      this.#counts.linked += links.length
      const before = looked
      looked += operations.length
      if (Math.floor(before / rowsPerNotice) < Math.floor(looked / rowsPerNotice)) {
        this.#say(`${looked} rows looked up, ${this.#counts.linked} linked`)
      }
    }
    if (this.#counts.linked > 0) await guard.ask(signal)
  }

  /** Ids of one workspace mean nothing in another: which one they are of is kept with them. */
  async #prepare(target: Target, state: AdoptionState): Promise<WorkspaceGuard> {
    const { project, signal } = this.#options
    const snapshot = this.#store.snapshot(this.#activation.name)
    const basis = new SnapshotBasis(await this.#store.basis(this.#activation.name), state)
    const guard = new WorkspaceGuard({
      target,
      login: loginOf(project, this.#activation),
      basis: basis.now,
      allowed: false,
      countKeys: () => snapshot.count(),
      keep: (workspace) => basis.keep(workspace),
    })
    await guard.check(signal)
    if ((await snapshot.count()) === 0) {
      await basis.keep({ keysFrom: keysFromText(keysFrom(this.#activation)) })
    }
    return guard
  }

  async #find(target: Target, operations: readonly Operation[]): Promise<Link[]> {
    const batches: Operation[][] = []
    for (let start = 0; start < operations.length; start += target.batchSize) {
      batches.push(operations.slice(start, start + target.batchSize))
    }
    const links = await Promise.all(batches.map((batch) => this.#findBatch(target, batch)))
    return links.flat()
  }

  async #findBatch(target: Target, operations: readonly Operation[]): Promise<Link[]> {
    const { clock, random, signal } = this.#options
    const found = await tryAgain(
      () => {
        if (target.find === undefined) throw new StopRunError('The target cannot look records up.')
        return target.find(operations, signal)
      },
      { policy: preparationRetries, clock, random, signal },
    )
    const links: Link[] = []
    for (const { ordinal, key } of operations) {
      const result = found.get(ordinal) ?? 'missing'
      if (result === 'missing') this.#counts.not_found += 1
      else if (result === 'ambiguous') this.#counts.ambiguous += 1
      else links.push({ key, id: result.id })
    }
    return links
  }

  async #openTarget({ columns }: Planned): Promise<Target> {
    const { target } = this.#activation
    const configured = this.#options.project.targets.get(target)
    if (configured === undefined) throw new Error(`unknown target ${target}`)
    const plan = deliveryPlan(this.#activation, columns)
    // Nothing asks what other activations know: what is looked up is what the target says.
    const knownIds = { find: async () => new Map<string, string>() }
    return await configured.connector.open(configured.options, plan, { ...this.#context, knownIds })
  }

  #say(message: string): void {
    this.#options.listener({ type: 'notice', activation: this.#activation.name, message })
  }
}
