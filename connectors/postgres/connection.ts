import { connect as connectSocket, isIP, type Socket } from 'node:net'
import type { ConnectionOptions } from 'node:tls'
import pg from 'pg'
import { type Clock, ConfigurationError, type ConnectorContext } from '../../src/connector/index.ts'
import { type Address, parseUrl } from './address.ts'
import { connectError, withoutTls } from './errors.ts'
import type { PostgresOptions } from './index.ts'
import { PooledSocket } from './socket.ts'
import { tlsOptions } from './tls-files.ts'

/** All that is needed to reach a server, files read and checked. */
export interface Endpoint extends Address {
  /** False for no TLS. */
  readonly tls: ConnectionOptions | false
  /** Whether to go on without TLS where the server has none. */
  readonly tlsOptional: boolean
  readonly connectTimeout: number
}

/** The parts of pg's client that its types leave out. */
interface Internals {
  readonly connection: { readonly stream: Socket }
  readonly processID: number
  readonly secretKey: number
  /** True while the server waits for a query. */
  readonly readyForQuery: boolean
}

/** How long the server is given to notice a cancel before it is asked again, in milliseconds. */
const cancelAgainAfter = 50

/** A server that ignores so many cancels is left alone. */
const mostCancels = 100

/** Reads what the options point to. Throws `ConfigurationError` where a file of theirs cannot be read, or used. */
export async function endpointOf(
  options: PostgresOptions,
  context: ConnectorContext,
): Promise<Endpoint> {
  const address = addressOf(options)
  const { parameters } = address
  const given = typeof options.ssl === 'string' ? { mode: options.ssl } : (options.ssl ?? {})
  const rootFile = parameters.sslrootcert === 'system' ? undefined : parameters.sslrootcert
  const files = {
    ca: given.ca ?? rootFile,
    cert: given.cert ?? parameters.sslcert,
    key: given.key ?? parameters.sslkey,
  }
  const verified = files.ca !== undefined || parameters.sslrootcert === 'system'
  // libpq: sockets of the machine itself have no TLS, whatever the mode.
  // https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNECT-SSLMODE
  const isLocal = address.host.startsWith('/')
  const asked = given.mode ?? parameters.sslmode ?? (verified ? 'verify-full' : 'prefer')
  const mode = isLocal ? 'disable' : asked
  const seconds = parameters.connect_timeout
  return {
    ...address,
    tls: mode === 'disable' ? false : await tlsOptions(mode, files, context.projectFolder),
    tlsOptional: mode === 'prefer',
    connectTimeout: seconds === undefined ? options.connect_timeout : Number(seconds) * 1000,
  }
}

function addressOf(options: PostgresOptions): Address {
  if (options.url !== undefined) {
    const parsed = parseUrl(options.url)
    if (typeof parsed === 'string') throw new ConfigurationError(`The url of the source ${parsed}.`)
    return parsed
  }
  const { host = 'localhost', port = 5432, user = 'postgres', password = null } = options
  return { host, port, user, password, database: options.database ?? user, parameters: {} }
}

/** Logs in. Throws `StopRunError` with one sentence that says why it did not work, or the signal's reason. */
export async function connect(endpoint: Endpoint, signal: AbortSignal): Promise<pg.Client> {
  try {
    return await attempt(endpoint, endpoint.tls, signal)
  } catch (error) {
    signal.throwIfAborted()
    if (!endpoint.tlsOptional || !withoutTls(error)) throw connectError(error, endpoint)
  }
  try {
    return await attempt(endpoint, false, signal)
  } catch (error) {
    signal.throwIfAborted()
    throw connectError(error, endpoint)
  }
}

