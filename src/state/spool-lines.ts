import type { Operation } from '../connector/index.ts'
import { lineOf, operationIn } from './operation-line.ts'
import type { Seal } from './seal.ts'

/** As much of a spooled operation as can be read without its seal. */
export type Head = Pick<Operation, 'ordinal' | 'key' | 'kind'>

const sealedLine = '{"sealed":'

/** Operations as a chunk holds them: one line of JSON each; sealed, their heads, and in a last line all of them. */
export function chunkOf(operations: readonly Operation[], seal: Seal | null): string {
  const text = operations.map(lineOf).join('\n')
  if (seal === null) return text
  const heads = operations.map(({ ordinal, key, kind }) => JSON.stringify({ ordinal, key, kind }))
  return [...heads, JSON.stringify({ sealed: seal.close(text) })].join('\n')
}

/** The operations of a chunk. Throws where it was sealed by another process. */
export function operationsIn(chunk: string, seal: Seal | null): Operation[] {
  const last = chunk.slice(chunk.lastIndexOf('\n') + 1)
  if (!last.startsWith(sealedLine)) return chunk.split('\n').map(operationIn)
  if (seal === null) throw new Error('a plan is sealed')
  const { sealed } = JSON.parse(last) as { readonly sealed: string }
  return seal.open(sealed).split('\n').map(operationIn)
}

/** The heads of a chunk's operations, sealed or not. */
export function headsIn(chunk: string): Head[] {
  const end = chunk.lastIndexOf('\n')
  const isSealed = chunk.startsWith(sealedLine, end + 1)
  const lines = isSealed ? chunk.slice(0, end) : chunk
  return lines.split('\n').map((line) => JSON.parse(line) as Head)
}
