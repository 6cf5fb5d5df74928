import {
  type Clock,
  type Delivery,
  type Failure,
  type Operation,
  type Outcome,
  type Random,
  StopRunError,
  type Target,
  TryAgainError,
} from '../connector/index.ts'
import type { OperationQueue, OutcomeJournal } from './interfaces.ts'
import { OutageDetector } from './outage.ts'
import { OutcomeGroups } from './outcome-groups.ts'
import { withoutValues } from './redact.ts'
import { deliveryRetries, preparationRetries, retryDelay, tryAgain } from './retry.ts'
import { type Retry, RetryQueue } from './retry-queue.ts'

export interface WriteOptions {
  readonly target: Target
  readonly queue: OperationQueue
  readonly journal: OutcomeJournal
  readonly clock: Clock
  readonly random: Random
  /** Stops sending: what is under way is finished and recorded, the rest is `not_attempted`. */
  readonly signal: AbortSignal
  /** Hears of each outcome, before it is recorded. */
  readonly onOutcome: (outcome: Outcome) => void
}

/** While so many wait for another try, no new operations are begun. Bounds memory, and spares a target in trouble. */
const mostRetriesWaiting = 1_000

/** A target that asks for more than this, in milliseconds, is left to the next run. */
const longestAsked = 10 * 60_000

/** Outcomes that may wait to be recorded before sending pauses. */
const mostUnrecorded = 2_000

/** How many operations are marked `not_attempted` at a time. */
const remainderSize = 500

/**
 * Prepares the target, delivers every pending operation and records exactly one outcome for each.
 * Returns null, or why it stopped early: then what was left is recorded as `not_attempted`.
 * Throws `ConfigurationError` where the target finds the activation wrong, before anything was sent, and what the
 * journal throws: without a journal nothing further may be sent.
 */
export async function writeOperations(options: WriteOptions): Promise<StopRunError | null> {
  return await new Writer(options).run()
}

interface Batch {
  readonly operations: readonly Operation[]
  /** Tries that operations of this batch have behind them, by ordinal; absent for none. */
  readonly attempts: ReadonlyMap<number, number>
}

class Writer {
  readonly #options: WriteOptions
  readonly #groups: OutcomeGroups
  readonly #retries = new RetryQueue()
  readonly #outage = new OutageDetector()
  /** Aborts when the user does, when the target refuses us for good and when the journal fails. */
  readonly #stop = new AbortController()
  #stopped: StopRunError | null = null
  #journalError: { readonly error: unknown } | null = null

