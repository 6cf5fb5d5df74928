import { type Clock, type Random, TryAgainError } from '../connector/index.ts'

/** How often and how patiently something is tried again. */
export interface RetryPolicy {
  /** Tries in all, the first one included. */
  readonly attempts: number
  /** The longest wait before the second try, in milliseconds; it doubles with each further try. */
  readonly firstDelay: number
  /** The longest wait of all, in milliseconds, unless the other side asked for more. */
  readonly longestDelay: number
}

/** Five tries within a minute or so: longer outages are for the next run. */
export const deliveryRetries: RetryPolicy = { attempts: 5, firstDelay: 1_000, longestDelay: 30_000 }

/** Before anything was sent there is nothing to save by patience: a person may be waiting. */
export const preparationRetries: RetryPolicy = { attempts: 3, firstDelay: 500, longestDelay: 5_000 }

/** A target that asks to be left alone for longer than this, in milliseconds, is left to the next run. */
export const longestAsked = 10 * 60_000

/**
 * Milliseconds to wait after the given try (from 1) has failed: "full jitter", so that many clients that failed
 * together do not come back together, and never less than what the other side asked for.
 */
export function retryDelay(
  policy: RetryPolicy,
  attempt: number,
  random: Random,
  asked: number | null = null,
): number {
  const ceiling = Math.min(policy.longestDelay, policy.firstDelay * 2 ** (attempt - 1))
  return Math.max(asked ?? 0, Math.round(random() * ceiling))
}

/**
 * Calls until it succeeds or throws something else than `TryAgainError`.
 * Throws the last `TryAgainError` once the tries are spent, and the signal's reason when it aborts.
 */
export async function tryAgain<Result>(
  call: () => Promise<Result>,
  options: {
    readonly policy: RetryPolicy
    readonly clock: Clock
    readonly random: Random
    readonly signal: AbortSignal
  },
): Promise<Result> {
  const { policy, clock, random, signal } = options
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await call()
    } catch (error) {
      if (!(error instanceof TryAgainError) || attempt >= policy.attempts) throw error
      if ((error.waitMilliseconds ?? 0) > longestAsked) throw error
      await clock.sleep(retryDelay(policy, attempt, random, error.waitMilliseconds), signal)
    }
  }
}
