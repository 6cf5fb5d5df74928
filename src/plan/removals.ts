import type { Activation } from '../config/activation.ts'
import type { Operation, Removal, TargetRecord } from '../connector/index.ts'
import { fingerprintOf } from './fingerprint.ts'
import type { KnownKey, SnapshotEntry, SnapshotReader } from './interfaces.ts'
import { nativeId } from './key.ts'
import type { KeyLedger } from './key-ledger.ts'
import { isOurs } from './known-keys.ts'
import type { ListName } from './list-text.ts'
import type { Mapping } from './mapping.ts'
import type { Scope } from './scope.ts'
import { unanswered } from './unanswered.ts'

const keysPerLookUp = 500

/** So many ids are looked for at a time, among all keys. */
const mostIds = 10_000

export interface RemovalOptions {
  readonly activation: Activation
  readonly mapping: Pick<Mapping, 'lists'>
  readonly scope: Scope
  readonly snapshot: SnapshotReader
  readonly ledger: KeyLedger
  /** The keys of the snapshot that millrace delivered by the mode as it is now and no row has, in its order, in batches. */
  departed(): AsyncIterable<readonly string[]>
  /** The keys of the snapshot that no row has, in its order, in batches. */
  rowless(): AsyncIterable<readonly KnownKey[]>
  /** Whether a row had this id of the target's own. */
  isSeen(id: string): boolean
  /** Hears the keys that left and are let be. */
  readonly onSpared?: (keys: readonly string[]) => void
}

/** Whether anything is done to records whose rows left the query. */
export function takesAway({ onRemoved }: Activation, scope: Scope): boolean {
  return onRemoved !== 'keep' && scope.effect === 'held'
}

/** Plans what `on_removed` says for every key that millrace delivered and that no row has. Called after the last row. */
export async function planRemovals(options: RemovalOptions): Promise<void> {
  const { activation, mapping, scope, ledger, isSeen, onSpared } = options
  const { onRemoved } = activation
  if (onRemoved === 'keep' || ledger.tally.removed === 0) return
  const wanted = await wantedIds(options)
  for await (const entries of departedEntries(options)) {
    // A record that has another key in the query is still wanted.
    const isWanted = ({ id }: SnapshotEntry) => id !== null && (isSeen(id) || wanted.has(id))
    const departed = entries.filter((entry) => !isWanted(entry))
    ledger.tally.removed -= entries.length - departed.length
    const operations = departed.map((entry) => {
      const operation = removalOf(onRemoved, activation, mapping.lists, entry)
      return { ...operation, fingerprint: scope.sign(fingerprintOf(operation.record)) }
    })
    const waiting = await ledger.remove(operations)
    onSpared?.([...entries.filter(isWanted).map(({ key }) => key), ...waiting])
  }
}

/** The ids of departed keys that another key has which is in the query: two records were merged, or the key was another once. */
async function wantedIds(options: RemovalOptions): Promise<ReadonlySet<string>> {
  const { snapshot, rowless } = options
  const wanted = new Map<string, string>()
  const departed = new Map<string, string>()
  const look = async () => {
    for await (const found of snapshot.keysOf([...new Set(departed.values())])) {
      for (const { key, id } of found) if (id !== null && !departed.has(key)) wanted.set(key, id)
    }
    departed.clear()
  }
  for await (const entries of departedEntries(options)) {
    for (const { key, id } of entries) if (id !== null) departed.set(key, id)
    if (departed.size >= mostIds) await look()
  }
  if (departed.size > 0) await look()
  if (wanted.size > 0) {
    for await (const keys of rowless()) for (const { key } of keys) wanted.delete(key)
  }
  return new Set(wanted.values())
}

/** Entries of the snapshot whose rows left the query, in batches and in the snapshot's order. */
async function* departedEntries({
  snapshot,
  departed,
}: RemovalOptions): AsyncGenerator<readonly SnapshotEntry[]> {
  let keys: string[] = []
  const look = async () => {
    const found = await snapshot.entries(keys)
    const entries = keys.flatMap((key) => found.get(key) ?? [])
    keys = []
    return entries
  }
  for await (const some of departed()) {
    for (const key of some) {
      keys.push(key)
      if (keys.length >= keysPerLookUp) yield await look()
    }
  }
  if (keys.length > 0) yield await look()
}

/** Of keys that no row has, those that millrace delivered by the mode as it is now. */
export async function* oursAmong(
  rowless: AsyncIterable<readonly KnownKey[]>,
  scope: Scope,
): AsyncGenerator<readonly string[]> {
  for await (const known of rowless) {
    yield known.filter((one) => isOurs(one, scope)).map(({ key }) => key)
  }
}

/** What is done to one record whose row left the query: what `on_removed` says. */
function removalOf(
  kind: Exclude<Removal, 'keep'>,
  activation: Activation,
  lists: readonly ListName[],
  entry: SnapshotEntry,
): Omit<Operation, 'ordinal' | 'fingerprint'> {
  const { key, id, sent } = entry
  const known = activation.keepValues ? (sent ?? {}) : keyAsRecord(activation, key)
  const held = lists.filter((list) => sent !== null && Object.hasOwn(sent, list))
  return {
    key,
    kind,
    removal: true,
    id,
    record: {
      ...identifying(activation, known),
      ...(kind === 'untag' && Object.fromEntries(held.map((list) => [list, []]))),
    },
    held: sent,
    changed: kind === 'untag' ? held : [],
    ...unanswered(entry),
    archivedByUs: false,
  }
}

/** Where values are not kept, the key is all that is known of a record: it is the identifier, or the id does. */
function keyAsRecord({ identifier, key: columns }: Activation, key: string): TargetRecord {
  return identifier === null || columns !== null ? {} : { [identifier]: key }
}

/** The fields of a record that tell the target which one it is. */
function identifying({ identifier, object }: Activation, sent: TargetRecord): TargetRecord {
  const names =
    identifier === null ? object.requiresOneOf : identifier === nativeId ? [] : [identifier]
  const held = names.filter((name) => Object.hasOwn(sent, name) && sent[name] !== null)
  return Object.fromEntries(held.map((name) => [name, sent[name] ?? null]))
}
