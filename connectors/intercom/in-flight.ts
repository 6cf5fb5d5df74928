/** Requests under way beyond what the averages ask for: latencies vary, and a window's start is to be used at once. */
const headroom = 1.5

/** Fewer are never held to: one slow answer among them must not be felt. */
const fewest = 8

/** Before anything was answered; the budget starts with fewer. */
const atFirst = 50

/** How much a single answer moves the average. */
const weight = 0.1

/**
 * How many requests may be under way at once: as many as the server's limit takes at the latency that was measured
 * (Little's law), so that a slow server is answered with more of them, a small limit with few.
 */
export class InFlight {
  readonly #most: number
  /** Milliseconds from sending to the end of the answer, on average; null before the first answer. */
  #latency: number | null = null

  /** `most`: never more than so many. */
  constructor(most: number) {
    this.#most = most
  }

  /** Learns how long a request took, in milliseconds. */
  learn(latency: number): void {
    this.#latency =
      this.#latency === null ? latency : this.#latency + (latency - this.#latency) * weight
  }

  /** How many, where the server takes `rate` requests per millisecond; null where that is not known yet. */
  allowed(rate: number | null): number {
    if (rate === null || this.#latency === null) return Math.min(atFirst, this.#most)
    if (rate === Number.POSITIVE_INFINITY) return this.#most
    const needed = Math.ceil(headroom * rate * this.#latency)
    return Math.min(Math.max(needed, fewest), this.#most)
  }
}
