import { ConfigurationError, type Secret } from '../connector/index.ts'

/** Where a state store in Postgres is. */
export interface PostgresLocation {
  /** The url as the driver takes it. Holds the password. */
  readonly url: string
  readonly schema: string
  /** Host, port and database, for messages. */
  readonly place: string
  readonly connectMilliseconds: number
}

const defaultSchema = 'millrace'
const defaultConnectSeconds = 10

/**
 * Takes the url of a state store apart: `schema` and `connect_timeout` (seconds) are ours, every other parameter is
 * handed to the driver. Throws `ConfigurationError`, with nothing of the url in it, where it is not well-formed.
 */
export function postgresLocation(secret: Secret): PostgresLocation {
  const url = parse(secret)
  const schema = url.searchParams.get('schema') ?? defaultSchema
  if (schema === '' || Buffer.byteLength(schema) > 63 || /["\0]/.test(schema)) {
    throw new ConfigurationError(
      'The `schema` in the url of the state is not a name that Postgres takes: up to 63 bytes, without quotes.',
    )
  }
  const seconds = Number(url.searchParams.get('connect_timeout') ?? defaultConnectSeconds)
  if (!Number.isSafeInteger(seconds) || seconds < 1) {
    throw new ConfigurationError(
      'The `connect_timeout` in the url of the state is not a number of seconds.',
    )
  }
  url.searchParams.delete('schema')
  url.searchParams.delete('connect_timeout')
  // As psql reads `sslmode`: the driver would take `require` for `verify-full`, and warn.
  if (url.searchParams.has('sslmode')) url.searchParams.set('uselibpqcompat', 'true')
  const host = url.searchParams.get('host') ?? (decodeURIComponent(url.hostname) || 'localhost')
  const database = decodeURIComponent(url.pathname.slice(1) || url.username)
  return {
    url: url.href,
    schema,
    place: `${host}:${url.port || 5432}/${database}`,
    connectMilliseconds: seconds * 1_000,
  }
}

function parse(secret: Secret): URL {
  try {
    const url = new URL(secret.reveal())
    decodeURIComponent(`${url.hostname}${url.pathname}${url.username}${url.password}`)
    return url
  } catch {
    throw new ConfigurationError(
      'The url of the state is not well-formed: write postgres://user:password@host:5432/database, with special characters of the password percent-encoded (@ as %40, / as %2F, # as %23).',
    )
  }
}
