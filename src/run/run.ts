import { openStateStore } from '../state/index.ts'
import type { StateStore } from '../state/store.ts'
import { runActivation, unstarted } from './activation-run.ts'
import { endingOf, worstOf } from './ending.ts'
import { unhurt } from './events.ts'
import { indexFolderOf } from './index-folder.ts'
import type { RunOptions } from './options.ts'
import { type CommandSummary, type RunSummary, summarize } from './summary.ts'

/**
 * Plans, writes and records each activation in turn; one that fails does not stop the others.
 * Never throws for what a user can meet: that is in the summary.
 */
export async function runActivations(options: RunOptions): Promise<CommandSummary> {
  const guarded = { ...options, listener: unhurt(options.listener) }
  const summaries: RunSummary[] = []
  let store: StateStore | null = null
  try {
    for (const activation of options.activations) {
      const startedAt = options.clock.now()
      let summary: RunSummary
      try {
        store ??= await openStateStore({
          location: options.project.state,
          clock: options.clock,
          retention: options.project.retention,
          create: true,
          index: { folder: indexFolderOf(options.project), random: options.random },
        })
        summary = options.signal.aborted
          ? unstarted(activation, startedAt, guarded)
          : await runActivation(activation, store, guarded)
      } catch (error) {
        const ending = endingOf(error)
        summary = summarize({ activation, startedAt, finishedAt: options.clock.now(), ending })
      }
      summaries.push(summary)
      guarded.listener({ type: 'finished', activation: activation.name, summary })
    }
  } finally {
    await store?.close()
  }
  return { ...worstOf(summaries), activations: summaries }
}
