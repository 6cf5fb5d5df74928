import type { Failure, Operation, Outcome } from '../connector/index.ts'

/** The writer's view of a plan that was spooled. */
export interface OperationQueue {
  /** The operations of the run that have no outcome yet, in order, `size` at a time at most. */
  pending(size: number): AsyncIterable<readonly Operation[]>
}

/** Where the writer records what happened. Each call is within one transaction, and durable once it has resolved. */
export interface OutcomeJournal {
  /** Marks operations as about to be sent, durably: should the process die, their keys' state is not known. */
  sending(operations: readonly Operation[]): Promise<void>
  /**
   * Records how operations ended: the outcome, the snapshot (moved only by `applied`; ids are kept whatever the
   * outcome; `failed` and `in_doubt` make the fingerprint unknown, since the target may have changed all the same) and the failure (opened, counted up, or resolved).
   */
  record(outcomes: readonly Outcome[]): Promise<void>
  /**
   * Records at once that all operations without an outcome, `count` of them, were not attempted, and why: a run
   * that is told to stop may have millions of them left, and little time.
   */
  abandon(count: number, failure: Failure): Promise<void>
}
