import { type Clock, StopRunError } from '../connector/index.ts'
import type { Lock, LockHolder, StateStore } from '../state/store.ts'
import { hasEnded, thisHolder } from './holder.ts'

/** How long a run that died keeps others out. */
const leaseMilliseconds = 60_000

/** A lease is renewed often enough to survive two renewals that failed. */
const renewEvery = leaseMilliseconds / 3

/**
 * Holds an activation's lock while `work` runs, and releases it afterwards.
 * Returns who has the lock, without having called `work`, where that is somebody else.
 * The signal that `work` gets aborts when the lock is lost.
 */
export async function whileLocked<Result>(
  options: { readonly store: StateStore; readonly activation: string; readonly clock: Clock },
  work: (lock: Lock, lost: AbortSignal) => Promise<Result>,
): Promise<{ readonly result: Result } | { readonly heldBy: LockHolder }> {
  const { store, activation, clock } = options
  const lock = await store.acquireLock(activation, thisHolder(), leaseMilliseconds, hasEnded)
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
