import type { Operation } from '../connector/index.ts'
import { operationsIn } from './operation-lines.ts'
import type { Seal } from './seal.ts'

/** As much of a spooled operation as can be read without its seal. */
export type Head = Pick<Operation, 'ordinal' | 'key' | 'kind'>

const sealedLine = '{"sealed":'

/** What a sealed chunk says of an operation for all to read. */
export function headLine({ ordinal, key, kind }: Head): string {
  return JSON.stringify({ ordinal, key, kind })
}

/** A chunk that only this process can open: the lines of its heads, and in a last line its text. */
export function sealedChunk(heads: readonly string[], text: Uint8Array, seal: Seal): string {
  return [...heads, JSON.stringify({ sealed: seal.close(text) })].join('\n')
}

/** The operations of a chunk. Throws where it was sealed by another process. */
export function openChunk(chunk: string, seal: Seal | null): Iterable<Operation> {
  const last = chunk.slice(chunk.lastIndexOf('\n') + 1)
  if (!last.startsWith(sealedLine)) return operationsIn(chunk)
  if (seal === null) throw new Error('a plan is sealed')
  const { sealed } = JSON.parse(last) as { readonly sealed: string }
  return operationsIn(seal.open(sealed))
}

/** The heads of a chunk's operations, sealed or not. */
export function headsIn(chunk: string): Head[] {
  const end = chunk.lastIndexOf('\n')
  const isSealed = chunk.startsWith(sealedLine, end + 1)
  const lines = isSealed ? chunk.slice(0, end) : chunk
  return lines.split('\n').map((line) => JSON.parse(line) as Head)
}
