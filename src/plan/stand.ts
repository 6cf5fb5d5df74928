import type { TargetRecord } from '../connector/index.ts'
import type { SnapshotEntry } from './interfaces.ts'
import type { Scope } from './scope.ts'

/** How things stand with a record that the target has, as far as confirmed outcomes tell. */
export interface Stand {
  readonly id: string | null
  readonly held: TargetRecord | null
  /** Whether anything was ever confirmed; else only the id is known, perhaps from a refusal. */
  readonly isDelivered: boolean
  /** Whether the record was looked up by its identifier, so that it exists and is the one that is meant. */
  readonly isAdopted: boolean
  /**
   * Whether the target holds what `held` says. Not where a later attempt may have changed it, where it was archived, nor
   * where its row had left the query, nor where it is to be sent again whatever it holds.
   */
  readonly isCertain: boolean
  /** As in `SnapshotEntry`. */
  readonly again: boolean
  /** True where millrace archived it because its row had left the query. */
  readonly archivedByUs: boolean
}

/**
 * Whether of a key all is known, and nothing is the matter with it: the target holds what was sent, and the entry says no
 * more than that.
 */
export function isPlain(entry: SnapshotEntry, scope: Scope): boolean {
  const { fingerprint, sent, removed, again, unansweredSince } = entry
  const isUsual = removed === null && again !== true && unansweredSince === undefined
  return isUsual && sent !== null && scope.effect === 'held' && scope.digestIn(fingerprint) !== null
}

/** How things stand with a key; null where the target has no such record, or it is not known to have. */
export function standOf(entry: SnapshotEntry | undefined, scope: Scope): Stand | null {
  if (entry === undefined) return null
  const { fingerprint, id, sent, removed, again = false, adopted = false } = entry
  if (fingerprint === null && id === null && sent === null) return null
  const origin = scope.originOf(fingerprint)
  if (origin === 'foreign' || origin === 'deleted' || removed === 'delete') return null
  const isCertain = fingerprint !== null && origin === 'held' && !again
  const isDelivered = fingerprint !== null || sent !== null
  return {
    id,
    held: sent,
    isDelivered,
    isAdopted: adopted,
    isCertain,
    again,
    archivedByUs: removed === 'archive',
  }
}
