import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  type RunningIntercomSandbox,
  startSandbox,
} from '../../connectors/intercom/sandbox/index.ts'
import { realClock } from '../../src/run/system.ts'
import { openDatabase } from '../../src/state/open.ts'
import { type Gate, gateTo } from '../cli/gate.ts'
import { folderWith, projectFiles } from '../cli/support.ts'
import { millrace } from '../support/cli.ts'

const program = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url))

let sandbox: RunningIntercomSandbox
let gate: Gate | null = null
const mounted: string[] = []

beforeEach(async () => {
  sandbox = await startSandbox({ rate_limit: 0 }, { clock: realClock, random: () => 0.5 })
})

afterEach(async () => {
  for (const folder of mounted.splice(0)) {
    system('umount', folder)
    rmSync(folder, { recursive: true })
  }
  await gate?.close()
  gate = null
  await sandbox.close()
})

/** Runs a program of the system; throws where it fails or is not there. */
function system(name: string, ...options: readonly string[]): void {
  execFileSync(name, options, { stdio: 'ignore' })
}

const header = 'user_id,email,full_name\n'

function people(count: number, name = 'Name'): string {
  const line = (n: number) => `u-${n},p${n}@example.com,${name} ${n}\n`
  return header + Array.from({ length: count }, (_, n) => line(n)).join('')
}

function project(rows: string, url = sandbox.url): Promise<string> {
  return folderWith({ ...projectFiles(url), 'people.csv': rows })
}

const fileOf = (cwd: string) => join(cwd, '.millrace', 'state.db')
const run = (cwd: string) => millrace(['run', '--json'], { cwd })

/** What Intercom holds, by external id; fails where one is there twice. */
function held(): Map<string, string> {
  const { contacts } = sandbox.contents()
  const names = new Map(contacts.map(({ external_id, name }) => [`${external_id}`, `${name}`]))
  expect(names.size).toBe(contacts.length)
  return names
}

/** A run, and one more that has nothing to do. */
async function converges(cwd: string, rows: number, name = 'Name'): Promise<void> {
  const { code, stderr } = await run(cwd)
  expect(code, stderr).toBe(0)
  const names = held()
  expect(names.size).toBe(rows)
  for (const [id, held] of names) expect(held).toBe(`${name} ${id.slice(2)}`)
  const requests = sandbox.requests().total
  expect((await run(cwd)).code).toBe(0)
  expect(sandbox.requests().total).toBe(requests)
}

