import {
  type Clock,
  type Delivery,
  type Failure,
  isUnanswered,
  type Outcome,
  type Random,
  StopRunError,
  type Target,
  TryAgainError,
} from '../connector/index.ts'
import {
  type Attempt,
  appliedOutcome,
  type FailedStatus,
  failedOutcome,
  tried,
  withHeld,
  withId,
} from './attempt.ts'
import { Batches, type Pace } from './batches.ts'
import type { OperationQueue, OutcomeJournal } from './interfaces.ts'
import { OutageDetector } from './outage.ts'
import { OutcomeGroups } from './outcome-groups.ts'
import { deliveryRetries, longestAsked, preparationRetries, retryDelay, tryAgain } from './retry.ts'
import { retryBudget } from './retry-budget.ts'
import { RetryQueue } from './retry-queue.ts'

export interface WriteOptions {
  readonly target: Target
  readonly queue: OperationQueue
  readonly journal: OutcomeJournal
  /** How many operations the queue has in all. */
  readonly operations: number
  readonly clock: Clock
  readonly random: Random
  /** Stops sending: what is under way is finished and recorded, the rest is `not_attempted`. */
  readonly signal: AbortSignal
  /** Hears of each outcome, before it is recorded. What it returns, if anything, ends the run. */
  readonly onOutcome: (outcome: Outcome) => StopRunError | null
}

/** While so many wait for another try, no new operations are begun. Bounds memory, and spares a target in trouble. */
const mostRetriesWaiting = 1_000

/** So many operations try whether a target that seems to be down is well again. */
const probeSize = 5

/** Outcomes that may wait to be recorded before sending pauses. */
const mostUnrecorded = 2_000

/**
 * Prepares the target, delivers every pending operation and records exactly one outcome for each.
 * Returns null, or why it stopped early: then what was left is recorded as `not_attempted`.
 * Throws `ConfigurationError` where the target finds the activation wrong, before anything was sent, and what the
 * journal throws: without a journal nothing further may be sent.
 */
export async function writeOperations(options: WriteOptions): Promise<StopRunError | null> {
  return await new Writer(options).run()
}

class Writer {
  readonly #options: WriteOptions
  readonly #groups: OutcomeGroups
  readonly #retries = new RetryQueue()
  readonly #outage = new OutageDetector()
  /** Aborts when the user does, when the target refuses us for good and when the journal fails. */
  readonly #stop = new AbortController()
  #stopped: StopRunError | null = null
  #ended = 0
  #retriesLeft: number
  #journalError: { readonly error: unknown } | null = null

