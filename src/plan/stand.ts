import type { TargetRecord } from '../connector/index.ts'
import type { SnapshotEntry } from './interfaces.ts'
import type { Scope } from './scope.ts'

/** How things stand with a record that the target has, as far as confirmed outcomes tell. */
export interface Stand {
  readonly id: string | null
  /** What was confirmed; null where only the id is known. */
  readonly held: TargetRecord | null
  /**
   * `certain`: the target holds what `held` says. `emptied`: likewise, and millrace took its tags and companies away
   * because its row had left the query. `uncertain`: a later attempt may have changed it, or it was archived.
   */
  readonly certainty: 'certain' | 'emptied' | 'uncertain'
  /** True where millrace archived it because its row had left the query. */
  readonly archivedByUs: boolean
}

/** How things stand with a key; null where the target has no such record, or it is not known to have. */
export function standOf(entry: SnapshotEntry | undefined, scope: Scope): Stand | null {
  if (entry === undefined) return null
  const { fingerprint, id, sent, removed } = entry
  if (fingerprint === null && id === null && sent === null) return null
  const origin = scope.originOf(fingerprint)
  if (origin === 'foreign' || origin === 'deleted' || removed === 'delete') return null
  const isConfirmed = fingerprint !== null && origin === 'held'
  const certainty = isConfirmed ? 'certain' : removed === 'untag' ? 'emptied' : 'uncertain'
  return { id, held: sent, certainty, archivedByUs: removed === 'archive' }
}
