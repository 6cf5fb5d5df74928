import type {
  Failure,
  FailureCode,
  Operation,
  OperationKind,
  Outcome,
  OutcomeStatus,
} from '../connector/index.ts'
import type { IndexContent, PlanSink, SnapshotIndex, SnapshotReader } from '../plan/interfaces.ts'
import type { EntryWriter, SortedEntries } from '../plan/merge-interfaces.ts'

/** Times in the store are milliseconds since the Unix epoch. */
export type Timestamp = number

/** How a run ended; `running` while it has not. */
export const runStatuses = [
  'running',
  'done',
  'failures',
  'refused',
  'stopped',
  'interrupted',
] as const

export type RunStatus = (typeof runStatuses)[number]

/** One run of one activation, as `status` shows it. */
export interface RunRecord {
  /** Grows from run to run of a state store; names the run for `failures --run`. */
  readonly run: number
  readonly activation: string
  readonly status: RunStatus
  readonly startedAt: Timestamp
  readonly finishedAt: Timestamp | null
  /** The run's summary as JSON, once it has ended. */
  readonly summary: string | null
  /** How many operations of its plan it did not get to. */
  readonly notAttempted: number
}

/** A failure as it is kept: one per key, until the key is delivered. */
export interface FailureRecord {
  readonly activation: string
  /** The run that saw it last. */
  readonly run: number
  readonly key: string
  /** The field that identifies the record, for the reader; null where the activation has none. */
  readonly identifier: string | null
  readonly operation: OperationKind
  readonly status: Exclude<OutcomeStatus, 'applied'>
  readonly code: FailureCode
  readonly message: string
  readonly field: string | null
  readonly httpStatus: number | null
  readonly requestId: string | null
  readonly hint: string | null
  /** Runs and retries in which it was tried, in all. */
  readonly attempts: number
  readonly firstSeen: Timestamp
  readonly lastSeen: Timestamp
  /** From when on a run will try it again as it is; null where that is the next run, and where it waits for a change. */
  readonly nextRetry: Timestamp | null
  /** True where it is not sent again before its record, or how it is delivered, has changed. */
  readonly waitsForChange: boolean
}

/** What became of an activation's failures in one run. */
export interface FailureTrend {
  /** Open, and new in this run. */
  readonly began: number
  /** Open since an earlier run. */
  readonly persisting: number
  /** No longer open since this run. */
  readonly cured: number
}

/** The right to be the only run of an activation. */
export interface Lock {
  readonly activation: string
  /** Grows each time the lock changes hands. A holder whose token is not the newest may not write. */
  readonly token: number
}

/** What the keys of an activation's snapshot are. */
export interface KeysOf {
  /** The target's name in the project file. */
  readonly target: string
  readonly object: string
  /** The target's field whose value is the key. */
  readonly field: string
}

/** What the store is told of an activation when a run begins. */
export interface AboutRun {
  /** The field that identifies a record, for reports; null where there is none. */
  readonly identifier: string | null
  readonly target: string
  readonly object: string
  /** The target's field whose value is the key; null where keys are something else. */
  readonly keyField: string | null
  /** Stands for how the activation delivers: see `settingsOf` in src/plan/waiting-keys.ts. */
  readonly settings: string
  /**
   * Null for an ordinary run. A full pass tries every failure again, and with `everything` every row, whatever is
   * confirmed; but for those that the pass has come to already, where it goes on with one that did not end.
   */
  readonly full: 'failures' | 'everything' | null
  /** False: no values are kept, and those that were kept before are removed. */
  readonly keepValues: boolean
}

/** What an activation's snapshot rests on: were it something else, what is known would be of other keys or records. */
export interface Basis {
  /** What the keys are made of, as `keysFromText` in src/plan/keys-from.ts has it; null where it is not known. */
  readonly keysFrom: string | null
  /** The id of the target's workspace; null where it is not known. */
  readonly workspace: string | null
  /** A salt, and a digest of the login that led there last: see src/run/workspace-guard.ts. */
  readonly login: string | null
}

/** Who holds a lock. */
export interface LockHolder {
  /** Host name and process id, for the person who waits. */
  readonly holder: string
  readonly since: Timestamp
  readonly expiresAt: Timestamp
}

