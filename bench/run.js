// `npm run bench`: tables for people, and the same as one JSON object on the last line.
import { writeFile } from 'node:fs/promises'
import { cpus, release, totalmem, type } from 'node:os'
import { parseArgs } from 'node:util'
import { interruption, listenForSignals } from './interruption.js'
import { partsOf } from './tables.js'

const usage = `Usage: npm run bench -- [options]

  --only PART       planner, writer or startup; default: all of them
  --full            also 5,000,000 rows, and other numbers of columns; half an hour
  --rows N[,N...]   sizes of tables, instead of 100,000 and 1,000,000
  --rounds N        how often everything is measured, after a round that warms up; default 5
  --out FILE        write the JSON there too; \`node bench/report.js FILE\` puts it into docs/performance.md
`

const positive = (text) => {
  const number = Number(text)
  if (!Number.isSafeInteger(number) || number < 1) throw new Error(`${text} is no positive number`)
  return number
}

function readArguments() {
  try {
    const { values } = parseArgs({
      options: {
        only: { type: 'string' },
        full: { type: 'boolean', default: false },
        rows: { type: 'string' },
        rounds: { type: 'string', default: '5' },
        out: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    })
    if (values.help) {
      process.stdout.write(usage)
      process.exit(0)
    }
    if (![undefined, 'planner', 'writer', 'startup'].includes(values.only)) {
      throw new Error(`there is no part "${values.only}"`)
    }
    const rows = values.rows?.split(',').map(positive) ?? null
    return { ...values, rows, rounds: positive(values.rounds) }
  } catch (error) {
    process.stderr.write(`${error.message}\n\n${usage}`)
    return process.exit(2)
  }
}

const { only, full, rows, rounds, out } = readArguments()
const wanted = (part) => only === undefined || only === part
const note = (text) => process.stderr.write(`${text}\n`)
const sizes = rows ?? [100_000, 1_000_000, ...(full ? [5_000_000] : [])]

const results = {
  date: new Date().toISOString().slice(0, 10),
  machine: {
    processor: cpus()[0]?.model.trim() ?? 'unknown processor',
    processors: cpus().length,
    memory_gigabytes: Math.round(totalmem() / 1024 ** 3),
    system: `${type()} ${release()}`,
    node: process.versions.node,
    postgres: null,
  },
  rounds,
  planner: null,
  writer: null,
  startup: null,
  skipped: [],
}

let shown = 0

/** Prints what has been measured since the last time, and writes everything to the file: a benchmark that is broken off had that. */
async function show() {
  const parts = partsOf(results)
  for (const part of parts.slice(shown))
    process.stdout.write(`${shown++ === 0 ? '' : '\n'}${part}\n`)
  if (out !== undefined) await writeFile(out, `${JSON.stringify(results)}\n`)
}

async function measurePostgres(planner) {
  const { benchNaive, benchSize, benchWidths, bytesOfMemoryPerKey } = await import('./planner.js')
  const { startWarehouse } = await import('./warehouse.js')
  const warehouse = await startWarehouse()
  if ('reason' in warehouse) {
    results.skipped.push(
      `the planner on Postgres, since there is no Postgres to start: ${warehouse.reason}`,
    )
    note(`Skipped: ${results.skipped.at(-1)}`)
    return
  }
  try {
    results.machine.postgres = warehouse.version
    planner.copied_by = warehouse.copiedBy
    for (const size of sizes) {
      planner.sizes.push(await benchSize({ warehouse, rows: size, rounds, note }))
      await show()
    }
    if (full) {
      const size = sizes.includes(1_000_000) ? 1_000_000 : sizes[0]
      planner.widths = await benchWidths({ warehouse, rows: size, rounds, note })
      await show()
      planner.naive = await benchNaive({ warehouse, rows: size, rounds, note })
    }
    planner.memory_bytes_per_key = bytesOfMemoryPerKey(planner.sizes)
  } finally {
    await warehouse.stop()
  }
}

async function measurePlanner() {
  const planner = {
    copied_by: null,
    sizes: [],
    widths: [],
    naive: null,
    memory_bytes_per_key: null,
    duckdb: null,
  }
  results.planner = planner
  await measurePostgres(planner)
  await show()
  const { benchDuckDb } = await import('./duckdb.js')
  planner.duckdb = await benchDuckDb({ rows: sizes[Math.min(1, sizes.length - 1)], rounds, note })
  await show()
}

async function measureWriter() {
  const { benchWriterScenarios } = await import('./writer-scenarios.js')
  results.writer = await benchWriterScenarios({ rows: rows?.[0] ?? null, full, note })
  await show()
}

async function measureStartup() {
  const { benchStartup } = await import('./startup.js')
  note('start-up')
  results.startup = await benchStartup(2 * rounds)
  await show()
}

listenForSignals()
try {
  if (wanted('planner')) await measurePlanner()
  if (wanted('writer')) await measureWriter()
  if (wanted('startup')) await measureStartup()
  process.stdout.write(`\n${JSON.stringify(results)}\n`)
} catch (error) {
  if (!interruption.aborted) throw error
  note(`The benchmark was ${interruption.reason.message}.`)
  process.exit()
}
