import type { WriteStream } from 'node:tty'

/** stdout or stderr. Once nobody reads any more (`| head`), what is written is dropped without a sound. */
export class Output {
  readonly #stream: NodeJS.WriteStream | WriteStream
  #closed = false

  constructor(stream: NodeJS.WriteStream | WriteStream) {
    this.#stream = stream
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE' && error.code !== 'ERR_STREAM_DESTROYED') throw error
      this.#closed = true
    })
  }

  /** True where nobody reads any more. */
  get closed(): boolean {
    return this.#closed
  }

  get isTerminal(): boolean {
    return this.#stream.isTTY === true
  }

  /** The terminal's columns; null where there is no terminal. */
  get columns(): number | null {
    return this.isTerminal ? this.#stream.columns : null
  }

  /** Resolves when the text was handed to the system, to false where nobody reads any more. */
  async write(text: string): Promise<boolean> {
    if (this.#closed) return false
    return new Promise((resolve) => {
      this.#stream.write(text, (error) => {
        if (error) this.#closed = true
        resolve(!this.#closed)
      })
    })
  }

  /** Writes without waiting, for what is small and drawn often. */
  put(text: string): void {
    if (!this.#closed) this.#stream.write(text)
  }

  /** Resolves when all that was written was handed to the system, or nobody reads any more. */
  async flush(): Promise<void> {
    await this.write('')
  }
}
