import type { Operation } from '../connector/index.ts'
import { operationsIn } from './packed-operations.ts'
import type { Seal } from './seal.ts'

/** As much of a spooled operation as can be read without its seal. */
export type Head = Pick<Operation, 'ordinal' | 'key' | 'kind'>

/** Some operations as the table has them; `lines` where a version before this one wrote them. */
export interface ChunkContent {
  readonly packed: Uint8Array | ArrayBuffer | null
  readonly lines: string
}

/** The first byte of a chunk. */
const form = { open: 0, sealed: 1 } as const

/** Bytes that say how long the heads of a sealed chunk are. */
const sizeBytes = 4

/** What a chunk begins with whose operations anybody can read. */
export const openChunk = form.open

/** An open chunk as one that only this process can open: its heads for all to read, and behind them its operations. */
export function sealedChunk(heads: readonly Head[], chunk: Uint8Array, seal: Seal): Buffer {
  const legible = Buffer.from(JSON.stringify(heads))
  const front = Buffer.alloc(1 + sizeBytes)
  front[0] = form.sealed
  front.writeUInt32BE(legible.length, 1)
  return Buffer.concat([front, legible, seal.close(chunk)])
}

/** The operations of a chunk. Throws where it was sealed by another process. */
export function operationsOf({ packed }: ChunkContent, seal: Seal | null): Iterable<Operation> {
  if (packed === null) throw new Error('another version wrote this plan')
  const bytes = Buffer.from(packed as Uint8Array)
  if (bytes[0] === form.open) return operationsIn(bytes.subarray(1))
  if (seal === null) throw new Error('a plan is sealed')
  const start = 1 + sizeBytes + bytes.readUInt32BE(1)
  return operationsIn(seal.open(bytes.subarray(start)).subarray(1))
}

/** The heads of a chunk's operations, sealed or not. */
export function headsOf({ packed, lines }: ChunkContent): Head[] {
  if (packed === null) return headsInLines(lines)
  const bytes = Buffer.from(packed as Uint8Array)
  if (bytes[0] === form.open) return [...operationsIn(bytes.subarray(1))]
  const start = 1 + sizeBytes
  return JSON.parse(bytes.toString('utf8', start, start + bytes.readUInt32BE(1))) as Head[]
}

/** Formerly each operation was a line of JSON; with a seal, each head was, and all operations a last one. */
function headsInLines(lines: string): Head[] {
  return lines
    .split('\n')
    .filter((line) => !line.startsWith('{"sealed":'))
    .map((line) => JSON.parse(line) as Head)
}
