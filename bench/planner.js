// How fast rows become a plan: whole runs of millrace beside `COPY (query) TO STDOUT`, which is reading alone.
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { deliverAll, importAll } from './deliver.js'
import { inTurns, runNode, summarizeRounds } from './measure.js'
import { narrow, renamed, wholeTable, wide } from './shapes.js'
import { makeWorkspace } from './workspace.js'

const copyName = 'COPY to /dev/null (A)'
const naive = fileURLToPath(new URL('naive.js', import.meta.url))

/** Refuses figures of a run that did something else than it should: speed never counts without the right answer. */
function expectPlanned(name, planned, expected) {
  for (const [what, count] of Object.entries(expected)) {
    if (planned[what] === count) continue
    throw new Error(`${name}: ${planned[what]} rows are ${what}, and ${count} should be`)
  }
}

/**
 * A variant that runs millrace over the shape, from the state that is wanted, and looks at what was planned. `leavesState`: it
 * finds nothing changed, by the same mapping, and adds to the state only that it ran.
 */
export function runVariant(
  workspace,
  { name, shape, state, expected, leavesState = false, down = false, plan = false },
) {
  return {
    name,
    async prepare() {
      await workspace.plan(shape)
      await workspace.restoreState(state)
      if (!leavesState) workspace.stateChanges()
    },
    async run() {
      const args = plan ? ['plan', '--format', 'json'] : ['run', '--json']
      const result = await workspace.run(args, { down, expected: down ? 4 : 0 })
      const [activation] = JSON.parse(result.stdout.trim().split('\n').at(-1)).activations
      const { rows, planned, totals } = activation
      expectPlanned(name, totals ?? { rows, ...planned }, expected)
      return result
    },
  }
}

/** What a plan against the twin table has to come to, as SQL sees it. */
async function differences(warehouse, table) {
  const [row] = await warehouse.execute(`select
    count(*) filter (where a.id is null)::int as created,
    count(*) filter (where b.id is null)::int as removed,
    count(*) filter (where a.mrr <> b.mrr)::int as updated,
    count(*) filter (where a.mrr = b.mrr)::int as unchanged
    from ${table} a full join ${table}_b b using (id)`)
  const { created, removed, updated, unchanged } = row
  return { create: created, removed, update: updated, unchanged }
}

function rowsPerSecond(rows, summary) {
  return { ...summary, rows_per_second: Math.round(rows / summary.seconds) }
}

/** Runs variants beside COPY of their query. Resolves to one result for each, COPY first. */
async function besideCopy({ warehouse, query, variants, rows, rounds }) {
  const copy = { name: copyName, run: () => warehouse.copy(query) }
  const figures = await inTurns([copy, ...variants], rounds)
  const baseline = figures.get(copyName)
  return [copy, ...variants].map(({ name }) => ({
    name,
    ...rowsPerSecond(rows, summarizeRounds(figures.get(name), baseline)),
  }))
}

/** Beyond, delivering everything by real runs and repeating each variant would take hours. */
const mostDelivered = 1_000_000

/**
 * One size, all 12 columns: what an ordinary table costs, by what has changed. Where it is large, only what is run every day
 * is measured in so many rounds, the rest in one.
 */
export async function benchSize({ warehouse, rows, rounds, note }) {
  note(`${rows} rows: making the tables`)
  const table = await warehouse.makeTables(rows)
  const workspace = await makeWorkspace(warehouse.source)
  try {
    const shape = wholeTable(table)
    const isLarge = rows > mostDelivered
    note(`${rows} rows: ${isLarge ? 'importing the state' : 'delivering everything, twice'}`)
    const state = await (isLarge ? importAll : deliverAll)(workspace, shape, rows)
    const all = (what) => ({ rows, [what]: rows })
    const variant = (options) => runVariant(workspace, { shape, state: 'kept', ...options })
    const changed = {
      shape: wholeTable(`${table}_b`),
      expected: await differences(warehouse, table),
    }
    const byMerge = ({ shape: wanted = shape, ...options }) =>
      variant({ ...options, shape: { ...wanted, planBy: 'merge' } })
    const first = { state: 'none', expected: all('create') }
    const nothing = { leavesState: true, expected: all('unchanged') }
    const often = [
      variant({ name: 'run, unchanged', ...nothing }),
      byMerge({ name: 'run, unchanged, by merge', ...nothing }),
      variant({ name: 'run, 1% changed, outcomes recorded', ...changed }),
    ]
    const others = [
      byMerge({ name: 'run, 1% changed, by merge', ...changed }),
      variant({ name: 'plan of a first run', plan: true, ...first }),
      variant({ name: 'first run up to its first write', down: true, ...first }),
      variant({
        name: 'run, mapping changed, records equal',
        shape: renamed(table),
        expected: all('unchanged'),
      }),
    ]
    const beside = async (variants, times) => {
      note(`${rows} rows: ${times} rounds`)
      return await besideCopy({ warehouse, query: shape.query, variants, rows, rounds: times })
    }
    const results = await beside(isLarge ? often : [...often, ...others], rounds)
    const once = isLarge ? (await beside(others, 1)).slice(1) : []
    return { rows, columns: 12, results: [...results, ...once], state }
  } finally {
    await workspace.dispose()
  }
}

/** The way without millrace, over a table that is there. */
export async function benchNaive({ warehouse, rows, rounds, note }) {
  const { query } = wholeTable(`contacts_${rows}`)
  const workspace = await makeWorkspace(warehouse.source)
  try {
    note(`${rows} rows, the naive way: ${rounds} rounds`)
    const args = [naive, warehouse.url, query, join(workspace.folder, 'naive.db')]
    await runNode(args)
    const variant = {
      name: 'naive, unchanged',
      async run() {
        const result = await runNode(args)
        expectPlanned(variant.name, JSON.parse(result.stdout), { rows, unchanged: rows })
        return result
      },
    }
    const variants = [variant]
    const results = await besideCopy({ warehouse, query, variants, rows, rounds })
    return { rows, columns: 12, results }
  } finally {
    await workspace.dispose()
  }
}

/** Unchanged runs over fewer and more columns of a table that is there. */
export async function benchWidths({ warehouse, rows, rounds, note }) {
  const shapes = [
    [4, narrow],
    [36, wide],
  ]
  const widths = []
  for (const [columns, shapeOf] of shapes) {
    const shape = shapeOf(`contacts_${rows}`)
    const workspace = await makeWorkspace(warehouse.source)
    try {
      note(`${rows} rows, ${columns} columns: importing the state`)
      await importAll(workspace, shape, rows)
      const expected = { rows, unchanged: rows }
      const variant = { name: 'run, unchanged', shape, state: 'kept', expected }
      const variants = [runVariant(workspace, variant)]
      note(`${rows} rows, ${columns} columns: ${rounds} rounds`)
      const results = await besideCopy({ warehouse, query: shape.query, variants, rows, rounds })
      widths.push({ rows, columns, results, state: null })
    } finally {
      await workspace.dispose()
    }
  }
  return widths
}

const twoSizes = (sizes) => [sizes[0], sizes.at(-1)]

/** What one more key takes in memory, in bytes, for an unchanged run: from the smallest and the largest size. */
export function bytesOfMemoryPerKey(sizes) {
  const [small, large] = twoSizes(sizes)
  if (small.rows === large.rows) return null
  const peak = ({ results }) =>
    results.find(({ name }) => name === 'run, unchanged').peak_megabytes * 1024 * 1024
  return (peak(large) - peak(small)) / (large.rows - small.rows)
}
