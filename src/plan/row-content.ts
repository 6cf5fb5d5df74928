import type { Value } from '../connector/index.ts'
import { type DigestWords, lastingDigest } from './digest.ts'

/** Writes to `into` what stands for a row that becomes no record: the digest of the values at some positions. */
export function digestRow(
  row: readonly Value[],
  positions: readonly number[],
  into: DigestWords,
): void {
  lastingDigest(`row ${rowContent(row, positions)}`, into)
}

/** A text that stands for some of a row's values: rows that differ in them have different texts. */
export function rowContent(row: readonly Value[], positions: readonly number[]): string {
  const values = positions.map((position) => row[position])
  return JSON.stringify(values, (_, value: unknown) => {
    if (typeof value === 'bigint') return { integer: String(value) }
    if (typeof value === 'number' && !Number.isFinite(value)) return { float: String(value) }
    if (value instanceof Uint8Array) return { bytes: Buffer.from(value).toString('base64') }
    return value
  })
}
