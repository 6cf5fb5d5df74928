import type { Operation } from '../connector/index.ts'
import type { SnapshotEntry } from './interfaces.ts'

/** What an operation is told of an earlier run that sent its key and never learnt how that ended. */
export function unanswered(
  before: SnapshotEntry | undefined,
): Pick<Operation, 'unansweredSince' | 'unansweredRequest'> {
  const { unansweredSince = null, unansweredRequest } = before ?? {}
  return unansweredRequest === undefined
    ? { unansweredSince }
    : { unansweredSince, unansweredRequest }
}
