import { join } from 'node:path'
import Sqlite from 'libsql'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  type RunningIntercomSandbox,
  startSandbox,
} from '../../connectors/intercom/sandbox/index.ts'
import type { CommandSummary } from '../../src/run/summary.ts'
import { realClock } from '../../src/run/system.ts'
import { type Gate, gateTo } from '../cli/gate.ts'
import { folderWith, projectFiles } from '../cli/support.ts'
import { type CliResult, millrace } from '../support/cli.ts'
import { postgresServer, skippedWithoutPostgres } from '../support/postgres.ts'

/** A state, and a way to look into it and to change it behind millrace's back. */
interface TestedState {
  /** As the project file names it. */
  readonly url: string
  execute(sql: string): Promise<readonly object[]>
}

const server = await postgresServer()
const withoutPostgres = skippedWithoutPostgres(server)
let sandbox: RunningIntercomSandbox
let gate: Gate

beforeEach(async () => {
  sandbox = await startSandbox({ rate_limit: 0 }, { clock: realClock, random: () => 0.5 })
  gate = await gateTo(sandbox.url)
})

afterEach(async () => {
  await gate.close()
  await sandbox.close()
})

afterAll(async () => {
  if (!('reason' in server)) await server.stop()
})

async function inSqlite(): Promise<TestedState> {
  const file = join(await folderWith(), 'state.db')
  return {
    url: file,
    execute: async (sql) => {
      const database = new Sqlite(file)
      try {
        database.exec('pragma busy_timeout = 5000')
        return database.prepare(sql).all([]) as object[]
      } finally {
        database.close()
      }
    },
  }
}

async function inPostgres(): Promise<TestedState> {
  if ('reason' in server) throw new Error(server.reason)
  const url = await server.createDatabase()
  const name = new URL(url).pathname.slice(1)
  return { url, execute: (sql) => server.execute(`set search_path = millrace; ${sql}`, name) }
}

/** A runner's project: a folder of its own, as on a machine of its own, with this state and Intercom behind the gate. */
async function runner(state: TestedState): Promise<string> {
  const files = projectFiles(gate.url)
  const people = files['activations/people.yaml'] ?? ''
  return folderWith({
    ...files,
    'millrace.yaml': `${files['millrace.yaml']}state: "${state.url}"\n`,
    'activations/accounts.yaml': `query: select user_id, full_name from 'people.csv'
target: company
mode: upsert
identifier: company_id
fields:
  company_id: user_id
  name: full_name
`,
    'activations/people.yaml': people,
  })
}

function summaryOf({ stdout }: CliResult): CommandSummary['activations'][number] {
  const { activations } = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as CommandSummary
  const [summary] = activations
  if (summary === undefined) throw new Error('no activation ran')
  return summary
}

