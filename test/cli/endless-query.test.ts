import type { ChildProcess } from 'node:child_process'
import { afterAll, describe, expect, it } from 'vitest'
import { millrace } from '../support/cli.ts'
import { postgresServer, skippedWithoutPostgres } from '../support/postgres.ts'
import { folderWith } from './support.ts'

const server = await postgresServer()
const withoutPostgres = skippedWithoutPostgres(server)
const postgres = 'reason' in server ? null : server

afterAll(async () => {
  await postgres?.stop()
})

const atExit = `
  process.on('exit', () => {
    process.stderr.write('\\nmost memory: ' + process.resourceUsage().maxRSS + ' KB\\n')
  })`
const env = { NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(atExit)}` }

const billion = 1_000_000_000
const row = (number: string) =>
  `${number}::varchar as user_id, ${number} || '@example.com' as email, repeat('n', 100) || ${number} as full_name`

/** Rows without end, and a query that works for hours before its first one. */
const queries = {
  duckdb: {
    rows: `select ${row('range')} from range(${billion})`,
    silence: `select ${row('count(*)')} from range(${billion}) a, range(${billion}) b where (a.range * b.range) % 7 = 3`,
  },
  postgres: {
    rows: `select ${row('n')} from (select generate_series(1, ${billion}) as n) as t`,
    silence: `select ${row('count(*)')} from generate_series(1, 100000) a, generate_series(1, 100000) b, generate_series(1, 100000) c`,
  },
} as const

async function projectWith(query: string, source: string): Promise<string> {
  return await folderWith({
    'millrace.yaml': `sources:
  warehouse: ${source}
targets:
  intercom: { type: intercom, token: sandbox-token, base_url: "http://127.0.0.1:9" }
`,
    'activations/people.yaml': `query: ${JSON.stringify(query)}
target: contact
mode: upsert
identifier: external_id
fields:
  external_id: user_id
  email: email
  name: full_name
`,
  })
}

/** Interrupts the process at the first log line for which `isTime` holds; \`at\` is when. */
function interruptAt(isTime: (line: Record<string, unknown>) => Promise<boolean> | boolean) {
  const interruption = { at: Number.NaN }
  const started = (child: ChildProcess): void => {
    let heard = ''
    child.stderr?.on('data', async (piece: string) => {
      heard += piece
      const lines = heard.split('\n')
      heard = lines.pop() ?? ''
      for (const line of lines) {
        if (!line.startsWith('{') || !(await isTime(JSON.parse(line)))) continue
        if (!Number.isNaN(interruption.at)) return
        interruption.at = performance.now()
        child.kill('SIGINT')
      }
    })
  }
  return { interruption, started }
}

const kilobytes = (stderr: string) => Number(/most memory: (\d+) KB/.exec(stderr)?.[1])
const inTime = 15_000
const verbose = ['--verbose', '--log-format', 'json']

describe.each([
  ['DuckDB', queries.duckdb, (): string => '{ type: duckdb }', false],
  [
    'Postgres',
    queries.postgres,
    () => `{ type: postgres, url: "${postgres?.url()}" }`,
    withoutPostgres,
  ],
] as const)('%s', (_name, { rows, silence }, source, isSkipped) => {
  const underWay = async (): Promise<readonly object[] | undefined> =>
    await postgres?.execute(
      "select pid from pg_stat_activity where state = 'active' and query like '%full_name%' and pid <> pg_backend_pid()",
    )

  it.skipIf(isSkipped)(
    'a billion rows are cancelled in the midst, quickly, and were never all held',
    async () => {
      const cwd = await projectWith(rows, source())
      const { interruption, started } = interruptAt(
        ({ event, rows: read }) => event === 'planning' && Number(read) >= 100_000,
      )
      const run = await millrace([...verbose, 'run', '--json'], { cwd, env, started })
      const took = performance.now() - interruption.at
      expect(run.code, run.stderr).toBe(130)
      expect(took).toBeLessThan(inTime)
      expect(kilobytes(run.stderr)).toBeLessThan(450_000)
      const summary = JSON.parse(run.stdout.trimEnd().split('\n').at(-1) ?? '')
      expect(summary).toMatchObject({
        exit_code: 130,
        activations: [{ status: 'interrupted', calls: { total: 0 } }],
      })
      if (postgres !== null) expect(await underWay()).toEqual([])
      const status = await millrace(['status', '--json'], { cwd })
      expect(JSON.parse(status.stdout).activations[0].runs[0].status).toBe('interrupted')
    },
    90_000,
  )

  it.skipIf(isSkipped)(
    'a query that works for hours before its first row is cancelled quickly',
    async () => {
      const cwd = await projectWith(silence, source())
      const isPostgres = source().includes('postgres')
      const { interruption, started } = interruptAt(async ({ event }) => {
        if (event !== 'started') return false
        while (isPostgres && (await underWay())?.length === 0);
        return true
      })
      const run = await millrace([...verbose, 'run', '--json'], { cwd, env, started })
      expect(run.code, run.stderr).toBe(130)
      expect(performance.now() - interruption.at).toBeLessThan(inTime)
      if (isPostgres) expect(await underWay()).toEqual([])
    },
    90_000,
  )
})
