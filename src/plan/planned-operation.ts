import type { Operation } from '../connector/index.ts'
import type { Decision } from './decision.ts'
import type { SnapshotEntry } from './interfaces.ts'
import { unanswered } from './unanswered.ts'

/**
 * The operation that a decision on a key comes to. Written out, since nearly all of them are then objects of one shape,
 * which are made, written and read in less time.
 */
export function plannedOperation(
  ordinal: number,
  key: string,
  decision: Decision,
  fingerprint: string,
  before: SnapshotEntry | undefined,
): Operation {
  const { kind, id, record, held, again, changed, archivedByUs } = decision
  const operation: Operation = {
    ordinal,
    key,
    kind,
    removal: false,
    id,
    record,
    held,
    changed,
    unansweredSince: null,
    archivedByUs,
    fingerprint,
  }
  if (!again && before?.unansweredSince === undefined) return operation
  return { ...operation, ...(again && { again }), ...unanswered(before) }
}
