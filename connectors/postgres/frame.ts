/** A frame begins with a byte for its kind and a word for its length, which counts itself. */
export const headerSize = 5

/** The word at `at`, as the protocol writes numbers: the highest byte first. */
export function wordAt(bytes: Buffer, at: number): number {
  return (
    ((bytes[at] as number) << 24) |
    ((bytes[at + 1] as number) << 16) |
    ((bytes[at + 2] as number) << 8) |
    (bytes[at + 3] as number)
  )
}

/** How many bytes the frame at `at` has, its header included. Throws where no frame can be so long. */
export function frameSize(bytes: Buffer, at: number): number {
  const length = wordAt(bytes, at + 1)
  if (length < 4) throw new Error('The server sent what is no frame of its protocol')
  return 1 + length
}

/** A frame that a chunk broke off in, while the rest of it comes. */
export class CutFrame {
  /** As much of the frame as is known to exist: its header, then all of it. */
  #bytes: Buffer
  #filled: number

  /** Takes what `chunk` has of the frame, from `at` to its end. */
  constructor(chunk: Buffer, at: number) {
    const isHeaderWhole = chunk.length - at >= headerSize
    this.#bytes = Buffer.allocUnsafe(isHeaderWhole ? frameSize(chunk, at) : headerSize)
    this.#filled = chunk.copy(this.#bytes, 0, at)
  }

  /** The frame once all of it is there, else null. */
  get whole(): Buffer | null {
    return this.#filled < this.#bytes.length ? null : this.#bytes
  }

  /** Adds what the next chunk has of the frame, and returns where the chunk goes on. */
  add(chunk: Buffer): number {
    const wasHeader = this.#filled < headerSize
    const taken = this.#fill(chunk, 0)
    if (!wasHeader || this.#filled < headerSize) return taken
    const header = this.#bytes
    this.#bytes = Buffer.allocUnsafe(frameSize(header, 0))
    header.copy(this.#bytes)
    return taken + this.#fill(chunk, taken)
  }

  #fill(chunk: Buffer, from: number): number {
    const taken = chunk.copy(this.#bytes, this.#filled, from)
    this.#filled += taken
    return taken
  }
}
