import { type DigestWords, digest, digestRoom, parseDigest } from './digest.ts'
import { DigestIndex } from './digest-index.ts'
import type {
  IndexBasis,
  KeptIndex,
  KnownKey,
  SnapshotIndex,
  SnapshotReader,
} from './interfaces.ts'
import { forgetKept, readIndex, recallFingerprints, settleOld } from './kept-keys.ts'
import { KeyTable } from './key-table.ts'
import { mark } from './marks.ts'
import type { Scope } from './scope.ts'

export interface KnownKeysOptions {
  readonly snapshot: SnapshotReader
  readonly scope: Scope
  /** How many fields and lists can change. */
  readonly fields: number
  readonly index: SnapshotIndex | null
  /** Null where an index is of no use. */
  readonly basis: IndexBasis | null
}

/** Every key of the snapshot. */
export interface KnownKeys {
  readonly table: KeyTable
  /** The index that the table was read from, with the fingerprints still in it; null where the table has them all. */
  kept: KeptIndex | null
  /** Whether just this is in the index already. */
  isKept: boolean
}

/**
 * Takes every key of the snapshot into a table: from the index, where that is of the snapshot as it is, else from the
 * snapshot, with the hashes that an older index has of the same records. Keys that were delivered to another object are
 * none of this activation's business, and stay out.
 */
export async function loadKnownKeys(options: KnownKeysOptions): Promise<KnownKeys> {
  const { snapshot, scope, fields, index, basis } = options
  const kept = basis === null ? null : ((await index?.open()) ?? null)
  if (kept !== null && basis !== null) {
    const table = new KeyTable(fields, kept.count)
    const found = await readIndex(kept, basis, table)
    if (found === 'hashes') {
      table.indexHashes()
      return { table, kept, isKept: true }
    }
    if (found === 'old' && (await isSettled(kept, snapshot, scope, table))) {
      table.indexHashes()
      return { table, kept, isKept: false }
    }
    await kept.close()
    if (found === 'fingerprints') return { table, kept: null, isKept: false }
  }
  // Asked only now: to count the keys means to read them all.
  const table = new KeyTable(fields, await snapshot.count())
  await scan(snapshot, scope, table)
  return { table, kept: null, isKept: false }
}

/** Takes into the table what fingerprints are still in the index: for rows of which few are recognised by their hashes. */
export async function completeKnownKeys(known: KnownKeys): Promise<void> {
  const { kept, table } = known
  if (kept === null || !(await recallFingerprints(kept, table))) return
  known.kept = null
  known.isKept = false
  await kept.close()
}

/** Brings a table that was read from an old index up to the snapshot as it is. False where the index is damaged. */
async function isSettled(
  kept: KeptIndex,
  snapshot: SnapshotReader,
  scope: Scope,
  table: KeyTable,
): Promise<boolean> {
  try {
    await scan(snapshot, scope, table)
    return await settleOld(kept, table)
  } catch (error) {
    await kept.close()
    throw error
  }
}

/** Takes the keys of the snapshot over. What an old index has of a key stays where it is all the same there. */
async function scan(snapshot: SnapshotReader, scope: Scope, table: KeyTable): Promise<void> {
  const keyDigest = digestRoom()
  const fingerprint = digestRoom()
  const isEmpty = table.size === 0
  for await (const known of snapshot.fingerprints()) {
    for (const one of known) {
      if (scope.originOf(one.fingerprint) === 'foreign') continue
      digest(one.key, keyDigest)
      const text = scope.digestIn(one.fingerprint)
      const isKnown = one.again !== true && text !== null && parseDigest(text, fingerprint)
      const found = isEmpty ? -1 : table.find(keyDigest)
      enter(table, found, keyDigest, isKnown ? fingerprint : null, isOurs(one, scope))
    }
  }
}

/** Enters a key of the snapshot. `found`: the entry that an old index has of it, or -1. */
function enter(
  table: KeyTable,
  found: number,
  key: DigestWords,
  fingerprint: DigestWords | null,
  ours: boolean,
): void {
  if (found >= 0 && isAsKept(table, found, fingerprint, ours)) {
    table.mark(found, mark.inSnapshot)
    return
  }
  if (found >= 0) forgetKept(table, found)
  const entry = found < 0 ? table.add(key) : table.supersede(found)
  table.mark(entry, mark.inSnapshot)
  if (ours) table.mark(entry, mark.ours)
  if (fingerprint === null) return
  table.fingerprints.set(entry, fingerprint)
  table.mark(entry, mark.fingerprintKnown)
}

/** Whether an entry of an old index says just this. */
function isAsKept(
  table: KeyTable,
  entry: number,
  fingerprint: DigestWords | null,
  ours: boolean,
): boolean {
  const isKept = fingerprint !== null && table.isMarked(entry, mark.fingerprintKept)
  const isSame = isKept && table.fingerprints.equals(entry, fingerprint)
  return isSame && table.isMarked(entry, mark.ours) === ours
}

/**
 * The keys of the snapshot that millrace delivered by the mode as it is now and no row has, in its order, in batches. `table`:
 * its keys, with those that have a row marked.
 */
export async function* departedKeys(
  snapshot: SnapshotReader,
  table: KeyTable,
): AsyncGenerator<readonly string[]> {
  const departed = new DigestIndex(table.keys, 0)
  let left = 0
  for (let entry = 0; entry < table.size; entry += 1) {
    if (!table.isMarked(entry, mark.ours) || table.isMarked(entry, mark.seen)) continue
    departed.add(entry)
    left += 1
  }
  const keyDigest = digestRoom()
  for await (const keys of snapshot.keys()) {
    const found = keys.filter((key) => {
      digest(key, keyDigest)
      return departed.find(keyDigest) >= 0
    })
    if (found.length > 0) yield found
    left -= found.length
    if (left === 0) return
  }
}

/** The keys of the snapshot that no row has, in its order, in batches. `table`: its keys, with those that have one marked. */
export async function* rowlessKeys(
  snapshot: SnapshotReader,
  table: KeyTable,
): AsyncGenerator<readonly KnownKey[]> {
  const keyDigest = digestRoom()
  for await (const known of snapshot.fingerprints()) {
    yield known.filter(({ key }) => {
      digest(key, keyDigest)
      const entry = table.find(keyDigest)
      return entry < 0 || !table.isMarked(entry, mark.seen)
    })
  }
}

/** Whether a key was delivered by the mode as it is now and not taken away since. */
export function isOurs(
  { delivered, removed, fingerprint }: Omit<KnownKey, 'key'>,
  scope: Scope,
): boolean {
  return delivered && removed === null && scope.originOf(fingerprint) === scope.effect
}
