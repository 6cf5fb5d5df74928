import type { Value } from '../connector/index.ts'

/** A text that stands for a row's values: rows that differ have different texts. */
export function rowContent(row: readonly Value[]): string {
  return JSON.stringify(row, (_, value: unknown) => {
    if (typeof value === 'bigint') return { integer: String(value) }
    if (typeof value === 'number' && !Number.isFinite(value)) return { float: String(value) }
    if (value instanceof Uint8Array) return { bytes: Buffer.from(value).toString('base64') }
    return value
  })
}
