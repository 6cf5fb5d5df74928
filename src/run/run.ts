import { openStateStore } from '../state/index.ts'
import type { StateStore } from '../state/store.ts'
import { runActivation, unstarted } from './activation-run.ts'
import { contextOf } from './connector-context.ts'
import { endingOf, worstOf } from './ending.ts'
import { unhurt } from './events.ts'
import { indexFolderOf } from './index-folder.ts'
import type { RunOptions } from './options.ts'
import { openSource } from './planning.ts'
import { SourceAhead } from './source-ahead.ts'
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
      const context = contextOf(activation, guarded)
      const source = new SourceAhead(() => openSource(options.project, activation, context))
      let summary: RunSummary
      try {
        if (!options.signal.aborted) await source.begin()
        store ??= await openStateStore({
          location: options.project.state,
          clock: options.clock,
          retention: options.project.retention,
          create: true,
          index: { folder: indexFolderOf(options.project), random: options.random },
        })
        summary = options.signal.aborted
          ? unstarted(activation, startedAt, guarded)
          : await runActivation(activation, store, source, guarded)
      } catch (error) {
        const ending = endingOf(error)
        summary = summarize({ activation, startedAt, finishedAt: options.clock.now(), ending })
      } finally {
        await source.drop()
      }
      summaries.push(summary)
      guarded.listener({ type: 'finished', activation: activation.name, summary })
    }
  } finally {
    await store?.close()
  }
  return { ...worstOf(summaries), activations: summaries }
}
