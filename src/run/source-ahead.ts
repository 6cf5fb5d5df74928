import type { Source } from '../connector/index.ts'

/**
 * A source that is opened before it is needed, since a warehouse takes its time to log somebody in. What opening it fails
 * with is for whoever takes it.
 */
export class SourceAhead {
  readonly #open: () => Promise<Source>
  #opening: Promise<Source> | null = null

  constructor(open: () => Promise<Source>) {
    this.#open = open
  }

  /** Opens it, and settles when that has ended either way. */
  async begin(): Promise<void> {
    this.#opening ??= this.#open()
    await this.#opening.catch(() => {})
  }

  /** The source, for the caller to close: the one that was begun, or else one that is opened now. */
  take(): Promise<Source> {
    const opening = this.#opening ?? this.#open()
    this.#opening = null
    return opening
  }

  /** Closes it where nobody took it. Never throws. */
  async drop(): Promise<void> {
    const opening = this.#opening
    this.#opening = null
    const source = await opening?.catch(() => null)
    await source?.close().catch(() => {})
  }
}
