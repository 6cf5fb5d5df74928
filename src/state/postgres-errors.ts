import { ConfigurationError, StopRunError } from '../connector/index.ts'

/** A SQLSTATE, or a code of Node such as ECONNREFUSED; null where the error is not the driver's. */
function driverCode(error: unknown): string | null {
  if (!(error instanceof Error)) return null
  if ('code' in error && typeof error.code === 'string') return error.code
  // pg reports connections that end, or cannot be made, as plain errors.
  if (/connection|timeout|SSL|not queryable|sslrootcert|sslmode/i.test(error.message))
    return '08006'
  return null
}

const network =
  /^(?:E(?:CONN|PIPE|TIMEDOUT|HOST|NET|NOTFOUND|AI_)|ENOTFOUND|CERT_|ERR_TLS|ERR_SSL|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO)/

/** The connection is gone, and with it a transaction that was not committed. */
export function isDisconnected(error: unknown): boolean {
  const code = driverCode(error)
  return code !== null && isDisconnect(code)
}

/** https://www.postgresql.org/docs/current/errcodes-appendix.html */
function isDisconnect(code: string): boolean {
  return code.startsWith('08') || /^57P0[1-5]$|^25P03$/.test(code) || network.test(code)
}

function explain(code: string, place: string): string {
  const state = `The state in Postgres at ${place}`
  if (code === '28P01' || code === '28000') {
    return `${state} refused the login (${code}). Check the user, the password and the server's pg_hba.conf.`
  }
  if (code === '3D000')
    return `${state} does not exist: the server has no such database. Create it.`
  if (code === '42501') {
    return `${state} refuses this user (42501). Let the user create a schema in the database, or make the schema and give it to the user; docs/state.md says how.`
  }
  if (code === '25006') {
    return `${state} is read-only, such as a standby. Name the primary server.`
  }
  if (code === '53300') {
    return `${state} has no connection left (53300). Let others end, or raise max_connections.`
  }
  if (code === '53100') return `${state} has no disk space left. Make room, then run again.`
  if (code.startsWith('40')) {
    return `${state} cancelled a transaction because of another one (${code}). Run again.`
  }
  if (code === '55P03' || code === '57014') {
    return `${state} waited too long for another program (${code}). Find out what holds it, then run again.`
  }
  if (isDisconnect(code)) {
    return `${state} cannot be reached (${code}). Check the host, the port, TLS (sslmode) and that the server is up, then run again.`
  }
  return `${state} could not be used (${code}).`
}

const configuration = ['28P01', '28000', '3D000', '42501', '25006']

/** A constraint that was hurt and a statement that is wrong are our mistakes: they stay what they are. */
function isOurs(code: string | null): code is null {
  return code === null || /^(?:21|22|23|42(?!501))/.test(code) || code.startsWith('ERR_ASSERTION')
}

/**
 * The driver's error as the user shall see it, without the server's own text, which may hold values. Every other
 * error is handed back as it is.
 */
export function translateError(error: unknown, place: string): unknown {
  if (error instanceof StopRunError || error instanceof ConfigurationError) return error
  const code = driverCode(error)
  return isOurs(code) ? error : new StopRunError(explain(code, place))
}

/** The same for opening: what only another configuration cures is a `ConfigurationError`. */
export function translateOpenError(error: unknown, place: string): unknown {
  const code = driverCode(error)
  if (code !== null && configuration.includes(code)) {
    return new ConfigurationError(explain(code, place))
  }
  return translateError(error, place)
}
