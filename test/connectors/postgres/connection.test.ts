import { execFileSync } from 'node:child_process'
import { chownSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { postgres } from '../../../connectors/postgres/index.ts'
import { ConfigurationError, StopRunError } from '../../../src/connector/index.ts'
import { errorOf, readAll, readHashes } from '../../conformance/source.ts'
import { postgresForTests } from '../../support/postgres.ts'
import { context } from './support.ts'

const { server, skipped } = await postgresForTests()
const openssl = 'openssl'
const withOpenssl = hasOpenssl()
if (!withOpenssl)
  console.warn('Tests of TLS were skipped: there is no openssl to make certificates.')

function hasOpenssl(): boolean {
  try {
    execFileSync(openssl, ['version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

const folder = mkdtempSync(join(tmpdir(), 'millrace-tls-'))

const inFolder = { ...context, projectFolder: folder }

async function query(options: Record<string, unknown>, sql = 'select 1'): Promise<unknown> {
  const source = await postgres.open(postgres.options.parse(options), inFolder)
  try {
    return (await readAll(source, sql)).rows[0]?.[0]
  } finally {
    await source.close()
  }
}

const encrypted = 'select ssl from pg_stat_ssl where pid = pg_backend_pid()'

afterAll(async () => {
  if (!skipped) await server.stop()
  rmSync(folder, { recursive: true, force: true })
})

describe.skipIf(skipped)('a login to postgres', () => {
  beforeAll(async () => {
    await server.execute(`create role locked login password 'pa:ss/w%rd'`)
    await server.configure({ 'pg_hba.conf': 'host all locked 127.0.0.1/32 scram-sha-256' })
  })

  it('works by url and by parts, special characters included', async () => {
    const { host, port } = server
    const password = 'pa:ss/w%rd'
    const url = `postgresql://locked:${encodeURIComponent(password)}@${host}:${port}/postgres`
    const who = 'select current_user::text'
    expect(await query({ url }, who)).toBe('locked')
    const parts = { host, port: String(port), user: 'locked', password, database: 'postgres' }
    expect(await query(parts, who)).toBe('locked')
  })

  it.skipIf(process.platform === 'win32')('works by a socket, named in both ways', async () => {
    const socket = join(server.folder, '..')
    const { port } = server
    expect(await query({ host: socket, port, user: 'postgres' })).toBe(1)
    const url = `postgres://postgres@:${port}/postgres?host=${encodeURIComponent(socket)}`
    expect(await query({ url: url.replace('@:', '@localhost:') })).toBe(1)
    // As psql does: no TLS there, whatever is asked for.
    const required = { host: socket, port, user: 'postgres', ssl: 'require' }
    expect(await query(required, encrypted)).toBe(false)
  })

  it.each([
    ['a wrong password', 'locked:private-word', 'postgres', 'refused the password'],
    ['no password', 'locked', 'postgres', 'asks for a password'],
    ['an unknown database', 'postgres:private-word', 'nowhere', 'no such database'],
    ['an unknown user', 'stranger:private-word', 'postgres', 'stranger'],
  ])(
    'with %s stops the run, in one sentence without the password',
    async (_, login, database, text) => {
      const url = `postgres://${login}@${server.host}:${server.port}/${database}`
      const error = await errorOf(query({ url }))
      expect(error).toBeInstanceOf(StopRunError)
      expect(error.message).toContain(text)
      expect(error.message).toContain(`${server.host}:${server.port}`)
      expect(error.message).toContain(database)
      expect(error.message).not.toContain('private-word')
      expect(error.message).not.toContain('\n')
    },
  )

  it('to a port where nobody listens stops the run', async () => {
    const closed = createServer()
    await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve))
    const { port } = closed.address() as { port: number }
    await new Promise((resolve) => closed.close(resolve))
    const error = await errorOf(query({ url: `postgres://postgres@127.0.0.1:${port}/postgres` }))
    expect(error).toBeInstanceOf(StopRunError)
    expect(error.message).toContain('nothing listens')
  })

  it('to a server that never answers ends after connect_timeout', async () => {
    const silent = createServer(() => {})
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    const { port } = silent.address() as { port: number }
    const url = `postgres://postgres@127.0.0.1:${port}/postgres`
    const error = await errorOf(query({ url, connect_timeout: '50ms' }))
    silent.close()
    expect(error).toBeInstanceOf(StopRunError)
    expect(error.message).toContain('connect_timeout')
  })

  it('to something that is no Postgres says so', async () => {
    const other = createServer((socket) =>
      socket.once('data', () => socket.end('HTTP/1.1 400\r\n')),
    )
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    const { port } = other.address() as { port: number }
    const error = await errorOf(query({ url: `postgres://postgres@127.0.0.1:${port}/postgres` }))
    other.close()
    expect(error).toBeInstanceOf(StopRunError)
    expect(error.message).toContain('is it a Postgres server')
  })

  it('that asks for TLS of a server without it stops the run; one that prefers it goes on', async () => {
    const url = `postgres://postgres@${server.host}:${server.port}/postgres`
    const error = await errorOf(query({ url, ssl: 'require' }))
    expect(error).toBeInstanceOf(StopRunError)
    expect(error.message).toContain('does not offer TLS')
    expect(await query({ url, ssl: 'prefer' }, encrypted)).toBe(false)
    expect(await query({ url }, encrypted)).toBe(false)
  })
})

describe.skipIf(skipped || !withOpenssl)('TLS to postgres', () => {
  let url = ''

  beforeAll(async () => {
    const run = (...args: string[]) => execFileSync(openssl, args, { cwd: folder, stdio: 'pipe' })
    const subject = ['-days', '2', '-nodes', '-newkey', 'rsa:2048']
    run('req', '-x509', ...subject, '-subj', '/CN=ca', '-keyout', 'ca.key', '-out', 'ca.pem')
    run(
      'req',
      '-x509',
      ...subject,
      '-subj',
      '/CN=other',
      '-keyout',
      'other.key',
      '-out',
      'other.pem',
    )
    run(
      ...[
        'req',
        '-x509',
        ...subject,
        '-subj',
        '/CN=localhost',
        '-CA',
        'ca.pem',
        '-CAkey',
        'ca.key',
      ],
      ...['-addext', 'subjectAltName=DNS:localhost', '-addext', 'basicConstraints=CA:FALSE'],
      ...['-keyout', join(server.folder, 'server.key'), '-out', join(server.folder, 'server.crt')],
    )
    const { uid, gid } = statSync(server.folder)
    for (const name of ['server.key', 'server.crt']) chownSync(join(server.folder, name), uid, gid)
    await server.configure({ 'postgresql.conf': 'ssl = on' })
    while ((await server.execute('show ssl'))[0]?.ssl !== 'on');
    url = `postgres://postgres@localhost:${server.port}/postgres`
  })

  it.each([['require'], ['prefer'], ['disable']])('mode %s needs no certificate', async (ssl) => {
    expect(await query({ url, ssl }, encrypted)).toBe(ssl !== 'disable')
    expect(await query({ url: `${url}?sslmode=${ssl}` }, encrypted)).toBe(ssl !== 'disable')
  })

  it('verify-full takes a server whose authority and name fit', async () => {
    expect(await query({ url, ssl: { mode: 'verify-full', ca: 'ca.pem' } }, encrypted)).toBe(true)
    expect(await query({ url, ssl: { ca: 'ca.pem' } }, encrypted)).toBe(true)
    expect(await query({ url: `${url}?sslrootcert=ca.pem` }, encrypted)).toBe(true)
  })

  it.each([
    ['verify-full', undefined],
    ['verify-full', 'other.pem'],
    ['verify-ca', 'other.pem'],
    ['require', 'other.pem'],
  ])('%s refuses an authority that %s does not hold', async (mode, ca) => {
    const error = await errorOf(query({ url, ssl: { mode, ca } }))
    expect(error).toBeInstanceOf(StopRunError)
    expect(error.message).toContain('not signed by an authority')
  })

  it('verify-full refuses another name, verify-ca does not ask for it', async () => {
    const byAddress = url.replace('localhost', '127.0.0.1')
    const ssl = { mode: 'verify-full', ca: 'ca.pem' }
    const error = await errorOf(query({ url: byAddress, ssl }))
    expect(error).toBeInstanceOf(StopRunError)
    expect(error.message).toContain('another host name')
    const chainOnly = { mode: 'verify-ca', ca: 'ca.pem' }
    expect(await query({ url: byAddress, ssl: chainOnly }, encrypted)).toBe(true)
  })

  it('hands out the same rows through TLS', async () => {
    const rows = "select i, repeat('x', i % 3000) as filler from generate_series(1, 20000) as t(i)"
    const [plain, secret] = await Promise.all(
      ['disable', 'require'].map(async (ssl) => {
        const source = await postgres.open(postgres.options.parse({ url, ssl }), inFolder)
        const hashed = await readHashes(source, rows)
        await source.close()
        return hashed
      }),
    )
    expect(secret?.hashes).toHaveLength(20_000)
    expect(secret).toEqual(plain)
  })

  it('cancels a query through TLS too', async () => {
    const source = await postgres.open(postgres.options.parse({ url, ssl: 'require' }), inFolder)
    const controller = new AbortController()
    const running = errorOf(source.query('select pg_sleep(601)', controller.signal))
    const sleeping = () =>
      server.execute(`select 1 from pg_stat_activity
        where query like '%sleep(601)%' and pid <> pg_backend_pid() and state = 'active'`)
    while ((await sleeping()).length === 0);
    controller.abort(new Error('stopped'))
    expect((await running).message).toBe('stopped')
    for (let attempt = 0; attempt < 200 && (await sleeping()).length > 0; attempt++);
    expect(await sleeping()).toEqual([])
    await source.close()
  })

  it('names a certificate file that cannot be read', async () => {
    const error = await errorOf(query({ url, ssl: { ca: 'nowhere.pem' } }))
    expect(error).toBeInstanceOf(ConfigurationError)
    expect(error.message).toContain(join(folder, 'nowhere.pem'))
  })

  it.each(['ca', 'cert', 'key'])('names a file of `%s` that is no PEM', async (name) => {
    writeFileSync(join(folder, 'empty.pem'), '')
    const error = await errorOf(query({ url, ssl: { [name]: 'empty.pem' } }))
    expect(error).toBeInstanceOf(ConfigurationError)
    expect(error.message).toContain(`\`ssl.${name}\``)
    expect(error.message).toContain(join(folder, 'empty.pem'))
  })

  it.each([
    ['ca', 'CERTIFICATE'],
    ['cert', 'CERTIFICATE'],
    ['key', 'PRIVATE KEY'],
  ])('names a file of `%s` that is damaged', async (name, label) => {
    writeFileSync(
      join(folder, 'damaged.pem'),
      `-----BEGIN ${label}-----\nMIIB\n-----END ${label}-----\n`,
    )
    const error = await errorOf(query({ url, ssl: { [name]: 'damaged.pem' } }))
    expect(error).toBeInstanceOf(ConfigurationError)
    expect(error.message).toContain(`\`ssl.${name}\``)
  })
})
