// Brings the state to what it is after everything was delivered, and keeps it.
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runProcess } from './measure.js'

const fill = fileURLToPath(new URL('fill.js', import.meta.url))
const sampleRows = 1000

const merged = (shape) => ({ ...shape, planBy: 'merge' })

/** Runs once, and refuses another end than the one that is expected: `what` for every row. */
async function runOver(workspace, shape, { rows, what }) {
  await workspace.plan(shape)
  const result = await workspace.run(['run', '--json'])
  const [{ planned, outcomes }] = JSON.parse(result.stdout.trim().split('\n').at(-1)).activations
  const isDone = what === 'create' ? outcomes.applied === rows : planned[what] === rows
  if (!isDone)
    throw new Error(`not every one of ${rows} rows was ${what}: ${JSON.stringify(planned)}`)
  return result
}

/** Both ways to plan leave a file beside the state: they are made by the next run, and do not disturb each other. */
async function keep(workspace, shape, rows) {
  await runOver(workspace, merged(shape), { rows, what: 'unchanged' })
  await workspace.keepState()
}

const figures = ({ seconds, cpuSeconds, peakMegabytes }) => ({
  seconds,
  cpu_seconds: cpuSeconds,
  peak_megabytes: peakMegabytes,
})

/**
 * Delivers everything by real runs: by the one way to plan, then by the other, whose state is what is kept. Resolves to
 * what each took, and to what the state takes: as the run leaves it, and after `millrace state compact`.
 */
export async function deliverAll(workspace, shape, rows) {
  const firstRun = async (wanted) => {
    await workspace.restoreState('none')
    return await runOver(workspace, wanted, { rows, what: 'create' })
  }
  const byMerge = await firstRun(merged(shape))
  const first = await firstRun(shape)
  const before = await workspace.stateSize()
  await workspace.run(['state', 'compact'])
  // What is derived from the state is made by the next run.
  await runOver(workspace, shape, { rows, what: 'unchanged' })
  const after = await workspace.stateSize()
  await keep(workspace, shape, rows)
  return {
    first_runs: [
      { name: 'first run, all of it', ...figures(first) },
      { name: 'first run, all of it, by merge', ...figures(byMerge) },
    ],
    bytes_per_key: after.bytes / rows,
    bytes_per_key_values_left_out: (after.bytes - after.sent) / rows,
    bytes_per_key_derived: after.derived / rows,
    bytes_per_key_before_compaction: before.bytes / rows,
  }
}

/**
 * Makes the same state without delivering each row: a real run delivers some of them, and `millrace state import` reads what
 * its export would be after all of them. The next run, by either way, has to find every row unchanged, and makes what it keeps
 * beside the state as one that delivers would: the index in the order of the rows. Resolves to null: what deliveries take was
 * not measured.
 */
export async function importAll(workspace, shape, rows) {
  const [sample, file] = ['sample.jsonl', 'all.jsonl'].map((name) => join(workspace.folder, name))
  const some = Math.min(rows, sampleRows)
  await workspace.restoreState('none')
  const query = `select * from (${shape.query}) as query limit ${some}`
  await runOver(workspace, { ...shape, query }, { rows: some, what: 'create' })
  await workspace.run(['state', 'export', sample])
  await workspace.restoreState('none')
  // In the order of the keys, which is the one that SQLite inserts fastest in.
  await workspace.plan(merged(shape))
  await runProcess(process.execPath, [fill, sample, file], { cwd: workspace.folder })
  await workspace.run(['state', 'import', file])
  await rm(file)
  await runOver(workspace, shape, { rows, what: 'unchanged' })
  await keep(workspace, shape, rows)
  return null
}