/** What one run writes to the store. Every write checks that `lock` is still ours. */
export interface RunState {
  readonly run: number
  readonly snapshot: SnapshotReader
  /** What is kept of the rows beside the snapshot; null where nothing is, or where everything is sent again. */
  readonly index: SnapshotIndex | null
  /** The same for plans that merge. */
  readonly sorted: SortedEntries | null
  /** Spools the plan. */
  readonly sink: PlanSink
  /** Hands the plan to the writer: see `OperationQueue` in src/write/interfaces.ts, which this is by shape. */
  pending(size: number): AsyncIterable<readonly Operation[]>
  /** See `OutcomeJournal` in src/write/interfaces.ts, which this is by shape. */
  sending(operations: readonly Operation[]): Promise<void>
  record(outcomes: readonly Outcome[]): Promise<void>
  abandon(count: number, failure: Failure): Promise<void>
  /** Outcomes of this run by status and failures by code, counted from what was recorded. */
  counts(): Promise<{
    readonly outcomes: Readonly<Record<OutcomeStatus, number>>
    readonly codes: Readonly<Partial<Record<FailureCode, number>>>
  }>
  /** What became of failures, as it will be once the run has ended with this status. */
  trend(status: Exclude<RunStatus, 'running'>): Promise<FailureTrend>
  /** Keeps what the snapshot rests on from now on. */
  restOn(basis: Basis): Promise<void>
  /**
   * Keeps an index of the snapshot, or its entries, as the run leaves it. To be called before `finish`, once nothing more is recorded; it
   * counts from `finish` on. Returns null, or why it could not be kept.
   */
  keepIndex(content: IndexContent | EntryWriter): Promise<string | null>
  /** Ends the run: keeps the summary, drops the spooled plan. */
  finish(
    status: Exclude<RunStatus, 'running'>,
    finishedAt: Timestamp,
    summary: string,
  ): Promise<void>
}

/** A record that was looked up: its key, and the target's id of it. */
export interface Link {
  readonly key: string
  readonly id: string
}

/** What linking the rows of an activation to existing records writes to the store. Every write checks that the lock is still ours. */
export interface AdoptionState {
  /** Spools the rows. What is rejected is left out, and is no failure. */
  readonly sink: PlanSink
  /** The rows that were spooled and not rejected, in order. */
  pending(size: number): AsyncIterable<readonly Operation[]>
  /** Those of some keys of which an id is known, or which were removed by millrace. */
  known(keys: readonly string[]): Promise<ReadonlySet<string>>
  /** Keeps ids. Nothing counts as delivered by it, and no id that is known is replaced. */
  link(links: readonly Link[]): Promise<void>
  /** As in `RunState`. */
  restOn(basis: Basis): Promise<void>
  /** Drops the spooled rows: of the adoption nothing is left but the ids. */
  finish(): Promise<void>
}

/** The durable memory of all activations. SQLite by default; the same migrations serve Postgres. */
export interface StateStore {
  /**
   * Takes the activation's lock for `leaseMilliseconds`, or says who has it. An expired lease is taken over, and
   * one whose holder `hasEnded` knows to be gone.
   * A holder renews well before the lease ends.
   */
  acquireLock(
    activation: string,
    holder: string,
    leaseMilliseconds: number,
    hasEnded?: (holder: string) => boolean,
  ): Promise<Lock | LockHolder>
  renewLock(lock: Lock, leaseMilliseconds: number): Promise<boolean>
  releaseLock(lock: Lock): Promise<void>
  /**
   * Begins a run. Runs of this activation that never finished are marked `interrupted`; the keys that they were
   * sending lose their fingerprint, so that this run plans them again.
   */
  startRun(lock: Lock, about: AboutRun): Promise<RunState>
  /** Begins to link an activation's rows to records of the target. As for `startRun`, runs that never finished are ended. */
  startAdoption(lock: Lock, about: AboutRun): Promise<AdoptionState>
  /** The target's ids of those values that some activation of the project has learnt. */
  knownIds(keys: KeysOf, values: readonly string[]): Promise<ReadonlyMap<string, string>>
  /** The snapshot alone, for planning without a run. */
  snapshot(activation: string): SnapshotReader
  /** What the snapshot rests on; nothing but nulls where the activation never ran. */
  basis(activation: string): Promise<Basis>
  /** What is kept beside it; null where nothing is. */
  index(activation: string): SnapshotIndex | null
  /** The same for plans that merge. */
  sorted(activation: string): SortedEntries | null
  /** The last runs of each activation, newest first. */
  runs(activations: readonly string[] | null, perActivation: number): Promise<readonly RunRecord[]>
  /**
   * Failures in the order of activation and key, in batches. With `run`: those that this run left, also where a
   * later run has cured them, and after them, until the next run begins, the operations that it did not attempt,
   * in the order of its plan; else those that are open now.
   */
  failures(filter: {
    readonly activation?: string | undefined
    readonly run?: number | undefined
  }): AsyncIterable<readonly FailureRecord[]>
  /**
   * Lets the next run send what waits after a failure: all, or those keys. `released`: how many waited; `unknown`: those
   * of `keys` that have no open failure.
   */
  release(
    activation: string,
    keys: readonly string[] | null,
  ): Promise<{ readonly released: number; readonly unknown: readonly string[] }>
  /** Open failures by activation and code. */
  openFailures(): Promise<readonly { activation: string; code: FailureCode; count: number }[]>
  close(): Promise<void>
}
