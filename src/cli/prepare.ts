import { keepCompiledCode } from './compile-cache.ts'
import { lowerHelperThreads } from './helper-threads.ts'
import { holdHeap } from './memory.ts'

/** What has to be done before anything else is compiled, and so before the rest is imported. */
export function prepare(): void {
  lowerHelperThreads()
  holdHeap()
  keepCompiledCode()
  // An error's stack names the sources then, which takes time that nobody needs who does not read stacks.
  if (process.env.MILLRACE_DEBUG) process.setSourceMapsEnabled(true)
}
