import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))
const run = promisify(execFile)

interface Figures {
  readonly seconds: number
}

interface Variant {
  readonly name: string
  readonly prepare: () => Promise<unknown>
  readonly run: () => Promise<unknown>
}

// Programs of the benchmark are plain JavaScript, which has no types of its own.
const imported = (file: string): Promise<unknown> =>
  import(new URL(`../bench/${file}`, import.meta.url).href)
interface Verdict {
  readonly goal: string
  readonly met: boolean
}

const { goalOf, memoryGoal, stateGoal, validateGoal } = (await imported('goals.js')) as {
  goalOf: (result: object, size: object) => Verdict | null
  memoryGoal: (result: object, size: object) => Verdict | null
  stateGoal: (size: object) => Verdict | null
  validateGoal: (validate: Figures, node: Figures) => Verdict
}
const { partsOf } = (await imported('tables.js')) as {
  partsOf: (results: object) => readonly string[]
}
const { inTurns, median, summarizeRounds } = (await imported('measure.js')) as {
  inTurns: (
    variants: readonly Variant[],
    rounds: number,
  ) => Promise<ReadonlyMap<string, readonly unknown[]>>
  median: (numbers: readonly number[]) => number | null
  summarizeRounds: (measured: readonly Figures[], baseline: readonly Figures[]) => object
}

interface Result {
  readonly name: string
  readonly seconds: number
  readonly ratio: number | null
  readonly peak_megabytes: number | null
}

interface Size {
  readonly rows: number
  readonly columns: number
  readonly results: readonly Result[]
  /** Null where nothing was delivered. */
  readonly state: {
    readonly first_runs: readonly Pick<Result, 'name' | 'seconds' | 'peak_megabytes'>[]
    readonly bytes_per_key: number
    readonly bytes_per_key_values_left_out: number
  } | null
}

interface Results {
  readonly date: string
  readonly planner: {
    readonly sizes: readonly Size[]
    readonly widths: readonly Size[]
    readonly naive: Size | null
    readonly duckdb: Size
    readonly memory_bytes_per_key: number | null
  } | null
  readonly writer: {
    readonly limits: readonly { readonly name: string; readonly refused: number }[]
    readonly calls: readonly { readonly name: string; readonly callsPerRow: number }[]
  } | null
  readonly startup: readonly Result[] | null
  readonly skipped: readonly string[]
}

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-bench-test-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

async function bench(...args: string[]): Promise<{ tables: string; results: Results }> {
  const out = join(folder, 'results.json')
  const all = ['bench/run.js', '--rounds', '1', '--out', out, ...args]
  const { stdout } = await run(process.execPath, all, { cwd: root, maxBuffer: 10_000_000 })
  const [json = '', ...lines] = stdout.trimEnd().split('\n').reverse()
  const results = JSON.parse(json) as Results
  expect(JSON.parse(await readFile(out, 'utf8'))).toEqual(results)
  return { tables: lines.reverse().join('\n'), results }
}

const names = (results: readonly { readonly name: string }[]) => results.map(({ name }) => name)

