/** How much two clocks may drift apart, per millisecond. */
const drift = 1e-4

/**
 * What is known of the server's clock: the offset (server minus ours, in milliseconds) as an interval that
 * every answer narrows.
 */
export class ServerClock {
  #low = Number.NEGATIVE_INFINITY
  #high = Number.POSITIVE_INFINITY
  #learntAt = 0

  /** The smallest offset that the evidence allows; 0 as long as there is none. */
  get low(): number {
    return Number.isFinite(this.#low) ? this.#low : 0
  }

  /** The largest offset that the evidence allows; 0 as long as there is none. */
  get high(): number {
    return Number.isFinite(this.#high) ? this.#high : 0
  }

  /**
   * Learns from one answer: at some moment between `sentAt` and `answeredAt` (our clock) the server's clock
   * stood in [from, until). Evidence that contradicts all earlier evidence replaces it: a clock was set.
   */
  learn(from: number, until: number, sentAt: number, answeredAt: number): void {
    const low = from - answeredAt
    const high = until - sentAt
    const slack = Math.max(0, answeredAt - this.#learntAt) * drift
    this.#learntAt = answeredAt
    const lowest = Math.max(low, this.#low - slack)
    const highest = Math.min(high, this.#high + slack)
    const agrees = lowest <= highest
    this.#low = agrees ? lowest : low
    this.#high = agrees ? highest : high
  }
}
