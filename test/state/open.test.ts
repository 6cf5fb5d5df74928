import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Sqlite from 'libsql'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openStateStore } from '../../src/state/index.ts'
import { latestVersion } from '../../src/state/schema.ts'
import { VirtualClock } from '../support/virtual-clock.ts'
import { about, applied, lock, operation } from './builders.ts'

let folder: string
let file: string
const clock = new VirtualClock()

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-state-'))
  file = join(folder, 'state.db')
})

afterEach(() => {
  chmodSync(folder, 0o700)
  rmSync(folder, { recursive: true })
})

const open = (path = file, create = true) =>
  openStateStore({ location: { kind: 'sqlite', file: path }, clock, create })
const mode = (path: string) => statSync(path).mode & 0o777

async function refusal(path = file, create = true) {
  try {
    const store = await open(path, create)
    await store.close()
  } catch (error) {
    return error
  }
  throw new Error('it was opened')
}

async function fill(count: number) {
  const store = await open()
  const run = await store.startRun(await lock(store), about(null))
  const operations = Array.from({ length: count }, (_, ordinal) => operation(ordinal))
  await run.sink.add(operations)
  await run.record(operations.map((one) => applied(one)))
  await store.close()
}

describe('opening a state file', () => {
  it('makes it, its folder and its side files for its owner alone', async () => {
    const deep = join(folder, 'a', 'b', 'state.db')
    const store = await open(deep)
    await lock(store)
    expect(mode(join(folder, 'a'))).toBe(0o700)
    expect(mode(join(folder, 'a', 'b'))).toBe(0o700)
    const files = readdirSync(join(folder, 'a', 'b')).sort()
    expect(files).toEqual(['state.db', 'state.db-shm', 'state.db-wal'])
    for (const name of files) expect(mode(join(folder, 'a', 'b', name))).toBe(0o600)
    await store.close()
  })

  it('closes a file to others that was open to them', async () => {
    await fill(1)
    chmodSync(file, 0o644)
    await (await open()).close()
    expect(mode(file)).toBe(0o600)
  })

  it('makes nothing where it shall not, and is empty then', async () => {
    const store = await open(join(folder, 'none', 'state.db'), false)
    expect(await store.snapshot('people').count()).toBe(0)
    expect(await store.runs(null, 5)).toEqual([])
    expect(await store.openFailures()).toEqual([])
    await store.close()
    expect(readdirSync(folder)).toEqual([])
  })

  it('leaves everything in the file itself when it is closed', async () => {
    await fill(3)
    const copy = join(folder, 'copy.db')
    copyFileSync(file, copy)
    const store = await open(copy, false)
    expect(await store.snapshot('people').count()).toBe(3)
    await store.close()
  })

  it('keeps what is there', async () => {
    await fill(3)
    const store = await open(file, false)
    expect(await store.snapshot('people').count()).toBe(3)
    await store.close()
  })

  it('refuses a newer schema, and leaves it as it is', async () => {
    await fill(1)
    const database = new Sqlite(file)
    const newer = latestVersion + 1
    database.exec(`insert into schema_migrations (name, batch) values ('000${newer}', 2)`)
    database.close()
    const before = readFileSync(file)
    for (const create of [true, false]) {
      expect(await refusal(file, create)).toMatchObject({
        name: 'ConfigurationError',
        message: expect.stringMatching(
          new RegExp(`state\\.db .*version ${newer}.* up to ${latestVersion}\\. Upgrade millrace`),
        ),
      })
    }
    expect(readFileSync(file).equals(before)).toBe(true)
  })

  it('refuses what is not a database, another program’s database and a folder', async () => {
    writeFileSync(file, 'secret '.repeat(1_000))
    const other = join(folder, 'other.db')
    const database = new Sqlite(other)
    database.exec('create table theirs (x)')
    database.close()
    const inside = join(folder, 'state.db', 'state.db')
    const cases: [string, string][] = [
      [file, 'is not a SQLite database'],
      [other, 'database of another program'],
      [folder, 'is a folder'],
      [inside, 'cannot be opened'],
    ]
    for (const [path, text] of cases) {
      const error = await refusal(path)
      expect(error).toMatchObject({ name: 'ConfigurationError' })
      expect(String(error)).toContain(text)
      expect(String(error)).toContain(path)
      expect(String(error)).not.toContain('secret ')
    }
    expect(readFileSync(file, 'utf8')).toBe('secret '.repeat(1_000))
  })

  it('says that a file is damaged, when opening or when it comes to light', async () => {
    await fill(2_000)
    const bytes = readFileSync(file)
    const header = Buffer.from(bytes)
    header.fill(0x5a, 100, 4_096)
    writeFileSync(file, header)
    expect(await refusal()).toMatchObject({
      name: 'ConfigurationError',
      message: expect.stringContaining('is damaged'),
    })
    // Everything but the schema, which fits the first pages.
    const schema = 4_096 * 4
    bytes.fill(0x5a, schema)
    writeFileSync(file, bytes)
    const count = async () => {
      const store = await open()
      try {
        for await (const _ of store.snapshot('people').fingerprints());
        await lock(store)
      } finally {
        await store.close()
      }
    }
    await expect(count()).rejects.toThrow(/state\.db is damaged\. Restore it from a backup/)
  })

  it('says that it may not write', async () => {
    await (await open(join(folder, 'warm.db'))).close()
    const closed = join(folder, 'closed')
    mkdirSync(closed)
    chmodSync(folder, 0o755)
    chmodSync(closed, 0o555)
    // Permissions do not bind root.
    const asRoot = process.geteuid?.() === 0
    if (asRoot) process.seteuid?.(65_534)
    let error: unknown
    try {
      error = await refusal(join(closed, 'state.db'))
    } finally {
      if (asRoot) process.seteuid?.(0)
    }
    expect(error).toMatchObject({
      name: 'ConfigurationError',
      message: expect.stringMatching(/closed\/state\.db cannot be opened \(EACCES\)/),
    })
    expect(existsSync(join(closed, 'state.db'))).toBe(false)
  })
})
