import type { Activation } from '../config/activation.ts'
import type { Mode, Operation, OperationKind, TargetRecord } from '../connector/index.ts'
import { differingFields } from './diff.ts'
import type { SnapshotEntry } from './interfaces.ts'
import type { Mapping } from './mapping.ts'
import type { Scope } from './scope.ts'
import { type Stand, standOf } from './stand.ts'

/** What a row wants. */
export interface Wish {
  /** With the fields of `when: create`. */
  readonly record: TargetRecord
  /** The target's own id, where the row has it. */
  readonly id: string | null
  readonly fingerprint: string
}

/** What has to be done for one key. */
export interface Decision
  extends Pick<Operation, 'id' | 'record' | 'held' | 'changed' | 'archivedByUs'> {
  readonly kind: Exclude<OperationKind, 'untag'>
  /** As in `Operation`. */
  readonly again: boolean
}

/** Decides on one row by what the snapshot says of its key; null where nothing has to be done. */
export type Decide = (wish: Wish, before: SnapshotEntry | undefined) => Decision | null

/** How the rows of an activation are decided on. */
export function decideBy(
  activation: Pick<Activation, 'mode' | 'identifier' | 'key' | 'keepValues'>,
  mapping: Pick<Mapping, 'withoutCreateOnly'>,
  scope: Scope,
): Decide {
  const { mode } = activation
  if (mode === 'delete' || mode === 'archive') {
    return (wish, before) => takingAway(mode, activation, wish, before)
  }
  return (wish, before) => holding(mode, mapping, wish, standOf(before, scope))
}

/** Modes delete and archive: once per record, which is all that there is to say. */
function takingAway(
  kind: 'delete' | 'archive',
  { identifier, key, keepValues }: Pick<Activation, 'identifier' | 'key' | 'keepValues'>,
  { record, id, fingerprint }: Wish,
  before: SnapshotEntry | undefined,
): Decision | null {
  if (before?.fingerprint === fingerprint) return null
  const held = before?.sent ?? null
  // The id that is known belongs to the record of the identifier that was known.
  const formerly = identifier === null ? undefined : held?.[identifier]
  // Without values only a key that is the identifier says that it is still the same.
  const isSame =
    formerly === undefined
      ? keepValues || key === null || held === null
      : formerly === record[identifier ?? '']
  const known = isSame && before?.removed !== 'delete' ? (before?.id ?? null) : null
  return { kind, id: id ?? known, record, held, again: false, changed: [], archivedByUs: false }
}

/** Modes upsert, update and insert: the target shall hold the record. */
function holding(
  mode: Exclude<Mode, 'delete' | 'archive'>,
  { withoutCreateOnly }: Pick<Mapping, 'withoutCreateOnly'>,
  wish: Wish,
  before: Stand | null,
): Decision | null {
  if (mode === 'insert' && before?.isCertain === true) return null
  const kind = kindOf(mode, wish.id, before)
  const record = kind === 'create' ? wish.record : withoutCreateOnly(wish.record)
  // An id that only a refusal has taught is no reason to write to a record that an insert did not make.
  const known = mode === 'insert' && kind === 'create' ? null : before
  const id = wish.id ?? known?.id ?? null
  if (known === null || (known.id !== null && known.id !== id)) {
    const changed = Object.keys(record)
    return { kind, id, record, held: null, again: false, changed, archivedByUs: false }
  }
  const { again, archivedByUs, isCertain } = known
  const held = isCertain ? known.held : heldStill(record, known.held)
  const changed = changesOf(record, known)
  if (changed === null) return null
  return { kind, id, record, held, again, changed, archivedByUs }
}

function kindOf(
  mode: Exclude<Mode, 'delete' | 'archive'>,
  id: string | null,
  before: Stand | null,
): 'create' | 'update' {
  if (mode === 'update' || before?.isDelivered || before?.isAdopted) return 'update'
  // Where the row itself names the record there is nothing to create.
  return mode === 'upsert' && id !== null ? 'update' : 'create'
}

/**
 * What may be taken for held where a later attempt may have changed it: what is sent again now, and the lists, which say
 * what may be taken away. A field that the record leaves out would otherwise count as held, and never be set right.
 */
function heldStill(record: TargetRecord, held: TargetRecord | null): TargetRecord | null {
  if (held === null) return null
  const kept = Object.entries(held).filter(
    ([name, value]) => Array.isArray(value) || Object.hasOwn(record, name),
  )
  return Object.fromEntries(kept)
}

/** What has to be sent of a record that the target has; null for nothing. */
function changesOf(record: TargetRecord, { held, isCertain }: Stand): readonly string[] | null {
  if (held === null || !isCertain) return Object.keys(record)
  const changed = differingFields(record, held)
  return changed.length === 0 ? null : changed
}
