import type { Activation } from '../config/activation.ts'
import type { Operation, Removal, TargetRecord } from '../connector/index.ts'
import { digest, digestRoom } from './digest.ts'
import { fingerprintOf } from './fingerprint.ts'
import type { SnapshotEntry, SnapshotReader } from './interfaces.ts'
import { nativeId } from './key.ts'
import type { KeyLedger } from './key-ledger.ts'
import type { KeyTable } from './key-table.ts'
import { isOurs } from './known-keys.ts'
import type { ListName } from './list-text.ts'
import type { Mapping } from './mapping.ts'
import { mark } from './pending.ts'
import type { Scope } from './scope.ts'
import { unanswered } from './unanswered.ts'

const keysPerLookUp = 500

export interface RemovalOptions {
  readonly activation: Activation
  readonly mapping: Pick<Mapping, 'lists'>
  readonly scope: Scope
  readonly snapshot: SnapshotReader
  /** The keys of the snapshot, with those that have a row marked. */
  readonly table: KeyTable
  readonly ledger: KeyLedger
  /** Whether a row had this id of the target's own. */
  isSeen(id: string): boolean
}

/** Plans what `on_removed` says for every key that millrace delivered and that no row has. Called after the last row. */
export async function planRemovals(options: RemovalOptions): Promise<void> {
  const { activation, mapping, scope, snapshot, table, ledger, isSeen } = options
  const { onRemoved } = activation
  if (onRemoved === 'keep' || ledger.tally.removed === 0) return
  const wanted = await wantedIds(snapshot, table)
  for await (const entries of departedEntries(snapshot, table, scope)) {
    // A record that has another key in the query is still wanted.
    const departed = entries.filter(({ id }) => id === null || !(isSeen(id) || wanted.has(id)))
    ledger.tally.removed -= entries.length - departed.length
    const operations = departed.map((entry) => {
      const operation = removalOf(onRemoved, activation, mapping.lists, entry)
      return { ...operation, fingerprint: scope.sign(fingerprintOf(operation.record)) }
    })
    await ledger.remove(operations)
  }
}

/** The ids that several keys have, one of them in the query: two records were merged, or the key was another once. */
async function wantedIds(snapshot: SnapshotReader, table: KeyTable): Promise<ReadonlySet<string>> {
  const keyDigest = digestRoom()
  const wanted = new Set<string>()
  for await (const shared of snapshot.sharedIds()) {
    for (const { key, id } of shared) {
      digest(key, keyDigest)
      const entry = table.find(keyDigest)
      if (id !== null && entry >= 0 && table.isMarked(entry, mark.seen)) wanted.add(id)
    }
  }
  return wanted
}

/** Entries of the snapshot whose rows left the query, in batches and in the snapshot's order. */
async function* departedEntries(
  snapshot: SnapshotReader,
  table: KeyTable,
  scope: Scope,
): AsyncGenerator<readonly SnapshotEntry[]> {
  const keyDigest = digestRoom()
  let keys: string[] = []
  const look = async () => {
    const found = await snapshot.entries(keys)
    const entries = keys.flatMap((key) => found.get(key) ?? [])
    keys = []
    return entries
  }
  for await (const known of snapshot.fingerprints()) {
    for (const one of known) {
      if (!isOurs(one, scope)) continue
      digest(one.key, keyDigest)
      if (table.isMarked(table.find(keyDigest), mark.seen)) continue
      keys.push(one.key)
      if (keys.length >= keysPerLookUp) yield await look()
    }
  }
  if (keys.length > 0) yield await look()
}

/** What is done to one record whose row left the query: what `on_removed` says. */
function removalOf(
  kind: Exclude<Removal, 'keep'>,
  activation: Activation,
  lists: readonly ListName[],
  entry: SnapshotEntry,
): Omit<Operation, 'ordinal' | 'fingerprint'> {
  const { key, id, sent } = entry
  const held = lists.filter((list) => sent !== null && Object.hasOwn(sent, list))
  return {
    key,
    kind,
    removal: true,
    id,
    record: {
      ...identifying(activation, sent ?? {}),
      ...(kind === 'untag' && Object.fromEntries(held.map((list) => [list, []]))),
    },
    held: sent,
    changed: kind === 'untag' ? held : [],
    ...unanswered(entry),
    archivedByUs: false,
  }
}

/** The fields of a record that tell the target which one it is. */
function identifying({ identifier, object }: Activation, sent: TargetRecord): TargetRecord {
  const names =
    identifier === null ? object.requiresOneOf : identifier === nativeId ? [] : [identifier]
  const held = names.filter((name) => Object.hasOwn(sent, name) && sent[name] !== null)
  return Object.fromEntries(held.map((name) => [name, sent[name] ?? null]))
}
