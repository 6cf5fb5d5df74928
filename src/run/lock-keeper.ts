import { type Clock, StopRunError } from '../connector/index.ts'
import type { Lock, LockHolder, StateStore } from '../state/store.ts'
import { hasEnded, thisHolder } from './holder.ts'

/** How long a run that died keeps others out. */
const leaseMilliseconds = 60_000

/** A lease is renewed often enough to survive two renewals that failed. */
const renewEvery = leaseMilliseconds / 3

/** How often a run that waits asks for the lock. */
const askEvery = 1_000

export interface LockOptions {
  readonly store: StateStore
  readonly activation: string
  readonly clock: Clock
  readonly wait: number
  readonly signal: AbortSignal
  readonly onWait: (holder: string) => void
}

/**
 * Holds an activation's lock while `work` runs, and releases it afterwards.
 * Returns who has the lock, without having called `work`, where that is somebody else who still has it after `wait`
 * milliseconds; `aborted` where `signal` ended the waiting. `onWait` hears once who is waited for.
 * The signal that `work` gets aborts when the lock is lost.
 */
export async function whileLocked<Result>(
  options: LockOptions,
  work: (lock: Lock, lost: AbortSignal) => Promise<Result>,
): Promise<
  { readonly result: Result } | { readonly heldBy: LockHolder } | { readonly aborted: true }
> {
  const { store, clock } = options
  const lock = await acquire(options)
  if (lock === null) return { aborted: true }
  if (!('token' in lock)) return { heldBy: lock }
  const lost = new AbortController()
  const done = new AbortController()
  const renewing = renewUntilDone(store, lock, clock, lost, done.signal)
  try {
    return { result: await work(lock, lost.signal) }
  } finally {
    done.abort()
    await renewing
    await store.releaseLock(lock)
  }
}

/** Who holds an activation, for the person who wanted it. */
export function heldMessage({ holder, since, expiresAt }: LockHolder): string {
  const [from, until] = [since, expiresAt].map((time) => new Date(time).toISOString())
  return `Another run holds this activation since ${from}: ${holder}. Unless it is heard of again, its hold ends at ${until}.`
}

/** The lock, or who has it at the end of the wait; null where the signal ended the wait. */
async function acquire(options: LockOptions): Promise<Lock | LockHolder | null> {
  const { store, activation, clock, wait, signal, onWait } = options
  const until = clock.now() + wait
  let isWaiting = false
  for (;;) {
    const lock = await store.acquireLock(activation, thisHolder(), leaseMilliseconds, hasEnded)
    const left = until - clock.now()
    if ('token' in lock || left <= 0) return lock
    if (!isWaiting) onWait(lock.holder)
    isWaiting = true
    try {
      await clock.sleep(Math.min(askEvery, left), signal)
    } catch (error) {
      if (signal.aborted) return null
      throw error
    }
  }
}

async function renewUntilDone(
  store: StateStore,
  lock: Lock,
  clock: Clock,
  lost: AbortController,
  done: AbortSignal,
): Promise<void> {
  while (!done.aborted) {
    try {
      await clock.sleep(renewEvery, done)
    } catch {
      return
    }
    // A renewal that throws is no proof of a lost lock: the next one, or the next write, will tell.
    const held = await store.renewLock(lock, leaseMilliseconds).catch(() => true)
    if (!held) {
      lost.abort(
        new StopRunError(
          'Another run took over this activation: this one was not heard of for too long.',
        ),
      )
      return
    }
  }
}
