import type { SandboxOptions } from './options.ts'

const windowMilliseconds = 10_000

/** What the rate limit says to one request. */
export interface Admission {
  readonly allowed: boolean
  readonly headers: Readonly<Record<string, string>>
}

/**
 * Fixed windows of ten seconds, aligned to the clock. `X-RateLimit-Remaining` counts what was left before the request
 * that it answers, and `X-RateLimit-Reset` is two seconds after the counter really starts anew: so it was recorded.
 */
export class RateLimit {
  readonly #options: SandboxOptions
  readonly #now: () => number
  #window = 0
  #used = 0

  constructor(options: SandboxOptions, now: () => number) {
    this.#options = options
    this.#now = now
  }

  /** Counts one request, if it may pass. */
  admit(): Admission {
    const limit = this.#options.rate_limit
    if (limit === 0) return { allowed: true, headers: {} }
    const now = this.#enterWindow()
    const others = this.#options.other_app_calls
    const used = this.#used + Math.floor((others * (now - this.#window)) / windowMilliseconds)
    const remaining = Math.max(0, limit - used)
    if (remaining > 0) this.#used += 1
    return {
      allowed: remaining > 0,
      headers: {
        'X-RateLimit-Limit': String(limit),
        'X-RateLimit-Remaining': String(remaining),
        'X-RateLimit-Reset': String(this.#window / 1000 + 12),
      },
    }
  }

  /** Takes requests out of the present window, as another app of the workspace would. */
  spend(requests: number): void {
    this.#enterWindow()
    this.#used += requests
  }

  /** As if nothing had been asked for in the present window. */
  clear(): void {
    this.#used = 0
  }

  #enterWindow(): number {
    const now = this.#now()
    const window = Math.floor(now / windowMilliseconds) * windowMilliseconds
    if (window !== this.#window) {
      this.#window = window
      this.#used = 0
    }
    return now
  }
}
