import type { Activation } from '../config/activation.ts'
import type { ConnectorContext, RequestCounts, StopRunError, Target } from '../connector/index.ts'
import { operationsIn, type PlanDraft, type PlanTotals } from '../plan/interfaces.ts'
import { keysFrom, keysFromText } from '../plan/keys-from.ts'
import type { Lock, RunState, StateStore } from '../state/store.ts'
import { writeOperations } from '../write/writer.ts'
import { contextOf } from './connector-context.ts'
import { aboutRun, deliveryPlan } from './delivery-plan.ts'
import { type Ending, ending, endingOf, interrupted, recordedStatus } from './ending.ts'
import { FailureGuard } from './failure-guard.ts'
import { guardedTarget } from './guarded-target.ts'
import { locatedError } from './located.ts'
import { heldMessage, whileLocked } from './lock-keeper.ts'
import type { RunOptions } from './options.ts'
import { type Planned, planFromSource, refusalsOf } from './planning.ts'
import { SnapshotBasis } from './snapshot-basis.ts'
import type { SourceAhead } from './source-ahead.ts'
import { noRequests, type RunSummary, summarize } from './summary.ts'
import { loginOf, WorkspaceGuard } from './workspace-guard.ts'

/** Runs one activation from its query to its summary. Its query begins once the activation's lock is held, never before. */
export async function runActivation(
  activation: Activation,
  store: StateStore,
  source: SourceAhead,
  options: RunOptions,
): Promise<RunSummary> {
  const { clock } = options
  const startedAt = clock.now()
  const locked = await whileLocked(
    {
      store,
      activation: activation.name,
      clock,
      wait: options.wait ?? 0,
      signal: options.signal,
      onWait: (holder) => {
        // It may be long: the warehouse is spared a connection that does nothing.
        void source.drop()
        options.listener({
          type: 'notice',
          activation: activation.name,
          message: `waiting for another run of this activation to end: ${holder}`,
        })
      },
    },
    (lock, lost) =>
      new ActivationRun(activation, store, source, options, startedAt, lost).run(lock),
  )
  if ('aborted' in locked) return unstarted(activation, startedAt, options)
  if ('result' in locked) return locked.result
  return summarize({
    activation,
    startedAt,
    finishedAt: clock.now(),
    ending: ending('locked', heldMessage(locked.heldBy)),
  })
}

/** The summary of a run that was interrupted before it began. */
export function unstarted(
  activation: Activation,
  startedAt: number,
  { clock, signal }: Pick<RunOptions, 'clock' | 'signal'>,
): RunSummary {
  const ending = interrupted(signal)
  return summarize({ activation, startedAt, finishedAt: clock.now(), ending })
}

class ActivationRun {
  readonly #activation: Activation
  readonly #store: StateStore
  readonly #source: SourceAhead
  readonly #options: RunOptions
  readonly #startedAt: number
  readonly #signal: AbortSignal
  readonly #context: ConnectorContext
  /** Those that may end the run while it writes. */
  #guards: readonly (FailureGuard | WorkspaceGuard)[] = []
  #totals: PlanTotals | null = null
  #requests: RequestCounts = noRequests
  #draft: PlanDraft | null = null

  constructor(
    activation: Activation,
    store: StateStore,
    source: SourceAhead,
    options: RunOptions,
    startedAt: number,
    lockLost: AbortSignal,
  ) {
    this.#activation = activation
    this.#store = store
    this.#source = source
    this.#options = options
    this.#startedAt = startedAt
    this.#signal = AbortSignal.any([options.signal, lockLost])
    this.#context = contextOf(activation, options)
  }