/** A run in which no file may grow beyond so many kilobytes. */
async function limited(cwd: string, kilobytes: number) {
  // Without the trap the system ends the process instead of telling it.
  const script = `trap '' XFSZ; ulimit -f ${kilobytes}; exec "$@"`
  const child = spawn('bash', ['-c', script, 'bash', process.execPath, program, 'run', '--json'], {
    cwd,
    env: { PATH: process.env.PATH ?? '' },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let stderr = ''
  child.stderr.on('data', (chunk) => {
    stderr += chunk
  })
  const [code] = await once(child, 'close')
  return { code: code as number | null, stderr }
}

/** A small disk; null where this user may not mount one. */
async function smallDisk(kilobytes: number): Promise<string | null> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-disk-'))
  try {
    system('mount', '-t', 'tmpfs', '-o', `size=${kilobytes}k`, 'tmpfs', folder)
  } catch {
    rmSync(folder, { recursive: true })
    return null
  }
  mounted.push(folder)
  return folder
}

describe('a disk that is full', () => {
  it.each([
    [64, 2, 0],
    [300, 4, 0],
    [700, 4, 1],
  ])(
    'stops the run that may write %i KB with %i, and the next one goes on without a duplicate',
    async (kilobytes, expected, sent) => {
      const cwd = await project(people(800))
      const { code, stderr } = await limited(cwd, kilobytes)
      expect(code, stderr).toBe(expected)
      expect(held().size).toBeGreaterThanOrEqual(sent)
      expect(stderr).toMatch(/state file .*state\.db|disk that holds/)
      expect(stderr).not.toMatch(/internal error|^\s+at /m)
      await converges(cwd, 800)
    },
    60_000,
  )

  it('is named as such, and what was confirmed before counts', async ({ skip }) => {
    const disk = await smallDisk(900)
    if (disk === null) return skip('needs the right to mount a small disk')
    const cwd = await project(people(800))
    const yaml = projectFiles(sandbox.url)['millrace.yaml'] ?? ''
    writeFileSync(join(cwd, 'millrace.yaml'), `${yaml}state: "${join(disk, 'state.db')}"\n`)
    const full = await run(cwd)
    expect(full.code, full.stderr).toBe(4)
    expect(full.stderr).toContain(`The disk that holds the state file ${disk}/state.db is full`)
    expect(held().size).toBeGreaterThan(0)
    system('mount', '-o', 'remount,size=64m', disk)
    await converges(cwd, 800)
  })
})

describe('a state file', () => {
  it('that is deleted while a run goes on: the next run finds what is there', async () => {
    const way = await gateTo(sandbox.url)
    gate = way
    const cwd = await project(people(50), way.url)
    const first = await millrace(['run', '--json'], {
      cwd,
      started: async () => {
        await way.written
        rmSync(join(cwd, '.millrace'), { recursive: true })
        way.open()
      },
    })
    expect([0, 4], first.stderr).toContain(first.code)
    expect(first.stderr).not.toContain('internal error')
    await converges(cwd, 50)
  })

  it('that is emptied is a new one; one that was cut off is named and left alone', async () => {
    const cwd = await project(people(300))
    expect((await run(cwd)).code).toBe(0)
    const { size } = statSync(fileOf(cwd))
    truncateSync(fileOf(cwd), Math.floor(size / 2))
    const cut = await run(cwd)
    expect(cut.code).toBe(2)
    expect(cut.stderr).toContain(
      `The state file ${fileOf(cwd)} is damaged. Restore it from a backup`,
    )
    expect(statSync(fileOf(cwd)).size).toBe(Math.floor(size / 2))
    truncateSync(fileOf(cwd), 0)
    await converges(cwd, 300)
  })

  it('restored from last week: what changed since is sent, and nothing is doubled', async () => {
    const cwd = await project(people(40, 'Old'))
    expect((await run(cwd)).code).toBe(0)
    copyFileSync(fileOf(cwd), join(cwd, 'backup.db'))
    writeFileSync(join(cwd, 'people.csv'), people(60, 'New'))
    expect((await run(cwd)).code).toBe(0)
    // The index of the newer state stays where it is.
    for (const name of readdirSync(join(cwd, '.millrace'))) {
      if (name !== 'state.db.index') rmSync(join(cwd, '.millrace', name))
    }
    copyFileSync(join(cwd, 'backup.db'), fileOf(cwd))
    await converges(cwd, 60, 'New')
  })

  it('in a folder that may not be written is refused before anything is sent', async () => {
    const cwd = await project(people(3))
    expect((await run(cwd)).code).toBe(0)
    const closed = join(cwd, '.millrace')
    const location = { kind: 'sqlite', file: fileOf(cwd) } as const
    // What opening loads is loaded now: another user need not be able to read where this project lies.
    await (await openDatabase({ location, create: true }))?.close()
    chmodSync(cwd, 0o755)
    // The folder and the file are somebody else's, and may be read.
    chmodSync(location.file, 0o444)
    chmodSync(closed, 0o555)
    // Permissions do not bind root.
    const asRoot = process.geteuid?.() === 0
    if (asRoot) process.seteuid?.(65_534)
    try {
      await expect(openDatabase({ location, create: true })).rejects.toMatchObject({
        name: 'ConfigurationError',
        message: expect.stringMatching(/state\.db cannot be opened \(EACCES\)/),
      })
    } finally {
      if (asRoot) process.seteuid?.(0)
      chmodSync(closed, 0o755)
    }
    mkdirSync(join(cwd, 'other'))
    await converges(cwd, 3)
  })
})
