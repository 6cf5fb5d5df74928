import type { Delivery, Failure, Operation, Outcome, Target } from '../../src/connector/index.ts'
import type { OperationQueue, OutcomeJournal } from '../../src/write/interfaces.ts'

export function operation(ordinal: number, record: Operation['record'] = {}): Operation {
  return {
    ordinal,
    key: `key ${ordinal}`,
    kind: 'create',
    removal: false,
    id: null,
    held: null,
    archivedByUs: false,
    unansweredSince: null,
    record: { email: `person${ordinal}@example.com`, ...record },
    changed: ['email'],
    fingerprint: `fingerprint ${ordinal}`,
  }
}

export function operations(count: number): Operation[] {
  return Array.from({ length: count }, (_, ordinal) => operation(ordinal))
}

/** A queue and journal in memory that hold the writer to their contract. */
export class Memory implements OperationQueue, OutcomeJournal {
  readonly outcomes = new Map<number, Outcome>()
  readonly groups: number[] = []
  readonly sent: number[] = []
  readonly #operations: readonly Operation[]
  failRecording: Error | null = null

  constructor(planned: readonly Operation[]) {
    this.#operations = planned
  }

  async *pending(size: number): AsyncIterable<readonly Operation[]> {
    const left = this.#operations.filter(({ ordinal }) => !this.outcomes.has(ordinal))
    for (let start = 0; start < left.length; start += size) yield left.slice(start, start + size)
  }

  async sending(batch: readonly Operation[]): Promise<void> {
    this.sent.push(...batch.map(({ ordinal }) => ordinal))
  }

  async record(outcomes: readonly Outcome[]): Promise<void> {
    if (this.failRecording !== null) throw this.failRecording
    this.groups.push(outcomes.length)
    for (const outcome of outcomes) {
      if (this.outcomes.has(outcome.ordinal))
        throw new Error(`second outcome for ${outcome.ordinal}`)
      this.outcomes.set(outcome.ordinal, outcome)
    }
  }

  async abandon(count: number, failure: Failure): Promise<void> {
    const left = this.#operations.filter(({ ordinal }) => !this.outcomes.has(ordinal))
    if (left.length !== count) throw new Error(`${left.length} are left, not ${count}`)
    for (const { ordinal, key, kind, removal } of left) {
      const identity = { ordinal, key, kind, removal }
      this.outcomes.set(ordinal, {
        ...identity,
        status: 'not_attempted',
        created: false,
        attempts: 0,
        failure,
      })
    }
  }

  /** How many operations there are. */
  get size(): number {
    return this.#operations.length
  }

  statuses(): string[] {
    return [...this.outcomes.values()]
      .sort((left, right) => left.ordinal - right.ordinal)
      .map(({ status }) => status)
  }
}

type Answer = (operation: Operation, attempt: number) => Delivery | 'silence' | Promise<Delivery>

/** A target that answers as the test says; `tries` holds how often it saw each ordinal. */
export function fakeTarget(answer: Answer, overrides: Partial<Target> = {}) {
  const tries = new Map<number, number>()
  let underWay = 0
  let mostUnderWay = 0
  const target: Target = {
    batchSize: 10,
    concurrency: 2,
    requests: { total: 0, byEndpoint: {}, rateLimited: 0 },
    async prepare() {},
    check: async () => [],
    async deliver(batch, report) {
      underWay += 1
      mostUnderWay = Math.max(mostUnderWay, underWay)
      try {
        for (const each of batch) {
          const attempt = (tries.get(each.ordinal) ?? 0) + 1
          tries.set(each.ordinal, attempt)
          const delivery = await answer(each, attempt)
          if (delivery !== 'silence') report(each.ordinal, delivery)
        }
      } finally {
        underWay -= 1
      }
    },
    async close() {},
    ...overrides,
  }
  return { target, tries, mostUnderWay: () => mostUnderWay }
}

export const applied: Delivery = { result: 'applied', id: 'intercom id', created: true }

export function retry(code: 'network' | 'server_error' = 'server_error'): Delivery {
  return { result: 'retry', failure: { code, message: 'no luck' } }
}