  async run(lock: Lock): Promise<RunSummary> {
    const state = await this.#store.startRun(
      lock,
      aboutRun(this.#activation, this.#options.full === true),
    )
    const activation = this.#activation.name
    this.#options.listener({ type: 'started', activation, run: state.run })
    let ended: Ending
    try {
      ended = await this.#planAndWrite(state)
    } catch (error) {
      if (this.#options.signal.aborted) ended = interrupted(this.#options.signal)
      else if (this.#signal.aborted) ended = endingOf(this.#signal.reason)
      else ended = endingOf(locatedError(this.#activation, error))
    }
    try {
      if (ended.status === 'done' || ended.status === 'failures') await this.#keepIndex(state)
    } finally {
      await this.#draft?.close()
    }
    return await this.#finish(state, ended)
  }

  /** Only after a run that came to its end: of any other it is not known what became of all its operations. */
  async #keepIndex(state: RunState): Promise<void> {
    const content = (await this.#draft?.content()) ?? null
    const problem = content === null ? null : await state.keepIndex(content)
    if (problem !== null) this.#context.notice(problem)
  }

  async #planAndWrite(state: RunState): Promise<Ending> {
    const { listener, project } = this.#options
    const activation = this.#activation.name
    const failureGuard = await this.#failureGuard()
    const planned = await planFromSource({
      project,
      source: this.#source,
      activation: this.#activation,
      context: this.#context,
      snapshot: state.snapshot,
      index: state.index,
      sorted: state.sorted,
      sink: state.sink,
      signal: this.#signal,
      onRows: (rows) => listener({ type: 'planning', activation, rows }),
      onDraft: (draft) => {
        this.#draft = draft
      },
    })
    this.#totals = planned.totals
    listener({ type: 'planned', activation, totals: planned.totals })
    this.#signal.throwIfAborted()
    const basis = await this.#store.basis(activation)
    const refusals = refusalsOf(this.#activation, planned.totals, basis, this.#options.allow)
    if (refusals.length > 0) return ending('refused', refusals.join('\n'))
    const snapshotBasis = new SnapshotBasis(basis, state)
    const stopped = await this.#write(planned, state, snapshotBasis, failureGuard)
    this.#signal.throwIfAborted()
    if (stopped !== null) {
      const isRefused = this.#guards.some((guard) => guard.refusal === stopped)
      return ending(isRefused ? 'refused' : 'stopped', stopped.message)
    }
    const { outcomes } = await state.counts()
    const failed = outcomes.rejected + outcomes.failed + outcomes.in_doubt + outcomes.not_attempted
    return ending(failed + planned.totals.waiting > 0 ? 'failures' : 'done')
  }

  /** Made before the plan, whose rejected rows count among the failures that are known. */
  async #failureGuard(): Promise<FailureGuard> {
    const { name, guards } = this.#activation
    const isOff = this.#options.allow?.includes('max_failures') === true
    const open = await this.#store.openFailures()
    const known = open.filter(({ activation }) => activation === name)
    const count = known.reduce((sum, failures) => sum + failures.count, 0)
    return new FailureGuard(isOff ? null : guards.maxFailures, count)
  }

  /** Nothing is opened, and no request made, where there is nothing to write. */
  async #write(
    planned: Planned,
    state: RunState,
    basis: SnapshotBasis,
    failureGuard: FailureGuard,
  ): Promise<StopRunError | null> {
    const operations = operationsIn(planned.totals)
    const keepKeys = () => basis.keep({ keysFrom: keysFromText(keysFrom(this.#activation)) })
    if (operations === 0) {
      await keepKeys()
      return null
    }
    const target = await this.#openTarget(planned)
    const { clock, random, listener } = this.#options
    const activation = this.#activation.name
    const workspaceGuard = this.#workspaceGuard(target, state, basis)
    this.#guards = [failureGuard, workspaceGuard]
    let applied = 0
    let failed = 0
    try {
      const stopped = await writeOperations({
        target: guardedTarget(target, async (signal) => {
          await workspaceGuard.check(signal)
          await keepKeys()
        }),
        queue: state,
        journal: {
          sending: (operations) => state.sending(operations),
          abandon: (count, failure) => state.abandon(count, failure),
          record: async (outcomes) => {
            await workspaceGuard.learn()
            await state.record(outcomes)
          },
        },
        operations,
        clock,
        random,
        signal: this.#signal,
        onOutcome: (outcome) => {
          this.#draft?.note(outcome)
          if (outcome.status === 'applied') applied += 1
          else failed += 1
          listener({
            type: 'writing',
            activation,
            operations,
            applied,
            failed,
            requests: target.requests,
          })
          return failureGuard.note(outcome)
        },
      })
      if (stopped === null && applied > 0) await workspaceGuard.ask(this.#signal)
      return stopped
    } finally {
      this.#requests = target.requests
      await target.close()
    }
  }

  #workspaceGuard(target: Target, state: RunState, basis: SnapshotBasis): WorkspaceGuard {
    const { project, allow } = this.#options
    return new WorkspaceGuard({
      target,
      login: loginOf(project, this.#activation),
      basis: basis.now,
      allowed: allow?.includes('workspace') === true,
      countKeys: () => state.snapshot.count(),
      keep: (workspace) => basis.keep(workspace),
    })
  }

  async #openTarget({ columns }: Planned): Promise<Target> {
    const { target } = this.#activation
    const configured = this.#options.project.targets.get(target)
    if (configured === undefined) throw new Error(`unknown target ${target}`)
    const knownIds = {
      find: (object: string, identifier: string, values: readonly string[]) =>
        this.#store.knownIds({ target, object, field: identifier }, values),
    }
    return await configured.connector.open(
      configured.options,
      deliveryPlan(this.#activation, columns),
      { ...this.#context, knownIds },
    )
  }

  async #finish(state: RunState, ended: Ending): Promise<RunSummary> {
    const finishedAt = this.#options.clock.now()
    const status = recordedStatus(ended.status)
    const summary = summarize({
      activation: this.#activation,
      startedAt: this.#startedAt,
      finishedAt,
      ending: ended,
      run: state.run,
      totals: this.#totals,
      counts: await state.counts(),
      trend: await state.trend(status),
      requests: this.#requests,
      allowed: this.#options.allow ?? [],
      full: this.#options.full === true,
    })
    await state.finish(status, finishedAt, JSON.stringify(summary))
    return summary
  }
}
