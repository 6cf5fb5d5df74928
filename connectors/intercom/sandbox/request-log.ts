import type { Json } from './request.ts'

/** One request to one of Intercom's paths, and what it got. */
export interface LoggedRequest {
  /** Milliseconds since the Unix epoch, by the sandbox's clock. */
  readonly time: number
  /** When it was answered, or it was settled that no answer would come; by the same clock. */
  readonly ended: number
  readonly method: string
  /** The path with its query string. */
  readonly path: string
  /** Method and path with ids left out: `PUT /contacts/{id}`; the path itself where there is no such endpoint. */
  readonly endpoint: string
  readonly body: Json
  /** Null where no answer was given. */
  readonly status: number | null
  /** The kind of fault that met it, if one did. */
  readonly fault: string | null
}

export interface RequestReport {
  readonly total: number
  /** How many were answered 429. */
  readonly rateLimited: number
  readonly byEndpoint: Readonly<Record<string, number>>
  /** By HTTP status; `none` where no answer was given. */
  readonly byStatus: Readonly<Record<string, number>>
  /** The latest, oldest first. */
  readonly log: readonly LoggedRequest[]
}

/** Counts every request and keeps the latest. */
export class RequestLog {
  readonly #keep: number
  #total = 0
  #byEndpoint = new Map<string, number>()
  #byStatus = new Map<string, number>()
  #log: LoggedRequest[] = []

  constructor(keep: number) {
    this.#keep = keep
  }

  add(request: LoggedRequest): void {
    this.#total += 1
    increment(this.#byEndpoint, request.endpoint)
    increment(this.#byStatus, String(request.status ?? 'none'))
    this.#log.push(request)
    if (this.#log.length > this.#keep * 2) this.#log = this.#latest()
  }

  clear(): void {
    this.#total = 0
    this.#byEndpoint = new Map()
    this.#byStatus = new Map()
    this.#log = []
  }

  report(): RequestReport {
    return {
      total: this.#total,
      rateLimited: this.#byStatus.get('429') ?? 0,
      byEndpoint: Object.fromEntries(this.#byEndpoint),
      byStatus: Object.fromEntries(this.#byStatus),
      log: this.#latest(),
    }
  }

  #latest(): LoggedRequest[] {
    return this.#keep === 0 ? [] : this.#log.slice(-this.#keep)
  }
}

function increment(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}
