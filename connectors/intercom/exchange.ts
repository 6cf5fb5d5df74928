import type { Dispatcher } from 'undici'
import type { HttpHeaders } from './answer.ts'
import type { Deadlines } from './deadlines.ts'

/** The whole of an answer. */
export interface Received {
  readonly status: number
  readonly headers: HttpHeaders
  readonly text: string
}

/** Thrown where the answer was not complete in time. */
export class TooLate extends Error {
  override readonly name = 'TooLate'
}

/**
 * Sends a request and collects its answer. Throws `TooLate`, and what the driver says where the connection fails.
 * Without the streams and signals that undici's own `request` makes of each.
 */
export function exchange(
  dispatcher: Dispatcher,
  request: Dispatcher.DispatchOptions,
  deadlines: Deadlines,
): Promise<Received> {
  return new Promise((resolve, reject) => {
    const collector = new Collector(resolve, reject)
    collector.inTime = deadlines.start(() => collector.giveUp())
    dispatcher.dispatch(request, collector)
  })
}

class Collector implements Dispatcher.DispatchHandler {
  inTime: () => void = () => {}
  readonly #resolve: (received: Received) => void
  readonly #reject: (error: Error) => void
  readonly #chunks: Buffer[] = []
  #controller: Dispatcher.DispatchController | null = null
  #late: TooLate | null = null
  #status = 0
  #headers: HttpHeaders = {}

  constructor(resolve: (received: Received) => void, reject: (error: Error) => void) {
    this.#resolve = resolve
    this.#reject = reject
  }

  /** Breaks the request off, now or as soon as it has a connection. */
  giveUp(): void {
    this.#late = new TooLate()
    this.#controller?.abort(this.#late)
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#late !== null) controller.abort(this.#late)
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: HttpHeaders): void {
    this.#status = status
    this.#headers = headers
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#chunks.push(chunk)
  }

  onResponseEnd(): void {
    this.inTime()
    const [first] = this.#chunks
    const whole = this.#chunks.length === 1 && first ? first : Buffer.concat(this.#chunks)
    this.#resolve({ status: this.#status, headers: this.#headers, text: whole.toString() })
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    this.inTime()
    this.#reject(this.#late ?? error)
  }
}
