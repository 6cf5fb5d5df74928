import type { ChildProcess } from 'node:child_process'
import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import type { RunningIntercomSandbox } from '../../connectors/intercom/sandbox/index.ts'
import type { CommandSummary } from '../../src/run/summary.ts'
import { millrace } from '../support/cli.ts'
import { openGate, openSandbox } from './sandbox.ts'
import { folderWith, projectFiles } from './support.ts'

let sandbox: RunningIntercomSandbox

beforeEach(async () => {
  sandbox = await openSandbox()
})

const badRow = 'u-4,dmitri@example.com,Dmitri Volkov\nu-4,other@example.com,Somebody Else\n'

function lastLine(stdout: string): CommandSummary {
  return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as CommandSummary
}

/** Without what differs from run to run. */
function steady(text: string): string {
  return text.replace(/\d+(\.\d+)? (ms|s)\b/g, 'TIME')
}

describe('run', () => {
  it('tells people on stdout what it came to and on stderr how it went', async () => {
    const cwd = await folderWith(projectFiles(sandbox.url))
    const { code, stdout, stderr } = await millrace(['run'], { cwd })
    expect(code).toBe(0)
    expect(steady(stdout)).toMatch(
      /^people: done \(run 1\) in TIME\n {2}rows {6}3: 3 new\n {2}outcomes {2}3 applied\n {2}calls {5}\d+ \([\d.]+ rows per call\)\n$/,
    )
    expect(steady(stderr)).toBe(
      'people: started (run 1)\npeople: planned 3 rows, 3 new\npeople: done in TIME\n',
    )
  })

  it('exits with 1 where rows failed, and tells programs which and why', async () => {
    const files = projectFiles(sandbox.url)
    const cwd = await folderWith({ ...files, 'people.csv': `${files['people.csv']}${badRow}` })
    const run = await millrace(['run', '--json', '--summary-file', 'out.json'], { cwd })
    expect(run.code).toBe(1)
    const summary = lastLine(run.stdout)
    expect(summary).toMatchObject({
      status: 'failures',
      exit_code: 1,
      activations: [
        {
          activation: 'people',
          run: 1,
          outcomes: { applied: 3, rejected: 1 },
          failures_by_code: { duplicate_key: 1 },
          error: null,
        },
      ],
    })
    expect(JSON.parse(await readFile(join(cwd, 'out.json'), 'utf8'))).toEqual(summary)

    const lines = await millrace(['failures', 'people', '--run', '1', '--format', 'jsonl'], { cwd })
    expect(lines).toMatchObject({ code: 0, stderr: '' })
    expect(JSON.parse(lines.stdout)).toMatchObject({ key: 'u-4', code: 'duplicate_key', run: 1 })
    const table = await millrace(['failures'], { cwd, env: { COLUMNS: '80' } })
    expect(table.stdout).toMatch(/^people\nKEY +CODE +FIELD +MESSAGE\nu-4 +duplicate_key /)
    expect(table.stdout).not.toContain('dmitri@example.com')
    const status = await millrace(['status', '--json'], { cwd })
    expect(JSON.parse(status.stdout)).toMatchObject({
      activations: [
        {
          activation: 'people',
          runs: [{ run: 1, status: 'failures', summary: { run: 1 } }],
          open_failures: { duplicate_key: 1 },
          next_retries: { next_run: 1, waiting: 0, first: null },
        },
      ],
    })
  })

  it('says of rows that a stopped run did not get to how many there are, and what becomes of them', async () => {
    const cwd = await folderWith(projectFiles(sandbox.url))
    sandbox.faults.add({
      method: 'POST',
      path: '/contacts',
      skip: 1,
      times: null,
      fault: { kind: 'status', status: 401 },
    })
    const run = await millrace(['run'], { cwd })
    expect(run.code).toBe(4)
    expect(run.stdout).toContain('outcomes  1 applied, 2 not attempted\n')
    expect(run.stdout).toContain('next run  sends 2 rows that this one did not attempt\n')
    expect(run.stdout).not.toContain('failures')
    const said = '2 rows were not attempted by run 1 (stopped early)'
    expect((await millrace(['status'], { cwd })).stdout).toContain(`${said}; the next run sends`)
    expect(await millrace(['failures'], { cwd })).toMatchObject({
      code: 0,
      stdout: '',
      stderr: `people: ${said}; the next run sends them. They are listed by: millrace failures people --run 1\n`,
    })
    const listed = await millrace(['failures', 'people', '--run', '1'], { cwd })
    expect(listed.stdout.match(/not_attempted/g)).toHaveLength(2)
    expect(listed).toMatchObject({ code: 0, stderr: '' })

    sandbox.faults.clear()
    expect((await millrace(['run'], { cwd })).code).toBe(0)
    expect(await millrace(['failures', 'people', '--run', '1'], { cwd })).toMatchObject({
      stdout: '',
      stderr: `${said}. They are not listed any more: a later run plans them anew.\n`,
    })
    expect((await millrace(['failures'], { cwd })).stderr).toBe('No open failures.\n')
    expect((await millrace(['status'], { cwd })).stdout).toContain('no open failures\n')
  })

  it('exits with the skip code only where there was nothing to do', async () => {
    const cwd = await folderWith(projectFiles(sandbox.url))
    const skipping = ['run', '--json', '--skip-code', '99']
    expect((await millrace(skipping, { cwd })).code).toBe(0)
    const again = await millrace(skipping, { cwd })
    expect(again.code).toBe(99)
    expect(lastLine(again.stdout)).toMatchObject({ status: 'done', exit_code: 99 })
    expect((await millrace(['run'], { cwd })).code).toBe(0)
  })

  it('writes the summary also where the configuration is wrong', async () => {
    const cwd = await folderWith({ 'millrace.yaml': 'sources: 1\n' })
    const run = await millrace(['run', '--json', '--summary-file', 'out.json'], { cwd })
    expect(run.code).toBe(2)
    expect(run.stderr).toMatch(/^millrace\.yaml:1:\d+: /)
    const summary = lastLine(run.stdout)
    expect(summary).toMatchObject({ status: 'configuration', exit_code: 2, activations: [] })
    expect(summary.error).toContain('millrace.yaml:1:')
    expect(JSON.parse(await readFile(join(cwd, 'out.json'), 'utf8'))).toEqual(summary)
  })

  it('refuses before it starts to write the summary where that is impossible', async () => {
    const cwd = await folderWith(projectFiles(sandbox.url))
    const run = await millrace(['run', '--summary-file', 'no/such/run.json'], { cwd })
    expect(run).toMatchObject({
      code: 2,
      stdout: '',
      stderr:
        'Cannot write no/such/run.json (ENOENT). Name a file in a folder that exists and is writable.\n',
    })
    expect(sandbox.contents().contacts).toHaveLength(0)
  })

  it('stops with 4 and one clear message where nobody answers', async () => {
    await sandbox.close()
    const cwd = await folderWith(projectFiles(sandbox.url))
    const { code, stdout, stderr } = await millrace(['run'], { cwd })
    expect(code).toBe(4)
    expect(stdout).toContain('people: stopped early (run 1)')
    expect(stderr).toContain('Intercom could not be reached')
    expect(stderr).not.toMatch(/^\s+at /m)
  })

  it('never shows the token', async () => {
    const cwd = await folderWith(projectFiles(sandbox.url))
    const secret = 'tok-very-secret'
    const yaml = projectFiles(sandbox.url)['millrace.yaml'] ?? ''
    await writeFile(join(cwd, 'millrace.yaml'), yaml.replace('sandbox-token', `\${TOKEN}`))
    for (const format of ['text', 'json']) {
      const { code, stdout, stderr } = await millrace(['run', '-v', '--log-format', format], {
        cwd,
        env: { TOKEN: secret, MILLRACE_DEBUG: '1' },
      })
      expect(code).toBe(4)
      expect(stdout + stderr).not.toContain(secret)
    }
  })

  it('writes one JSON object a line to stderr where that is asked for, more with --verbose', async () => {
    const cwd = await folderWith(projectFiles(sandbox.url))
    const { stderr } = await millrace(['run', '--log-format', 'json', '-v'], { cwd })
    const events = stderr
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(events.map(({ event }) => event ?? 'line')).toEqual(
      expect.arrayContaining(['line', 'started', 'planned', 'writing', 'finished']),
    )
    expect(events.find(({ event }) => event === 'started')).toMatchObject({
      level: 'info',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      activation: 'people',
      run: 1,
    })
    expect(stderr).not.toContain('ada@example.com')
  })
})

