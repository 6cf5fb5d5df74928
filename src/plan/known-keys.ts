import { digest, digestRoom, parseDigest } from './digest.ts'
import type { KnownKey, SnapshotReader } from './interfaces.ts'
import { KeyTable } from './key-table.ts'
import { mark } from './pending.ts'
import type { Scope } from './scope.ts'

/**
 * Takes every key of the snapshot into a table with room for `marks` per key. Keys that were delivered to another
 * object are none of this activation's business, and stay out.
 */
export async function loadKnownKeys(
  snapshot: SnapshotReader,
  scope: Scope,
  marks: number,
): Promise<KeyTable> {
  const table = new KeyTable(marks, await snapshot.count())
  const keyDigest = digestRoom()
  const fingerprint = digestRoom()
  for await (const known of snapshot.fingerprints()) {
    for (const one of known) {
      if (scope.originOf(one.fingerprint) === 'foreign') continue
      digest(one.key, keyDigest)
      const entry = table.add(keyDigest)
      table.mark(entry, mark.inSnapshot)
      if (isOurs(one, scope)) table.mark(entry, mark.delivered)
      const text = scope.digestIn(one.fingerprint)
      if (one.again !== true && text !== null && parseDigest(text, fingerprint)) {
        table.setFingerprint(entry, fingerprint)
        table.mark(entry, mark.fingerprintKnown)
      }
    }
  }
  return table
}

/** Whether a key was delivered by the mode as it is now and not taken away since. */
export function isOurs({ delivered, removed, fingerprint }: KnownKey, scope: Scope): boolean {
  return delivered && removed === null && scope.originOf(fingerprint) === scope.effect
}
