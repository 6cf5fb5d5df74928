import type { Activation } from '../config/activation.ts'
import type { TargetRecord } from '../connector/index.ts'
import { formerFingerprintOf } from './content-key.ts'
import type { Decision, Wish } from './decision.ts'
import type { SnapshotEntry } from './interfaces.ts'
import { nativeId } from './key.ts'
import type { Mapping } from './mapping.ts'
import type { Scope } from './scope.ts'

/**
 * Whether what a row wants is what was confirmed, though the snapshot has the fingerprint that was formerly made of it.
 * `decision`: what else would be done.
 */
export function isFormerlyConfirmed(
  { identifier }: Pick<Activation, 'identifier'>,
  { withoutCreateOnly }: Pick<Mapping, 'withoutCreateOnly'>,
  scope: Scope,
  { record, id }: Wish,
  { fingerprint, sent, again = false }: SnapshotEntry,
  decision: Decision | null,
): boolean {
  // Values that were kept have been compared, and differ.
  if (decision?.kind === 'update' && holdsValues(sent)) return false
  const former = again ? null : scope.digestIn(fingerprint)
  if (former === null) return false
  const compared = withoutCreateOnly(record)
  return former === formerFingerprintOf(identifier === nativeId ? { ...compared, id } : compared)
}

function holdsValues(sent: TargetRecord | null): boolean {
  for (const _name in sent) return true
  return false
}
