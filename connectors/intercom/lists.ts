import type { Delivery, Operation, TargetRecord } from '../../src/connector/index.ts'

/** An operation whose record is in place: written, or found where nothing of it had to be written. */
export interface Placed {
  readonly operation: Operation
  /** Intercom's id of the record, which the lists hang on. */
  readonly id: string
  /**
   * True where the record is not the one that `operation.held` tells of (it was created just now, or the one that
   * was known is gone or was merged): then everything wanted is put there, whatever was held, and what is to be
   * taken away may not be there.
   */
  readonly moved: boolean
}

/**
 * Lists that were not brought into the desired state, or only in part: `held` says what is there now; undefined where
 * there is no record, nor was one before.
 */
export type ListFailure = Exclude<Delivery, { result: 'applied' }> & {
  readonly held: TargetRecord | undefined
}

/**
 * Brings the lists (tags, companies) of a batch of records into the state that their operations want: adds what is
 * wanted and not held, removes what is held and not wanted, touches nothing else.
 */
export interface ListDelivery {
  /**
   * Takes a whole batch, so that changes can be grouped. Calls `report` once per operation as soon as it is known
   * how its lists ended, with null where they are as wanted. What is not reported when the promise settles was
   * not begun; once `signal` aborts, no new request is started. Throws `StopRunError`.
   */
  deliver(
    placed: readonly Placed[],
    report: (ordinal: number, failure: ListFailure | null) => void,
    signal: AbortSignal,
  ): Promise<void>
}

/** The lists of a record as they stand before anything of them was changed. */
export function listsBefore({ operation, moved }: Placed): TargetRecord {
  const { record, held } = operation
  const names = ['tags', 'companies'].filter((name) => Object.hasOwn(record, name))
  return Object.fromEntries(names.map((name) => [name, moved ? [] : (held?.[name] ?? [])]))
}

/** Whether an operation wants anything of its lists: they differ, or are to be emptied. */
export function listsDiffer(operation: Operation): boolean {
  const { kind, changed } = operation
  if (kind === 'delete' || kind === 'archive') return false
  return kind === 'untag' || changed.includes('tags') || changed.includes('companies')
}

/**
 * Whether nothing but lists differs, so that the record itself needs no request once its id is known. One that
 * millrace archived has to be brought back first.
 */
export function onlyListsDiffer(operation: Operation): boolean {
  const { kind, changed, archivedByUs } = operation
  if (kind === 'untag') return true
  return (
    kind === 'update' &&
    !archivedByUs &&
    changed.length > 0 &&
    changed.every((field) => field === 'tags' || field === 'companies')
  )
}
