import {
  type Operation,
  type OperationKind,
  operationKinds,
  type TargetRecord,
} from '../connector/index.ts'
import { PackedReader } from '../plan/packed-reader.ts'
import { readRecord } from '../plan/packed-record.ts'
import { flag, kindBits, type More, naming, usual } from './packed-form.ts'

/**
 * The operations that an `OperationPacker` wrote. Each is made when it is asked for, so that it is handed on and forgotten
 * before it counts as one of the old objects in memory.
 */
export function* operationsIn(packed: Buffer): Generator<Operation> {
  const reader = new PackedReader(packed)
  let names: readonly string[] = []
  let signature = ''
  let ordinal = 0
  while (!reader.isAtEnd) {
    const first = reader.byte()
    if (first === naming) {
      names = reader.value() as readonly string[]
      signature = reader.value() as string
      continue
    }
    ordinal += reader.count()
    yield readOperation(reader, first, ordinal, names, signature)
  }
}

function readOperation(
  reader: PackedReader,
  first: number,
  ordinal: number,
  names: readonly string[],
  signature: string,
): Operation {
  const keyAt = (first & flag.keyInRecord) === 0 ? -1 : reader.count()
  const ownKey = keyAt < 0 ? reader.value() : undefined
  const isDigest = (first & flag.digest) !== 0
  const fingerprint = isDigest ? reader.digest() + signature : (reader.value() as string)
  const record = readRecord(reader, names)
  const id = (first & flag.id) === 0 ? null : (reader.value() as string)
  const heldAlike = (first & flag.held) === 0 ? null : readRecord(reader, names, record)
  const more: More = (first & flag.more) === 0 ? usual : (reader.json() as More)
  const { again, unansweredRequest } = more
  // Written out, since all of them are then objects of one shape, and made in no time.
  const operation: Operation = {
    ordinal,
    key: (keyAt < 0 ? ownKey : record[names[keyAt] as string]) as string,
    kind: operationKinds[first & kindBits] as OperationKind,
    removal: more.removal ?? usual.removal,
    id,
    record,
    held: more.held ?? heldAlike,
    changed:
      more.changed ?? (heldAlike === null ? Object.keys(record) : differing(record, heldAlike)),
    unansweredSince: more.unansweredSince ?? usual.unansweredSince,
    archivedByUs: more.archivedByUs ?? usual.archivedByUs,
    fingerprint,
  }
  if (again === undefined && unansweredRequest === undefined) return operation
  return {
    ...operation,
    ...(again !== undefined && { again }),
    ...(unansweredRequest !== undefined && { unansweredRequest }),
  }
}

/** The names of what a record has and is not the same in what is held. */
function differing(record: TargetRecord, held: TargetRecord): readonly string[] {
  const names: string[] = []
  for (const name in record) if (held[name] !== record[name]) names.push(name)
  return names
}
