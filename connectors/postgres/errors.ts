import { QueryError, StopRunError, TryAgainError } from '../../src/connector/index.ts'
import type { Address } from './address.ts'
import { mayHoldValues, type ServerError, withoutValues } from './run-time-errors.ts'
import type { Statement } from './statement.ts'

/** What pg throws: the server's fields, or a socket's. */
type Thrown = ServerError

const noTls = 'The server does not support SSL connections'

/** Whether a login failed because the server has no TLS. */
export function withoutTls(error: unknown): boolean {
  return (error as Thrown).message === noTls
}

/** Why a login failed, as one sentence without the password. */
export function connectError(error: unknown, address: Address): StopRunError {
  const { host, port, database, user } = address
  const why = reason(error as Thrown)
  return new StopRunError(
    `Cannot connect to Postgres at ${host}:${port} (database "${database}", user "${user}"): ${why.endsWith('?') ? why : `${why}.`}`,
    { cause: error },
  )
}

/** Without the full stop. */
function reason(error: Thrown): string {
  const message = error.message.replace(/\.$/, '')
  switch (error.code) {
    case 'ECONNREFUSED':
      return 'nothing listens at that host and port'
    case 'ENOENT':
      return 'there is no such socket'
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'the host name cannot be resolved'
    case 'ETIMEDOUT':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return 'the host does not answer; is it down, or behind a firewall or VPN?'
    case '28P01':
      return 'the server refused the password'
    case '3D000':
      return 'there is no such database'
    case '53300':
      return 'the server has no connection left'
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
    case 'UNABLE_TO_GET_ISSUER_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
      return `the server's TLS certificate is not signed by an authority that we trust (${message}); put the authority's certificate into \`ssl.ca\``
    case 'CERT_HAS_EXPIRED':
      return "the server's TLS certificate has expired"
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return "the server's TLS certificate is for another host name; connect by that name, or use `ssl: verify-ca`"
  }
  if (withoutTls(error)) return 'the server does not offer TLS, which `ssl` asks for'
  if (/establishing an SSL connection/.test(message)) {
    return 'the connection broke while TLS was agreed on; is it a Postgres server that listens there?'
  }
  if (message === 'timeout expired') return 'no answer within `connect_timeout`'
  if (/^SASL: .*password must be/.test(message)) {
    return 'the server asks for a password, and the source has none'
  }
  return message || error.code || 'the connection failed'
}

/**
 * Whether an error passes by itself: the server ends sessions, has no means left, or somebody else was in the way.
 * SQLSTATEs: https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
export function isTemporary(code: string): boolean {
  return /^(57|53|40|55P03|25P03|08(?!P01))/.test(code)
}

/** Why no transaction began for a query. */
export function beginError(error: unknown): StopRunError | TryAgainError {
  const { code = '', severity, message } = error as Thrown
  const options = { cause: error }
  if (severity === undefined) {
    const broke = 'The connection to Postgres broke before the query ran.'
    return new TryAgainError(broke, null, options)
  }
  return isTemporary(code)
    ? new TryAgainError(`Postgres: ${message}`, null, options)
    : new StopRunError(`Postgres: ${message}`, options)
}

/** What a failed query means for the run. */
export function queryError(
  error: unknown,
  statement: Statement,
  timeout: number | undefined,
): QueryError | StopRunError | TryAgainError {
  const thrown = error as Thrown
  const { code = '', severity } = thrown
  const options = { cause: error }
  if (severity === undefined) {
    return new TryAgainError('The connection to Postgres broke while the query ran.', null, options)
  }
  if (code === '57014' && /statement timeout/.test(thrown.message)) {
    return new StopRunError(
      timeout
        ? `The query ran longer than \`statement_timeout\` of the source allows (${timeout} ms): make it faster, or raise the limit.`
        : "The query ran longer than the server's own statement_timeout allows: make it faster, or set `statement_timeout` in the source.",
      options,
    )
  }
  const hidesValues = mayHoldValues(thrown)
  const message = `Postgres: ${hidesValues ? withoutValues(thrown, statement.query) : thrown.message}`
  if (isTemporary(code)) return new TryAgainError(message, null, options)
  if (/^(58|XX|F0)/.test(code)) return new StopRunError(message, options)
  if (code === '25006') {
    return new QueryError(
      `${message}; a query may only read.`,
      offsetOf(thrown, statement),
      options,
    )
  }
  if (code === '42601' && /multiple commands/.test(thrown.message)) {
    return new QueryError('The query holds several statements: leave one, a SELECT.', null, options)
  }
  if (code === '08P01') {
    return new QueryError(`${message}; a query takes no parameters such as $1.`, null, options)
  }
  return new QueryError(
    [hidesValues ? `${message}.` : message, ...(hidesValues ? [] : notes(thrown))].join('\n'),
    offsetOf(thrown, statement),
    options,
  )
}

function notes({ detail, hint }: Thrown): string[] {
  return [detail, hint].filter((note): note is string => note !== undefined)
}

/** Postgres counts code points from 1 in what was sent, JavaScript's strings UTF-16 units from 0. */
function offsetOf(error: Thrown, { query, start }: Statement): number | null {
  if (error.position === undefined) return null
  let offset = 0
  let left = Number(error.position) - 1 - start
  if (left < 0) return null
  for (const character of query) {
    if (left-- <= 0) break
    offset += character.length
  }
  return offset
}
