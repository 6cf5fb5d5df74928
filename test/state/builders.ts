import type { Failure, Operation, Outcome } from '../../src/connector/index.ts'
import type { SnapshotEntry, SnapshotReader } from '../../src/plan/interfaces.ts'
import type { AboutRun, FailureRecord, Lock, RunState, StateStore } from '../../src/state/store.ts'

export function operation(ordinal: number, more: Partial<Operation> = {}): Operation {
  return {
    ordinal,
    key: `key-${ordinal}`,
    kind: 'create',
    removal: false,
    id: null,
    held: null,
    archivedByUs: false,
    unansweredSince: null,
    record: { name: `Name ${ordinal}` },
    changed: ['name'],
    fingerprint: `fingerprint-${ordinal}`,
    ...more,
  }
}

export function applied(operation: Operation, more: Partial<Outcome> = {}): Outcome {
  const { ordinal, key, kind, removal, record, fingerprint } = operation
  return {
    ordinal,
    key,
    kind,
    removal,
    held: record,
    fingerprint,
    status: 'applied',
    id: `id-${key}`,
    created: kind === 'create',
    attempts: 1,
    ...more,
  }
}

export function unapplied(
  operation: Operation,
  status: Exclude<Outcome['status'], 'applied'>,
  more: Partial<Outcome> = {},
): Outcome {
  return {
    ...applied(operation),
    held: undefined,
    status,
    id: undefined,
    created: false,
    failure: failure('server_error'),
    ...more,
  }
}

export function failure(code: Failure['code'], message = `it was ${code}`): Failure {
  return { code, message }
}

/** What the store is told of an activation of contacts. */
export function about(identifier: string | null = 'email'): AboutRun {
  return {
    identifier,
    target: 'intercom',
    object: 'contact',
    keyField: identifier,
    settings: 'settings',
    full: null,
    keepValues: true,
  }
}

/** Takes the lock of an activation that nobody holds. */
export async function lock(
  store: StateStore,
  activation = 'people',
  lease = 60_000,
): Promise<Lock> {
  const answer = await store.acquireLock(activation, 'test', lease)
  if (!('token' in answer)) throw new Error(`the lock is held by ${answer.holder}`)
  return answer
}

export async function pendingOrdinals(run: RunState, size = 100): Promise<number[]> {
  const ordinals: number[] = []
  for await (const batch of run.pending(size)) ordinals.push(...batch.map(({ ordinal }) => ordinal))
  return ordinals
}

export async function failuresOf(
  store: StateStore,
  filter: { activation?: string; run?: number } = {},
): Promise<FailureRecord[]> {
  const records: FailureRecord[] = []
  for await (const batch of store.failures(filter)) records.push(...batch)
  return records
}

export async function wholeSnapshot(reader: SnapshotReader): Promise<Map<string, SnapshotEntry>> {
  const keys: string[] = []
  for await (const batch of reader.fingerprints()) keys.push(...batch.map(({ key }) => key))
  return new Map(await reader.entries(keys))
}