describe('npm run bench', () => {
  it('measures whole runs beside COPY, for every width', async () => {
    const { tables, results } = await bench('--only', 'planner', '--rows', '800', '--full')
    const { planner, writer, startup, skipped } = results
    expect({ writer, startup }).toEqual({ writer: null, startup: null })
    if (planner === null) throw new Error('the planner was not measured')
    expect(names(planner.duckdb.results)).toEqual(['run, unchanged'])
    if (skipped.length > 0) {
      expect(tables).toContain(`Skipped: ${skipped[0]}`)
      console.warn(`The benchmark on Postgres was not tried: ${skipped[0]}`)
      return
    }
    const shapes = [...planner.sizes, ...planner.widths].map(({ rows, columns }) => [rows, columns])
    expect(shapes).toEqual([
      [800, 12],
      [800, 4],
      [800, 36],
    ])
    expect(names(planner.sizes[0]?.results ?? [])).toEqual([
      'COPY to /dev/null (A)',
      'run, unchanged',
      'run, unchanged, by merge',
      'run, 1% changed, outcomes recorded',
      'run, 1% changed, by merge',
      'plan of a first run',
      'first run up to its first write',
      'run, mapping changed, records equal',
    ])
    for (const { results } of [...planner.sizes, ...planner.widths]) {
      expect(results[0]?.ratio).toBe(1)
      for (const { ratio } of results.slice(1)) expect(ratio).toBeGreaterThan(0)
      for (const { peak_megabytes } of results.slice(1)) expect(peak_megabytes).toBeGreaterThan(20)
    }
    const state = planner.sizes[0]?.state
    if (!state) throw new Error('nothing was delivered')
    expect(state.bytes_per_key).toBeGreaterThan(state.bytes_per_key_values_left_out)
    expect(names(state.first_runs)).toEqual([
      'first run, all of it',
      'first run, all of it, by merge',
    ])
    for (const { seconds, peak_megabytes } of state.first_runs) {
      expect(seconds).toBeGreaterThan(0)
      expect(peak_megabytes).toBeGreaterThan(20)
    }
    expect(names(planner.naive?.results ?? [])).toContain('naive, unchanged')
    expect(tables).toContain('**800 rows, 12 columns**')
    // Everything that is not the warehouse's has a goal for its memory, the first run by merging too.
    for (const [name, limit] of [
      ['run, unchanged', 110],
      ['run, mapping changed, records equal', 110],
      ['first run, all of it', 110],
      ['run, 1% changed, by merge', 130],
      ['first run, all of it, by merge', 130],
    ]) {
      expect(tables).toMatch(
        new RegExp(`\\| ${name} +\\|.*at most ${limit} MB: (?:met|missed) \\|\\n`),
      )
    }
    expect(tables).toMatch(/\| state of 800 rows, 12 columns \|.*\|\n/)
  }, 400_000)

  // Windows has no signals.
  it.skipIf(process.platform === 'win32')(
    'leaves nothing behind where it is broken off',
    async () => {
      const temporary = join(folder, 'broken')
      await mkdir(temporary)
      const child = spawn(
        process.execPath,
        ['bench/run.js', '--only', 'planner', '--rows', '500'],
        {
          cwd: root,
          env: { ...process.env, TMPDIR: temporary },
          stdio: ['ignore', 'ignore', 'pipe'],
        },
      )
      const closed = once(child, 'close')
      let said = ''
      const isUnderWay = new Promise<void>((resolve, reject) => {
        child.stderr.setEncoding('utf8').on('data', (text: string) => {
          said += text
          if (/500 rows: delivering/.test(said)) resolve()
        })
        child.once('close', () => reject(new Error(said)))
      })
      await isUnderWay.catch((error: unknown) => {
        if (!said.includes('Skipped:')) throw error
      })
      if (said.includes('Skipped:')) {
        child.kill('SIGKILL')
        console.warn(`A benchmark that is broken off was not tried: ${said}`)
        return
      }
      const [project = ''] = await readdir(temporary)
      const { sources } = JSON.parse(
        await readFile(join(temporary, project, 'millrace.yaml'), 'utf8'),
      ) as { sources: { warehouse: { host: string } } }
      const server = sources.warehouse.host
      const [pid] = (await readFile(join(server, 'data/postmaster.pid'), 'utf8')).split('\n')
      child.kill('SIGTERM')
      expect((await closed)[0]).toBe(143)
      expect(said).toContain('The benchmark was broken off by SIGTERM.\n')
      expect(await readdir(temporary)).toEqual([])
      expect(existsSync(server)).toBe(false)
      expect(() => process.kill(Number(pid), 0)).toThrow('ESRCH')
    },
    60_000,
  )

  it('counts what the writer does of its limit, and calls per row', async () => {
    const { tables, results } = await bench('--only', 'writer', '--rows', '100')
    expect(results.planner).toBeNull()
    expect(results.writer?.limits.map(({ refused }) => refused)).toEqual([0, 0, 0, 0])
    const calls = new Map(results.writer?.calls.map((each) => [each.name, each.callsPerRow]))
    expect(calls.get('contacts that are known, changed')).toBe(1)
    expect(calls.get('contacts that exist, met for the first time')).toBe(1.02)
    expect(calls.get('companies that are known, changed')).toBe(1)
    expect(calls.get('contacts that are known, a tag more')).toBe(0.02)
    expect(tables).toContain('### Writer')
  }, 120_000)

  it('measures the start of a command beside that of Node', async () => {
    const { tables, results } = await bench('--only', 'startup')
    expect(names(results.startup ?? [])).toEqual([
      'node -e 0',
      'millrace --help',
      'millrace validate, ten activations',
    ])
    expect(results.startup?.[0]?.ratio).toBe(1)
    expect(tables).toContain('### Start-up')

    // What was measured before gives way; what stands around it stays.
    const page = join(folder, 'page.md')
    const docs = await readFile(join(root, 'docs/performance.md'), 'utf8')
    await writeFile(page, docs)
    const report = ['bench/report.js', join(folder, 'results.json'), page]
    await run(process.execPath, report, { cwd: root })
    await run(process.execPath, report, { cwd: root })
    const written = await readFile(page, 'utf8')
    expect(written.split('### Start-up')).toHaveLength(2)
    expect(written).toContain(tables.trim())
    const around = (text: string) =>
      text.split(/<!-- measured: \w+ -->/).filter((_, at) => at !== 1)
    expect(around(written)).toEqual(around(docs))
  }, 60_000)

  it('refuses what it does not know', async () => {
    const refused = await run(process.execPath, ['bench/run.js', '--only', 'reader'], {
      cwd: root,
    }).catch((error: unknown) => error as { code: number; stderr: string })
    expect(refused).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^there is no part "reader"\n\nUsage: /),
    })
  })
})

