import { readdirSync } from 'node:fs'
import { constants, getPriority, setPriority } from 'node:os'

/** A third of the weight of what works at the usual priority. */
const stepsBack = 5

/**
 * Has the threads beside the main one, on which V8 compiles and collects, step back where processors are few: they would
 * take them from the reading of rows, and from a warehouse on the same machine. Linux alone gives threads priorities of
 * their own; elsewhere this does nothing.
 */
export function lowerHelperThreads(): void {
  if (process.platform !== 'linux') return
  const niceness = Math.min(constants.priority.PRIORITY_LOW, getPriority() + stepsBack)
  try {
    for (const thread of readdirSync('/proc/self/task')) {
      if (Number(thread) !== process.pid) setPriority(Number(thread), niceness)
    }
  } catch {
    // Where there is no /proc, or a thread has ended meanwhile, all goes on as it would without.
  }
}
