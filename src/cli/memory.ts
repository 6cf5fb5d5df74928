import { createRequire } from 'node:module'
import { setFlagsFromString } from 'node:v8'

/** What nearly every command needs of Node. */
const neededOfNode = [
  'node:crypto',
  'node:fs/promises',
  'node:net',
  'node:timers/promises',
  'node:zlib',
]

/**
 * Keeps the heap small, for which nothing of our own may have been loaded yet. Rows are short-lived: V8 would otherwise let its heap
 * for new objects grow to 48 MB, and the one for old objects by half each time before it looks for garbage, of which there
 * is plenty. A plan of a hundred thousand new rows takes 85 MB so and 102 MB otherwise, for 7% more processor time.
 */
export function holdHeap(): void {
  // V8 takes the compiled code that Node has of its own modules only while no flag was changed: to compile those that come
  // later takes a run 10 ms.
  const require = createRequire(import.meta.url)
  for (const name of neededOfNode) require(name)
  setFlagsFromString('--semi-space-growth-factor=1')
  // With so little to look at, helping threads are waited for longer than they help.
  setFlagsFromString('--no-parallel-scavenge')
  setFlagsFromString('--no-concurrent-array-buffer-sweeping')
  setFlagsFromString('--heap-growing-percent=20')
}
