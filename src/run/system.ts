import { setTimeout as wait } from 'node:timers/promises'
import type { Clock } from '../connector/index.ts'

/** The process's own clock: the one place where real time enters. */
export const realClock: Clock = {
  now: () => Date.now(),
  async sleep(milliseconds, signal) {
    try {
      await wait(milliseconds, undefined, signal === undefined ? {} : { signal })
    } catch (error) {
      throw signal?.aborted === true ? signal.reason : error
    }
  },
}

/** The process's own chance. */
export const realRandom = (): number => Math.random()