async function attempt(
  endpoint: Endpoint,
  tls: ConnectionOptions | false,
  signal: AbortSignal,
): Promise<pg.Client> {
  signal.throwIfAborted()
  const client = new pg.Client({
    host: endpoint.host,
    port: endpoint.port,
    database: endpoint.database,
    user: endpoint.user,
    // A function, so that pg never looks at PGPASSWORD.
    password: () => endpoint.password?.reveal() ?? '',
    ssl: tls,
    ...(tls === false ? { stream: () => new PooledSocket() } : {}),
    application_name: endpoint.parameters.application_name ?? 'millrace',
    enableChannelBinding: ['prefer', 'require'].includes(endpoint.parameters.channel_binding ?? ''),
    connectionTimeoutMillis: endpoint.connectTimeout,
    keepAlive: true,
  })
  // What breaks an idle connection reaches us through the query that finds it broken.
  client.on('error', () => {})
  const stream = () => (client as unknown as Internals).connection.stream
  const abandon = () => stream().destroy(new Error('aborted'))
  signal.addEventListener('abort', abandon, { once: true })
  try {
    await client.connect()
    return client
  } catch (error) {
    stream().destroy()
    throw error
  } finally {
    signal.removeEventListener('abort', abandon)
  }
}

/** Whether the server still answers, by an empty query; an abort of the signal ends the connection. Never throws. */
export async function answers(client: pg.Client, signal: AbortSignal): Promise<boolean> {
  try {
    await leavingOnAbort(client, signal, () => client.query(''))
    return true
  } catch {
    return false
  }
}

/** Does something with a connection, which an abort of the signal ends meanwhile. Throws what that makes pg throw. */
export async function leavingOnAbort<T>(
  client: pg.Client,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  const onAbort = () => void leave(client)
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    return await work()
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

/** Logs out, and leaves: what the server then does to end its process is not waited for. Never throws. */
export async function leave(client: pg.Client): Promise<void> {
  const left = client.end().catch(() => {})
  const { stream } = (client as unknown as Internals).connection
  stream.destroySoon()
  await left
}

/**
 * Cancels until the client's connection is idle or gone. Once is not enough: a cancel that arrives between two
 * statements is lost, and the next statement runs to its end.
 */
export async function cancelUntilIdle(
  client: pg.Client,
  endpoint: Endpoint,
  clock: Clock,
): Promise<void> {
  const state = client as unknown as Internals
  const busy = () => !state.readyForQuery && !state.connection.stream.destroyed
  for (let cancels = 0; busy() && cancels < mostCancels; cancels += 1) {
    await cancel(client, endpoint)
    if (busy()) await clock.sleep(cancelAgainAfter)
  }
}

/**
 * Asks the server to give up what the client's connection is doing, by a connection of its own; settles when
 * the server has taken note of it. Does nothing where the server cannot be reached.
 * https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-CANCELING-REQUESTS
 */
async function cancel(client: pg.Client, endpoint: Endpoint): Promise<void> {
  const { processID, secretKey, connection } = client as unknown as Internals
  const request = Buffer.alloc(16)
  request.writeInt32BE(16, 0)
  request.writeInt32BE(80877102, 4)
  request.writeInt32BE(processID, 8)
  request.writeInt32BE(secretKey, 12)
  // To load it takes 3 ms of those who do without.
  const tls = 'encrypted' in connection.stream ? await import('node:tls') : null

  await new Promise<void>((settle) => {
    const { host, port } = endpoint
    const socket = host.startsWith('/')
      ? connectSocket(`${host}/.s.PGSQL.${port}`)
      : connectSocket(port, host)
    socket.setTimeout(endpoint.connectTimeout || 10_000, () => socket.destroy())
    socket.on('error', () => {})
    socket.once('close', () => settle())
    if (tls === null) {
      socket.once('connect', () => socket.write(request))
      socket.resume()
      return
    }
    socket.once('connect', () => socket.write(Buffer.from([0, 0, 0, 8, 4, 210, 22, 47])))
    socket.once('data', (answer) => {
      if (answer.toString('latin1') !== 'S') {
        socket.destroy()
        return
      }
      const secure = tls.connect({
        ...endpoint.tls,
        socket,
        host,
        ...(isIP(host) === 0 ? { servername: host } : {}),
      })
      secure.on('error', () => socket.destroy())
      secure.once('secureConnect', () => secure.write(request))
      secure.resume()
    })
  })
}
