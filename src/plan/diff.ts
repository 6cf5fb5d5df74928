import type { Operation, TargetRecord } from '../connector/index.ts'
import type { SnapshotEntry } from './interfaces.ts'

/** What has to be done for one record. */
export type Difference = Pick<Operation, 'kind' | 'changed'>

/**
 * What it takes to bring the target from what the snapshot says to `record`; null for nothing. Fields that the record
 * leaves out stay as they are, and so are no difference.
 */
export function difference(
  record: TargetRecord,
  entry: SnapshotEntry | undefined,
): Difference | null {
  const all = Object.keys(record)
  if (entry === undefined || !wasDelivered(entry)) return { kind: 'create', changed: all }
  const { sent, fingerprint } = entry
  const changed =
    sent === null
      ? all
      : all.filter((field) => !Object.hasOwn(sent, field) || sent[field] !== record[field])
  if (changed.length > 0) return { kind: 'update', changed }
  // Where a later attempt may have changed the target, what was confirmed before proves nothing.
  return fingerprint === null ? { kind: 'update', changed: all } : null
}

/** Whether the target is known to have, or to have had, the record. */
export function wasDelivered({ fingerprint, id, sent }: SnapshotEntry): boolean {
  return fingerprint !== null || id !== null || sent !== null
}
