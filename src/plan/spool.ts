import type { Operation } from '../connector/index.ts'
import type { PlanSink, RejectedRow, RenewedKey } from './interfaces.ts'

/** Few, so that an operation is handed on and forgotten before it counts as one of the old objects in memory. */
const operationsPerBatch = 16

/** More, since what is made of them is recorded at once, in a transaction of its own. */
const batchSize = 500

/**
 * Gathers what is planned into batches for the sink, and spares it what is replaced in the meantime. A sink that has a
 * spool of its own gets operations at once.
 */
export class Spool {
  readonly #sink: PlanSink
  // A map that is cleared keeps what it held alive as long as V8 takes what it was for old: new ones take its place.
  #operations = new Map<number, Operation>()
  readonly #rejected = new Map<number, RejectedRow>()
  #waiting: string[] = []
  #renewed: RenewedKey[] = []

  constructor(sink: PlanSink) {
    this.#sink = sink
  }

  add(operation: Operation): void {
    if (this.#sink.spool === undefined) this.#operations.set(operation.ordinal, operation)
    else this.#sink.spool.add(operation)
  }

  /** Takes the place of whatever has the same ordinal. */
  reject(row: RejectedRow): void {
    this.#operations.delete(row.ordinal)
    this.#rejected.set(row.ordinal, row)
  }

  wait(key: string): void {
    this.#waiting.push(key)
  }

  renew(key: RenewedKey): void {
    this.#renewed.push(key)
  }

  /** Whether there is a full batch. */
  get isFull(): boolean {
    return (
      this.#operations.size >= operationsPerBatch ||
      this.#sink.spool?.isFull === true ||
      this.#rejected.size >= batchSize ||
      this.#waiting.length >= batchSize ||
      this.#renewed.length >= batchSize
    )
  }

  /** Hands on full batches. */
  async drain(): Promise<void> {
    await this.#sink.spool?.drain()
    if (this.#operations.size >= operationsPerBatch) await this.#addAll()
    if (this.#rejected.size >= batchSize) await this.#rejectAll()
    if (this.#waiting.length >= batchSize) await this.#waitAll()
    if (this.#renewed.length >= batchSize) await this.#renewAll()
  }

  /** Hands on everything. */
  async flush(): Promise<void> {
    await this.#addAll()
    await this.#rejectAll()
    await this.#waitAll()
    await this.#renewAll()
  }

  async #addAll(): Promise<void> {
    const operations = [...this.#operations.values()]
    this.#operations = new Map()
    for (let start = 0; start < operations.length; start += batchSize) {
      await this.#sink.add(operations.slice(start, start + batchSize))
    }
  }

  async #waitAll(): Promise<void> {
    const keys = this.#waiting
    this.#waiting = []
    for (let start = 0; start < keys.length; start += batchSize) {
      await this.#sink.wait(keys.slice(start, start + batchSize))
    }
  }

  async #renewAll(): Promise<void> {
    const keys = this.#renewed
    this.#renewed = []
    for (let start = 0; start < keys.length; start += batchSize) {
      await this.#sink.renew(keys.slice(start, start + batchSize))
    }
  }

  async #rejectAll(): Promise<void> {
    const rows = [...this.#rejected.values()]
    this.#rejected.clear()
    for (let start = 0; start < rows.length; start += batchSize) {
      await this.#sink.reject(rows.slice(start, start + batchSize))
    }
  }
}