describe('plan', () => {
  it('shows keys and fields, no values, and leaves nothing behind', async () => {
    const cwd = await folderWith(projectFiles(sandbox.url))
    const { code, stdout } = await millrace(['plan', '--show', '2'], { cwd })
    expect(code).toBe(0)
    expect(stdout).toBe(
      'people: upsert intercom.contact\n  3 rows: 3 new\n  + u-1\n  + u-2\n  … 1 more (--show N)\n',
    )
    await expect(stat(join(cwd, '.millrace'))).rejects.toThrow('ENOENT')
    const json = await millrace(['plan', '--format', 'json'], { cwd })
    expect(JSON.parse(json.stdout)).toMatchObject({
      exit_code: 0,
      activations: [{ activation: 'people', totals: { rows: 3, create: 3 } }],
    })
    expect(json.stdout).not.toContain('ada@example.com')
  })

  it('ends with 2 where the query is wrong, at its place in the file', async () => {
    const files = projectFiles(sandbox.url)
    const yaml =
      files['activations/people.yaml']?.replace('user_id, email', 'user_idd, email') ?? ''
    const cwd = await folderWith({ ...files, 'activations/people.yaml': yaml })
    const { code, stdout } = await millrace(['plan'], { cwd })
    expect(code).toBe(2)
    expect(stdout).toMatch(/^ {2}activations\/people\.yaml:1:\d+: .*user_idd/m)
  })
})

