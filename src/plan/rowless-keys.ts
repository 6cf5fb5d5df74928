import { StopRunError } from '../connector/index.ts'
import type { KnownKey, SnapshotReader } from './interfaces.ts'
import type { Scope } from './scope.ts'

const keysPerChunk = 1 << 16

/**
 * Which keys of the snapshot have no row: one bit for each, by its place in the snapshot's order, in chunks that are made
 * where there is such a key.
 */
export class RowlessKeys {
  readonly #chunks: (Uint8Array | undefined)[] = []
  /** How many keys there are, with and without a row. */
  count = 0

  mark(position: number): void {
    const number = Math.floor(position / keysPerChunk)
    const place = position % keysPerChunk
    this.#chunks[number] ??= new Uint8Array(keysPerChunk / 8)
    const chunk = this.#chunks[number]
    chunk[place >> 3] = (chunk[place >> 3] as number) | (1 << (place & 7))
  }

  /**
   * These keys, in batches. Keys that were delivered to another object have no place, and no row. Throws `StopRunError`
   * where the snapshot is not the one that was gone through.
   */
  async *among(snapshot: SnapshotReader, scope: Scope): AsyncGenerator<readonly KnownKey[]> {
    let position = 0
    for await (const known of snapshot.fingerprints()) {
      yield known.filter(({ fingerprint }) => {
        if (scope.originOf(fingerprint) === 'foreign') return true
        const isRowless = this.#has(position)
        position += 1
        return isRowless
      })
    }
    if (position !== this.count) {
      throw new StopRunError(
        'The state was changed while the plan was made, by another run of the activation. Plan once more.',
      )
    }
  }

  #has(position: number): boolean {
    const chunk = this.#chunks[Math.floor(position / keysPerChunk)]
    const place = position % keysPerChunk
    return chunk !== undefined && ((chunk[place >> 3] as number) & (1 << (place & 7))) !== 0
  }
}