  constructor(options: WriteOptions) {
    this.#options = options
    this.#groups = new OutcomeGroups(options.journal, options.clock, (error) => {
      this.#journalError ??= { error }
      this.#stop.abort()
    })
  }

  async run(): Promise<StopRunError | null> {
    const { signal } = this.#options
    const onAbort = () => this.#stop.abort()
    if (signal.aborted) onAbort()
    else signal.addEventListener('abort', onAbort, { once: true })
    try {
      await this.#prepare()
      if (!this.#stop.signal.aborted) await this.#deliverAll()
      if (this.#journalError === null && this.#stop.signal.aborted) await this.#recordRemainder()
      await this.#groups.flush()
    } finally {
      signal.removeEventListener('abort', onAbort)
    }
    if (this.#journalError !== null) throw this.#journalError.error
    return this.#stopped
  }

  async #prepare(): Promise<void> {
    const { target, clock, random } = this.#options
    const { signal } = this.#stop
    try {
      await tryAgain(() => target.prepare(signal), {
        policy: preparationRetries,
        clock,
        random,
        signal,
      })
    } catch (error) {
      if (signal.aborted) return
      if (error instanceof TryAgainError)
        this.#stopFor(new StopRunError(error.message, { cause: error }))
      else if (error instanceof StopRunError) this.#stopFor(error)
      else throw error
    }
  }

  async #deliverAll(): Promise<void> {
    const { target, queue, clock } = this.#options
    const pending = queue.pending(target.batchSize)[Symbol.asyncIterator]()
    const underWay = new Set<Promise<void>>()
    let exhausted = false
    try {
      while (!this.#stop.signal.aborted) {
        if (this.#groups.unrecorded > mostUnrecorded) await this.#groups.flush()
        if (underWay.size < target.concurrency) {
          let batch = this.#dueRetries()
          if (batch === null && !exhausted && this.#retries.size < mostRetriesWaiting) {
            const next = await pending.next()
            if (next.done === true) exhausted = true
            else batch = { operations: next.value, attempts: new Map() }
          }
          if (batch !== null) {
            const delivery = this.#deliver(batch).finally(() => underWay.delete(delivery))
            underWay.add(delivery)
            continue
          }
        }
        const due = this.#retries.nextDue()
        if (underWay.size === 0 && due === null) {
          if (exhausted) break
          continue
        }
        await this.#waitFor(underWay, due === null ? null : due - clock.now())
      }
    } finally {
      await Promise.all(underWay)
      await pending.return?.()
    }
  }

  #dueRetries(): Batch | null {
    const retries = this.#retries.take(this.#options.clock.now(), this.#options.target.batchSize)
    if (retries.length === 0) return null
    return {
      operations: retries.map((retry) => retry.operation),
      attempts: new Map(retries.map((retry) => [retry.operation.ordinal, retry.attempts])),
    }
  }

  /** Waits until a batch is done, the time has passed (null: for ever) or the writer is stopped. */
  async #waitFor(underWay: ReadonlySet<Promise<void>>, milliseconds: number | null): Promise<void> {
    if (milliseconds === null) {
      await Promise.race(underWay)
      return
    }
    const awake = new AbortController()
    const signal = AbortSignal.any([awake.signal, this.#stop.signal])
    const timer = this.#options.clock.sleep(Math.max(0, milliseconds), signal).catch(() => {})
    await Promise.race([...underWay, timer])
    awake.abort()
    await timer
  }

  async #deliver(batch: Batch): Promise<void> {
    const { target, journal } = this.#options
    const unreported = new Map(batch.operations.map((operation) => [operation.ordinal, operation]))
    const attemptsOf = (operation: Operation) => batch.attempts.get(operation.ordinal) ?? 0
    // What fails together comes back together, so that it is a batch again: fifty rows share one search.
    let jitter: number | null = null
    const random = () => {
      jitter ??= this.#options.random()
      return jitter
    }
    const report = (ordinal: number, delivery: Delivery) => {
      const operation = unreported.get(ordinal)
      if (operation === undefined)
        throw new Error(`operation ${ordinal} was reported twice or never given`)
      unreported.delete(ordinal)
      this.#settle(operation, delivery, attemptsOf(operation) + 1, random)
    }
    let failure: Failure = {
      code: 'in_doubt',
      message: 'The target did not say how this operation ended.',
      hint: 'The next run sends it again.',
    }
    let sent = true
    try {
      await journal.sending(batch.operations)
    } catch (error) {
      this.#journalError ??= { error }
      this.#stop.abort()
      return
    }
    try {
      await target.deliver(batch.operations, report, this.#stop.signal)
      sent = !this.#stop.signal.aborted
    } catch (error) {
      if (error instanceof StopRunError) {
        this.#stopFor(error)
        sent = false
      } else {
        failure = { ...failure, message: `The target failed: ${messageOf(error)}` }
      }
    }
    for (const operation of unreported.values()) {
      const attempts = attemptsOf(operation)
      if (sent) this.#end(operation, 'in_doubt', attempts + 1, { failure })
      else this.#end(operation, 'not_attempted', attempts, { failure: this.#notAttempted() })
    }
  }

  #settle(operation: Operation, delivery: Delivery, attempts: number, random: Random): void {
    if (delivery.result === 'applied') {
      this.#outage.noteAnswer()
      this.#end(operation, 'applied', attempts, { id: delivery.id, created: delivery.created })
      return
    }
    const { id, failure } = delivery
    if (delivery.result !== 'retry') {
      if (delivery.result === 'rejected') this.#outage.noteAnswer()
      this.#end(operation, delivery.result, attempts, { id, failure })
      return
    }
    const spent = attempts >= deliveryRetries.attempts
    const { clock } = this.#options
    if (failure.code !== 'rate_limited' && this.#outage.noteNoAnswer(clock.now(), spent)) {
      const tries = this.#outage.tries.toLocaleString('en-US')
      this.#stopFor(
        new StopRunError(`${tries} requests in a row failed, the last one so: ${failure.message}`),
      )
    }
    const asked = delivery.waitMilliseconds ?? 0
    if (asked > longestAsked) {
      const minutes = Math.ceil(asked / 60_000).toLocaleString('en-US')
      this.#stopFor(
        new StopRunError(
          `The target asks to be left alone for ${minutes} minutes: ${failure.message}`,
        ),
      )
    }
    if (spent || this.#stop.signal.aborted) {
      this.#end(operation, 'failed', attempts, { id, failure })
      return
    }
    const delay = retryDelay(deliveryRetries, attempts, random, asked)
    this.#retries.add({
      operation: id === undefined ? operation : { ...operation, id },
      attempts,
      failure,
      due: clock.now() + delay,
    })
  }

  #end(
    operation: Operation,
    status: Outcome['status'],
    attempts: number,
    rest: { id?: string | null | undefined; created?: boolean; failure?: Failure },
  ): void {
    const { failure } = rest
    const outcome: Outcome = {
      ordinal: operation.ordinal,
      key: operation.key,
      kind: operation.kind,
      status,
      id: rest.id,
      created: rest.created ?? false,
      attempts,
      failure: failure === undefined ? undefined : withoutValues(failure, operation.record),
      record: operation.record,
      fingerprint: operation.fingerprint,
    }
    this.#options.onOutcome(outcome)
    this.#groups.add(outcome)
  }

  #stopFor(error: StopRunError): void {
    this.#stopped ??= error
    this.#stop.abort()
  }

  /** After a stop: what waits for another try has failed, what was never begun is `not_attempted`. */
  async #recordRemainder(): Promise<void> {
    for (const { operation, attempts, failure } of this.#retries.drain() satisfies Retry[]) {
      this.#end(operation, 'failed', attempts, { id: operation.id, failure })
    }
    await this.#groups.flush()
    const failure = this.#notAttempted()
    for await (const operations of this.#options.queue.pending(remainderSize)) {
      for (const operation of operations) this.#end(operation, 'not_attempted', 0, { failure })
      await this.#groups.flush()
    }
  }

  #notAttempted(): Failure {
    const reason = this.#stopped === null ? 'it was interrupted' : this.#stopped.message
    return {
      code: 'not_attempted',
      message: `The run stopped before this row was sent: ${reason}`,
      hint: 'The next run sends it.',
    }
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