  constructor(options: WriteOptions) {
    this.#options = options
    this.#retriesLeft = retryBudget(options.operations)
    this.#groups = new OutcomeGroups(options.journal, options.clock, (error) =>
      this.#journalFailed(error),
    )
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
    const batches = new Batches(queue, target.batchSize, this.#retries)
    const underWay = new Set<Promise<void>>()
    try {
      while (!this.#stop.signal.aborted) {
        if (this.#groups.unrecorded > mostUnrecorded) await this.#groups.flush()
        const pace = this.#pace()
        const isFull = underWay.size >= pace.batches
        const batch = isFull ? [] : await batches.next(clock.now(), pace)
        if (batch.length > 0) {
          const delivery = this.#deliver(batch).finally(() => underWay.delete(delivery))
          underWay.add(delivery)
          continue
        }
        if (underWay.size === 0 && batches.isEmpty) break
        const due = isFull ? null : batches.nextDue(pace)
        if (underWay.size === 0 && due === null) continue
        await this.#waitFor(underWay, due === null ? null : due - clock.now())
      }
    } finally {
      await Promise.all(underWay)
      await batches.close()
    }
  }

  /** A target that seems to be down is spared: it gets a few operations now and then until it answers again. */
  #pace(): Pace {
    const { concurrency, batchSize } = this.#options.target
    const rest = this.#outage.restUntil
    return rest === null
      ? { batches: concurrency, batchSize, notBefore: 0, mostWaiting: mostRetriesWaiting }
      : { batches: 1, batchSize: probeSize, notBefore: rest, mostWaiting: 1 }
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

  async #deliver(batch: readonly Attempt[]): Promise<void> {
    const { target, journal } = this.#options
    const operations = batch.map(({ operation }) => operation)
    const unreported = new Map<number, Attempt>()
    for (const attempt of batch) unreported.set(attempt.operation.ordinal, attempt)
    // What fails together comes back together, so that it is a batch again: fifty rows share one search.
    let jitter: number | null = null
    const random = () => {
      jitter ??= this.#options.random()
      return jitter
    }
    const report = (ordinal: number, delivery: Delivery) => {
      const attempt = unreported.get(ordinal)
      if (attempt === undefined)
        throw new Error(`operation ${ordinal} was reported twice or never given`)
      unreported.delete(ordinal)
      this.#settle(attempt, delivery, random)
    }
    let failure: Failure = {
      code: 'in_doubt',
      message: 'The target did not say how this operation ended.',
      hint: 'The next run sends it again.',
    }
    let sent = true
    try {
      await journal.sending(operations)
    } catch (error) {
      this.#journalFailed(error)
      return
    }
    try {
      await target.deliver(operations, report, this.#stop.signal)
      sent = !this.#stop.signal.aborted
    } catch (error) {
      if (error instanceof StopRunError) {
        this.#stopFor(error)
        sent = false
      } else {
        failure = { ...failure, message: `The target failed: ${messageOf(error)}` }
      }
    }
    for (const attempt of unreported.values()) {
      if (sent) this.#fail(tried(attempt), 'in_doubt', failure)
      // What was never tried is part of the remainder.
      else if (attempt.failure !== null) this.#fail(attempt, 'failed', attempt.failure)
    }
  }

  #settle(before: Attempt, delivery: Delivery, random: Random): void {
    if (delivery.result === 'applied') {
      this.#outage.noteAnswer()
      this.#end(appliedOutcome(before, delivery.id, delivery.created))
      return
    }
    const attempt = tried(before)
    const { id, failure } = delivery
    const learnt = withHeld(attempt, delivery.held)
    if (delivery.result !== 'retry') {
      if (isUnanswered(failure.code)) this.#noteNoAnswer(attempt, failure, true)
      else if (delivery.result === 'rejected') this.#outage.noteAnswer()
      this.#fail(learnt, delivery.result, failure, id)
      return
    }
    const asked = delivery.waitMilliseconds ?? 0
    const spent = attempt.attempts >= deliveryRetries.attempts
    if (isUnanswered(failure.code)) this.#noteNoAnswer(attempt, failure, spent)
    else this.#outage.noteAnswer()
    if (asked > longestAsked) {
      const minutes = Math.ceil(asked / 60_000).toLocaleString('en-US')
      this.#stopFor(
        new StopRunError(
          `The target asks to be left alone for ${minutes} minutes: ${failure.message}`,
        ),
      )
    }
    // What tries whether a target in trouble is well again is as few as it is: it needs no share of the retries.
    const isProbe = this.#outage.restUntil !== null
    if (spent || (this.#retriesLeft === 0 && !isProbe) || this.#stop.signal.aborted) {
      this.#fail(learnt, 'failed', failure, id)
      return
    }
    if (!isProbe) this.#retriesLeft -= 1
    const delay = retryDelay(deliveryRetries, attempt.attempts, random, asked)
    const due = this.#options.clock.now() + delay
    this.#retries.add({ ...withId(learnt, id), failure, due })
  }

  #noteNoAnswer({ operation }: Attempt, { code, message }: Failure, spent: boolean): void {
    const now = this.#options.clock.now()
    if (!this.#outage.noteNoAnswer(now, operation.ordinal, code, spent)) return
    const tries = this.#outage.tries.toLocaleString('en-US')
    this.#stopFor(
      new StopRunError(`${tries} requests in a row failed, the last one so: ${message}`),
    )
  }

  #fail(attempt: Attempt, status: FailedStatus, failure: Failure, id?: string | null): void {
    this.#end(failedOutcome(attempt, status, failure, id))
  }

  #end(outcome: Outcome): void {
    this.#ended += 1
    const stop = this.#options.onOutcome(outcome)
    this.#groups.add(outcome)
    if (stop !== null) this.#stopFor(stop)
  }

  /** Nothing may be sent that cannot be recorded. */
  #journalFailed(error: unknown): void {
    this.#journalError ??= { error }
    this.#stop.abort()
  }

  #stopFor(error: StopRunError): void {
    this.#stopped ??= error
    this.#stop.abort()
  }

  /** After a stop: what waits for another try has failed, what was never begun is `not_attempted`. */
  async #recordRemainder(): Promise<void> {
    for (const retry of this.#retries.drain()) {
      this.#fail(retry, 'failed', retry.failure, retry.operation.id)
    }
    await this.#groups.flush()
    const left = this.#options.operations - this.#ended
    if (left > 0) await this.#options.journal.abandon(left, this.#notAttempted())
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