describe('how it is measured', () => {
  it('begins every round with another variant, and drops the first', async () => {
    const order: string[] = []
    const variant = (name: string) => ({
      name,
      prepare: async () => order.push(`(${name})`),
      run: async () => ({ turn: order.push(name) }),
    })
    const figures = await inTurns(['a', 'b', 'c'].map(variant), 2)
    expect(order.filter((entry) => entry.length === 1).join('')).toBe('abcbcacab')
    expect(order.slice(0, 2)).toEqual(['(a)', 'a'])
    expect(figures.get('a')).toEqual([{ turn: 12 }, { turn: 16 }])
  })

  it('takes the median of the ratios of each round, not the ratio of the medians', () => {
    const rounds = (seconds: readonly number[]) => seconds.map((each) => ({ seconds: each }))
    const summary = summarizeRounds(rounds([2, 9, 4]), rounds([1, 3, 4]))
    expect(summary).toMatchObject({ seconds: 4, seconds_min: 2, seconds_max: 9, ratio: 2 })
    expect(summary).toMatchObject({ cpu_seconds: null, peak_megabytes: null })
    expect([median([]), median([3, 1]), median([10, 9, 1])]).toEqual([null, 2, 9])
  })

  it('shows what was measured as it comes: more of it adds to the page and changes nothing of it', () => {
    const copy = { name: 'COPY', seconds: 1, seconds_min: 1, seconds_max: 1, ratio: 1 }
    const measured = { ...copy, rows_per_second: 10, cpu_seconds: null, peak_megabytes: null }
    const size = { rows: 10, columns: 12, results: [measured], state: null }
    const planner = {
      copied_by: 'psql',
      sizes: [size],
      widths: [],
      naive: null,
      memory_bytes_per_key: null,
      duckdb: null,
    }
    const machine = { processor: 'one', processors: 1, memory_gigabytes: 1, system: 'any' }
    const about = { machine: { ...machine, node: '20', postgres: '15' }, rounds: 5 }
    const results = { date: '2026-01-01', ...about, planner, writer: null, startup: null }
    const steps = [
      { ...results, skipped: ['a part'] },
      { ...results, skipped: ['a part'], planner: { ...planner, sizes: [size, size] } },
      {
        ...results,
        skipped: ['a part'],
        planner: { ...planner, duckdb: size },
        startup: [measured],
      },
    ].map(partsOf)
    expect(steps[0]).toHaveLength(5)
    expect(steps[1]?.slice(0, 5)).toEqual(steps[0])
    expect(steps[2]?.slice(0, 5)).toEqual(steps[0])
    expect(steps[2]?.slice(5).join()).toMatch(/^\*\*DuckDB\*\*.*### Start-up/s)
  })

  it('judges `millrace validate` by what Node takes on the machine, and says what both took', () => {
    expect(validateGoal({ seconds: 0.2 }, { seconds: 0.048 })).toEqual({
      goal: 'at most 250 ms where Node takes 60 (here 200 where it takes 48)',
      met: true,
    })
    expect(validateGoal({ seconds: 0.201 }, { seconds: 0.048 }).met).toBe(false)
  })

  it('asks of merging that its memory does not grow, and of the other way that it grows by 45 bytes per key', () => {
    const judged = (name: string, peak: number | null, rows: number) =>
      memoryGoal({ name, peak_megabytes: peak }, { rows })
    expect(judged('run, unchanged', 152, 1_000_000)).toEqual({ goal: 'at most 152 MB', met: true })
    expect(judged('first run, all of it', 153, 1_000_000)?.met).toBe(false)
    expect(judged('run, unchanged, by merge', 130, 5_000_000)?.met).toBe(true)
    expect(judged('first run, all of it, by merge', 131, 5_000_000)?.met).toBe(false)
    expect(judged('plan of a first run', 324, 5_000_000)?.met).toBe(true)
    expect(judged('naive, unchanged', 500, 1000)).toBeNull()
    expect(judged('COPY to /dev/null (A)', null, 1000)).toBeNull()
  })

  it('asks for 180 bytes of disk per key where the empty tables do not count', () => {
    const judged = (rows: number, bytes: number) =>
      stateGoal({ rows, state: { bytes_per_key_values_left_out: bytes } })
    expect(judged(1_000_000, 180)).toEqual({ goal: 'at most 180 bytes', met: true })
    expect(judged(1_000_000, 180.1)?.met).toBe(false)
    expect(judged(100_000, 182)).toBeNull()
  })

  it('judges small tables by seconds, large ones by the ratio, and others not at all', () => {
    const copy = { name: 'COPY to /dev/null (A)', seconds: 1, ratio: 1 }
    const size = (rows: number, columns = 12) => ({ rows, columns, results: [copy] })
    const result = (seconds: number) => ({ name: 'run, unchanged', seconds, ratio: seconds })
    expect(goalOf(result(1.15), size(100_000))?.met).toBe(true)
    expect(goalOf(result(1.25), size(100_000))?.met).toBe(false)
    expect(goalOf(result(1.15), size(1_000_000))?.met).toBe(false)
    expect(goalOf(result(1.05), size(1_000_000))?.met).toBe(true)
    expect(goalOf(result(1), size(1_000_000, 4))).toBeNull()
    const merging = (ratio: number) => ({ name: 'run, unchanged, by merge', seconds: ratio, ratio })
    expect(goalOf(merging(1.7), size(5_000_000))?.met).toBe(true)
    expect(goalOf(merging(1.75), size(1_000_000))?.met).toBe(false)
    expect(goalOf(merging(1.75), size(100_000))).toBeNull()
  })
})
