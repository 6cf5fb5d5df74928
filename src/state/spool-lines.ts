import type { Operation } from '../connector/index.ts'
import type { Seal } from './seal.ts'

/** As much of a spooled operation as can be read without its seal. */
export type Head = Pick<Operation, 'ordinal' | 'key' | 'kind'>

const sealedLine = '{"sealed":'

/** Operations as a chunk holds them: one line of JSON each; sealed, their heads, and in a last line all of them. */
export function chunkOf(
  operations: readonly string[],
  heads: readonly Head[],
  seal: Seal | null,
): string {
  if (seal === null) return operations.join('\n')
  const lines = heads.map(({ ordinal, key, kind }) => JSON.stringify({ ordinal, key, kind }))
  return [...lines, JSON.stringify({ sealed: seal.close(operations.join('\n')) })].join('\n')
}

/** The operations of a chunk. Throws where it was sealed by another process. */
export function operationsIn(chunk: string, seal: Seal | null): Operation[] {
  const last = chunk.slice(chunk.lastIndexOf('\n') + 1)
  if (!last.startsWith(sealedLine)) return parsed<Operation>(chunk)
  if (seal === null) throw new Error('a plan is sealed')
  const { sealed } = JSON.parse(last) as { readonly sealed: string }
  return parsed<Operation>(seal.open(sealed))
}

/** The heads of a chunk's operations, sealed or not. */
export function headsIn(chunk: string): Head[] {
  const end = chunk.lastIndexOf('\n')
  const isSealed = chunk.startsWith(sealedLine, end + 1)
  return parsed<Head>(isSealed ? chunk.slice(0, end) : chunk)
}

function parsed<Line>(lines: string): Line[] {
  return lines.split('\n').map((line) => JSON.parse(line) as Line)
}