/** Resolves when what the process says on stderr contains `text`. */
function said(child: ChildProcess, text: string): Promise<void> {
  return new Promise((resolve) => {
    let heard = ''
    child.stderr?.on('data', (piece: string) => {
      heard += piece
      if (heard.includes(text)) resolve()
    })
  })
}

describe('stopping', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)(
    '%s lets what is under way end and be recorded, and exits with %d',
    async (name, expected) => {
      const way = await openGate(sandbox.url)
      const cwd = await folderWith(projectFiles(way.url))
      const { code, stdout, stderr } = await millrace(['run', '--json'], {
        cwd,
        started: async (child) => {
          await way.written
          const heard = said(child, name)
          child.kill(name)
          await heard
          way.open()
        },
      })
      expect(stderr).toContain(`millrace: ${name}: waiting for the requests under way`)
      expect(code).toBe(expected)
      const summary = lastLine(stdout)
      expect(summary).toMatchObject({ status: 'interrupted', exit_code: expected })
      expect(summary.activations[0]?.outcomes.applied).toBeGreaterThan(0)
      const next = await millrace(['run', '--json'], { cwd })
      expect(next.code).toBe(0)
      expect(sandbox.contents().contacts).toHaveLength(3)
    },
  )

  it('ends at once at the second signal', async () => {
    const way = await openGate(sandbox.url)
    const cwd = await folderWith(projectFiles(way.url))
    const { code, stdout } = await millrace(['run', '--json'], {
      cwd,
      started: async (child) => {
        await way.written
        const heard = said(child, 'SIGINT')
        child.kill('SIGINT')
        await heard
        child.kill('SIGTERM')
      },
    })
    expect({ code, stdout }).toEqual({ code: 143, stdout: '' })
  })
})

describe('an error of millrace itself', () => {
  const env = (code: string) => ({
    NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(code)}`,
  })
  const broken = env("JSON.stringify = () => { throw new TypeError('boom') }")
  const uncaught = env(
    "process.stdout.write = () => setImmediate(() => { throw new Error('boom') })",
  )

  it.each([
    // The stack names the sources, although the program is a bundle.
    ['thrown by a command', broken, /^ +at .*\/src\/config\/project\.ts:\d+:\d+\)$/m],
    ['thrown by nobody in particular', uncaught, /^ +at /m],
  ])('is one line: %s', async (_name, environment, stack) => {
    const cwd = await folderWith(projectFiles(sandbox.url))
    const { code, stderr } = await millrace(['validate', '--json'], { cwd, env: environment })
    expect(code).toBe(4)
    expect(stderr).toBe(
      'millrace: internal error: boom (this is a bug in millrace; set MILLRACE_DEBUG=1 to see where)\n',
    )
    const debug = await millrace(['validate', '--json'], {
      cwd,
      env: { ...environment, MILLRACE_DEBUG: '1' },
    })
    expect(debug.stderr).toMatch(stack)
  })
})

describe('what init makes', () => {
  it('runs against the sandbox as it says, and sends nothing the second time', async () => {
    const cwd = await folderWith()
    expect((await millrace(['init'], { cwd })).code).toBe(0)
    let results: readonly CommandSummary[] = []
    const served = await millrace(['sandbox', '--port', '0', '--seed', 'sandbox.json', '--json'], {
      cwd,
      started: (child) => {
        child.stdout?.once('data', async (line: string) => {
          const { url } = JSON.parse(line) as { url: string }
          const env = { INTERCOM_BASE_URL: url }
          const first = await millrace(['run', '--json'], { cwd, env })
          const second = await millrace(['run', '--json'], { cwd, env })
          results = [lastLine(first.stdout), lastLine(second.stdout)]
          child.kill('SIGTERM')
        })
      },
    })
    expect(served.stderr).toBe('')
    const [first, second] = results
    expect(first).toMatchObject({ status: 'done', exit_code: 0 })
    expect(first?.activations.map(({ outcomes }) => outcomes.applied)).toEqual([3, 6])
    expect(second?.activations.map(({ calls }) => calls.total)).toEqual([0, 0])
  })
})

describe('a reader that goes away', () => {
  it('ends a long report without a sound', async () => {
    const files = projectFiles(sandbox.url)
    const rows = Array.from(
      { length: 5000 },
      (_, n) => `x-${n},not-an-address-${n},Name\nx-${n},other-${n},Name\n`,
    )
    const cwd = await folderWith({
      ...files,
      'people.csv': `user_id,email,full_name\n${rows.join('')}`,
    })
    expect((await millrace(['run'], { cwd })).code).toBe(1)
    const { code, signal, stderr } = await millrace(['failures', '--format', 'jsonl'], {
      cwd,
      started: (child) => {
        child.stdout?.once('data', () => child.stdout?.destroy())
      },
    })
    expect({ code, signal, stderr }).toEqual({ code: 0, signal: null, stderr: '' })
  })
})
