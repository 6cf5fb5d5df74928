import type { Retention } from '../config/retention.ts'
import type { Clock, Failure, Operation, Outcome } from '../connector/index.ts'
import type { IndexContent, PlanSink, RejectedRow, SnapshotReader } from '../plan/interfaces.ts'
import type { EntryWriter } from '../plan/merge-interfaces.ts'
import { recordAbandoned } from './abandoned.ts'
import { writeBasis } from './basis.ts'
import type { Confirmations } from './confirmations.ts'
import type { Database, Session } from './database.ts'
import { recordRejections } from './failed-outcomes.ts'
import { countTrend, noteWaiting, releaseTroubles, resolveUnmet } from './failures.ts'
import { fold, Unfolded } from './fold.ts'
import { Journal } from './journal.ts'
import { writeAsHolder } from './lock.ts'
import { OpenFailures } from './open-failures.ts'
import { countOutcomes, recordOutcomes } from './outcomes.ts'
import type { Recording } from './recording.ts'
import { renewFingerprints } from './renewed.ts'
import { prune } from './retention.ts'
import { endRun } from './runs.ts'
import { Seal } from './seal.ts'
import { type FullPass, StoredSnapshot } from './snapshot.ts'
import { forgetToken, keepToken, readToken } from './snapshot-token.ts'
import { markSending, Spool, type Write } from './spool.ts'
import type { Basis, Lock, RunState, RunStatus, Timestamp } from './store.ts'
import { StoredEntries } from './stored-entries.ts'
import { type IndexOptions, StoredIndex } from './stored-index.ts'

/** A run that `beginRun` began. */
export interface BegunRun {
  readonly database: Database
  readonly confirmations: Confirmations
  readonly clock: Clock
  readonly retention: Retention
  readonly lock: Lock
  readonly run: number
  readonly activation: number
  readonly identifier: string | null
  readonly settings: string
  readonly keepValues: boolean
  /** Null for an ordinary run; else what its full pass has not come to: see `StoredSnapshot`. */
  readonly pass: FullPass | null
  /** Absent where no index is kept. */
  readonly index: IndexOptions | undefined
}

/** What one run writes, over a database. */
export class StoredRun implements RunState {
  readonly run: number
  readonly snapshot: SnapshotReader
  readonly index: StoredIndex | null
  readonly sorted: StoredEntries | null
  readonly sink: PlanSink
  readonly #begun: BegunRun
  readonly #spool: Spool
  readonly #openFailures: OpenFailures
  readonly #journal: Journal
  /** Whether the snapshot has no token any more, since it is being changed. */
  #isChanging = false
  /** The token of the index that counts once the run has ended. */
  #token: string | null = null

  constructor(begun: BegunRun) {
    const { database, confirmations, clock, lock, run, pass, keepValues, index } = begun
    const seal = keepValues ? null : new Seal()
    const write: Write = (work) => writeAsHolder(database, lock, work, 'stage')
    const spool = new Spool(database, write, run, seal)
    this.run = run
    this.snapshot = new StoredSnapshot(database, confirmations, lock.activation, clock, pass)
    // What a full pass sends again, no index knows.
    const folder = pass === null ? index?.folder : undefined
    this.index = folder === undefined ? null : new StoredIndex(database, lock.activation, folder)
    this.sorted = folder === undefined ? null : new StoredEntries(database, lock.activation, folder)
    this.sink = {
      spool,
      add: (operations) => spool.addAll(operations),
      reject: (rows) => this.#reject(rows),
      wait: (keys) => this.#write((session) => noteWaiting(session, begun.activation, run, keys)),
      renew: async (keys) => {
        await fold(database, begun.activation)
        await this.#change((session) => renewFingerprints(session, begun.activation, keys))
      },
    }
    this.#begun = begun
    this.#spool = spool
    this.#openFailures = new OpenFailures(begun.activation)
    const waiting = new Unfolded(database, begun.activation)
    this.#journal = new Journal(async (outcomes, operations) => {
      await this.#change(async (session) => {
        await recordOutcomes(this.#recording(session), outcomes)
        if (operations.length > 0) await markSending(session, run, operations)
      })
      await waiting.grow(outcomes.length)
    })
  }

  pending(size: number): AsyncIterable<readonly Operation[]> {
    return this.#spool.pending(size)
  }

  async sending(operations: readonly Operation[]): Promise<void> {
    await this.#journal.sending(operations)
  }

  async record(outcomes: readonly Outcome[]): Promise<void> {
    await this.#journal.record(outcomes)
  }

  async abandon(count: number, failure: Failure): Promise<void> {
    await this.#write((session) => recordAbandoned(session, this.run, count, failure))
  }

  counts() {
    return this.#begun.database.read((session) => countOutcomes(session, this.run))
  }

  trend(status: Exclude<RunStatus, 'running'>) {
    const { database, activation } = this.#begun
    return database.read((session) =>
      countTrend(session, activation, this.run, isCompleted(status)),
    )
  }

  async restOn(basis: Basis): Promise<void> {
    await this.#write((session) => writeBasis(session, this.#begun.activation, basis))
  }

  async keepIndex(content: IndexContent | EntryWriter): Promise<string | null> {
    const { database, lock, clock, index } = this.#begun
    if (this.index === null || index === undefined) return null
    const unchanged = this.#isChanging
      ? null
      : await database.read((session) => readToken(session, lock.activation))
    const chance = index.random().toString(36).slice(2)
    const token = unchanged ?? `${this.run}-${clock.now().toString(36)}-${chance}`
    const problem =
      'keep' in content ? await content.keep(token) : await this.index.write(content, token)
    if (problem === null) this.#token = token
    return problem
  }

  async finish(
    status: Exclude<RunStatus, 'running'>,
    finishedAt: Timestamp,
    summary: string,
  ): Promise<void> {
    const { database, clock, retention, activation } = this.#begun
    this.#spool.discard()
    await this.#write(async (session) => {
      await endRun(session, this.run, status, finishedAt, summary)
      if (this.#token !== null) await keepToken(session, activation, this.#token)
      if (isCompleted(status)) await resolveUnmet(session, activation, this.run, finishedAt)
      else await releaseTroubles(session, this.run)
    })
    await prune(database, activation, retention, clock.now())
  }

  async #reject(rows: readonly RejectedRow[]): Promise<void> {
    await this.#write((session) => recordRejections(this.#recording(session), rows))
  }

  /** For what changes the snapshot, or says that requests are about to change what it is a picture of. */
  async #change(work: (session: Session) => Promise<void>): Promise<void> {
    const { confirmations, activation } = this.#begun
    try {
      await this.#write(async (session) => {
        if (!this.#isChanging) await forgetToken(session, activation)
        await work(session)
      })
    } catch (error) {
      confirmations.forget(activation)
      throw error
    }
    this.#isChanging = true
  }

  #write<Result>(work: (session: Session) => Promise<Result>): Promise<Result> {
    return writeAsHolder(this.#begun.database, this.#begun.lock, work)
  }

  #recording(session: Session): Recording {
    const { activation, identifier, settings, keepValues, confirmations, clock, run } = this.#begun
    return {
      session,
      activation,
      run,
      identifier,
      settings,
      keepValues,
      confirmations,
      openFailures: this.#openFailures,
      now: clock.now(),
    }
  }
}

/** Whether a run read the whole query and went through its whole plan. */
function isCompleted(status: RunStatus): boolean {
  return status === 'done' || status === 'failures'
}
