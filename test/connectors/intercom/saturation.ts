import { rateHeaders } from '../../../connectors/intercom/answer.ts'
import { Limiter } from '../../../connectors/intercom/limits.ts'
import { sandboxOptions } from '../../../connectors/intercom/sandbox/options.ts'
import { RateLimit } from '../../../connectors/intercom/sandbox/rate-limit.ts'
import { priorities } from '../../../connectors/intercom/waiting-line.ts'
import { type Share, windowLength } from '../../../connectors/intercom/window-budget.ts'
import { VirtualClock } from '../../support/virtual-clock.ts'
import { never, numbers } from './harness.ts'

export interface Saturation {
  /** Requests per window. */
  readonly limit: number
  /** Milliseconds from sending to the answer, on average. */
  readonly latency: number
  /** How much it varies: 0.5 is from half of it to half as much again. Default 0. */
  readonly jitter?: number
  readonly seconds: number
  /** What each process with the same token may use, which has always more to send than that. Default: one, of all. */
  readonly shares?: readonly Share[]
  readonly concurrency?: number
  /** Requests of another app per window. */
  readonly others?: number
  /** Server's clock minus ours, in milliseconds. */
  readonly skew?: number
}

/**
 * Runs limiters that never lack work against one rate limit, on a virtual clock and without a network. Says what each
 * full window took of each limiter, how many requests were refused, and how many were under way at most in the end.
 */
export async function saturate(saturation: Saturation) {
  const { limit, latency, seconds, concurrency = 100, others = 0, skew = 2_500 } = saturation
  const { shares = [{ share: 1 }], jitter = 0 } = saturation
  const random = numbers(11)
  const half = () => (latency / 2) * (1 + jitter * (2 * random() - 1))
  const clock = new VirtualClock(Date.UTC(2026, 10, 21, 12, 0, 3))
  const options = sandboxOptions.parse({ rate_limit: limit, other_app_calls: others })
  const rateLimit = new RateLimit(options, () => clock.now() + skew)
  const taken = new Map<number, number[]>()
  let [sent, refused] = [0, 0]
  const send = async (who: number) => {
    sent += 1
    await clock.sleep(half())
    const { allowed, headers } = rateLimit.admit()
    const window = Math.floor((clock.now() + skew) / windowLength)
    if (!taken.has(window))
      taken.set(
        window,
        shares.map(() => 0),
      )
    if (allowed) (taken.get(window) ?? [])[who] = (taken.get(window)?.[who] ?? 0) + 1
    else refused += 1
    await clock.sleep(half())
    const names = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])
    const limits = rateHeaders(Object.fromEntries(names))
    const end = allowed
      ? ({ kind: 'answered', headers: limits, succeeded: true } as const)
      : ({ kind: 'refused', headers: limits, waitMilliseconds: null } as const)
    return { result: true, end }
  }
  const limiters = shares.map((share) => new Limiter({ concurrency, share, clock }))
  const lanes = limiters.flatMap((limiter, who) =>
    Array.from({ length: concurrency }, async () => {
      while ((await limiter.run(priorities.write, never, () => send(who))) !== null);
    }),
  )
  await clock.advance(seconds * 1_000)
  const underWay = limiters.map((limiter) => limiter.concurrency)
  for (const limiter of limiters) limiter.close()
  await clock.advance(2 * latency)
  await Promise.all(lanes)
  const windows = [...taken.values()].slice(1, -1)
  return { windows, refusedShare: refused / sent, underWay }
}