describe.each([
  ['SQLite', inSqlite, false],
  ['Postgres', inPostgres, withoutPostgres],
] as const)('runs that share a state in %s', (_name, make, skipped) => {
  describe.skipIf(skipped)('of which', () => {
    it('two of one activation start at the same moment: one works, one exits with 75', async () => {
      const state = await make()
      const folders = [await runner(state), await runner(state)]
      const ended: CliResult[] = []
      const runs = folders.map(async (cwd) => {
        const result = await millrace(['run', 'people', '--json'], { cwd })
        ended.push(result)
        // Whoever works waits at the gate for as long.
        gate.open()
      })
      await Promise.all(runs)
      expect(ended.map(({ code }) => code)).toEqual([75, 0])
      const [refused, worked] = ended.map(summaryOf)
      expect(refused?.status).toBe('locked')
      expect(refused?.error).toMatch(
        /^Another run holds this activation since 20\d\d-.*process \d+/,
      )
      expect(worked?.outcomes.applied).toBe(3)
      expect(sandbox.contents().contacts).toHaveLength(3)
      expect(await state.execute('select status from runs')).toEqual([{ status: 'done' }])
    })

    it('a holder was stopped past its lease and goes on: it records nothing and exits with 4', async () => {
      const state = await make()
      const folders = [await runner(state), await runner(state)] as const
      const records = () =>
        state.execute(
          `select (select count(*) from outcomes where run_id = 1) as outcomes,
            (select count(*) from applied where run_id = 1) as applied,
            (select count(*) from snapshot where run_id = 1) as keys,
            (select count(*) from confirmations where run_id = 1) as confirmations,
            (select status from runs where id = 1) as status`,
        )
      let second: CliResult | undefined
      let before: readonly object[] = []
      const first = await millrace(['run', 'people', '--json'], {
        cwd: folders[0],
        started: async (child) => {
          await gate.written
          child.kill('SIGSTOP')
          // As if the lease had passed, and no renewal had come.
          await state.execute('update locks set expires_at = 0 returning token')
          gate.open()
          second = await millrace(['run', 'people', '--json'], { cwd: folders[1] })
          before = await records()
          child.kill('SIGCONT')
        },
      })
      expect(second, second?.stderr).toMatchObject({ code: 0 })
      expect(first.code, first.stderr).toBe(4)
      expect(first.stderr).toMatch(/took over/)
      expect(await records()).toEqual(before)
      expect(before).toMatchObject([{ status: 'interrupted' }])
      expect(Number((before[0] as { outcomes: unknown }).outcomes)).toBe(0)
      expect(Number((before[0] as { applied: unknown }).applied)).toBe(0)
      expect(Number((before[0] as { keys: unknown }).keys)).toBe(0)
      expect(Number((before[0] as { confirmations: unknown }).confirmations)).toBe(0)
      expect(sandbox.contents().contacts).toHaveLength(3)
      const requests = sandbox.requests().total
      expect((await millrace(['run', 'people'], { cwd: folders[1] })).code).toBe(0)
      expect(sandbox.requests().total).toBe(requests)
    })

    it('several of different activations work side by side', async () => {
      const state = await make()
      const runs = ['people', 'accounts'].map(async (name) => {
        const cwd = await runner(state)
        return millrace(['run', name, '--json'], { cwd })
      })
      // Both hold their activation before either can write.
      for (;;) {
        const held = await state
          .execute('select activation_id from locks where holder is not null')
          .catch(() => [])
        if (held.length === 2) break
        await realClock.sleep(20)
      }
      gate.open()
      const results = await Promise.all(runs)
      expect(
        results.map(({ code, stderr }) => ({ code, stderr: code === 0 ? '' : stderr })),
      ).toEqual([
        { code: 0, stderr: '' },
        { code: 0, stderr: '' },
      ])
      expect(results.map((result) => summaryOf(result).outcomes.applied)).toEqual([3, 3])
      expect(sandbox.contents().contacts).toHaveLength(3)
      expect(sandbox.contents().companies).toHaveLength(3)
    })

    it('one picks up on another machine what a killed one left', async () => {
      const state = await make()
      const folders = [await runner(state), await runner(state)] as const
      const killed = await millrace(['run', 'people', '--json'], {
        cwd: folders[0],
        started: async (child) => {
          await gate.written
          child.kill('SIGKILL')
        },
      })
      expect(killed.signal).toBe('SIGKILL')
      gate.open()
      const next = await millrace(['run', '--json'], { cwd: folders[1] })
      expect(next.code, next.stderr).toBe(0)
      expect(sandbox.contents().contacts).toHaveLength(3)
      const status = await millrace(['status', 'people', '--json'], { cwd: folders[0] })
      expect(JSON.parse(status.stdout)).toMatchObject({
        activations: [{ runs: [{ status: 'done' }, { status: 'interrupted' }] }],
      })
      const requests = sandbox.requests().total
      expect((await millrace(['run'], { cwd: folders[0] })).code).toBe(0)
      expect(sandbox.requests().total).toBe(requests)
    })
  })
})
