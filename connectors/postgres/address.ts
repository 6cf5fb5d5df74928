import { Secret } from '../../src/connector/index.ts'

/** Where a server is and as whom to log in. */
export interface Address {
  readonly host: string
  readonly port: number
  readonly database: string
  readonly user: string
  readonly password: Secret | null
  /** What the url's parameters ask for; by their names in libpq. */
  readonly parameters: Readonly<Record<string, string>>
}

const known = [
  'application_name',
  'channel_binding',
  'connect_timeout',
  'host',
  'sslmode',
  'sslrootcert',
  'sslcert',
  'sslkey',
]

const modes = ['disable', 'prefer', 'require', 'verify-ca', 'verify-full']

/** One `@`, and nothing that only a special character left as it is can have put there. */
const wellFormed = /^[a-z]+:\/\/(?:[^@/?#\s]*@)?[^@/?#\s]*(?:\/[^@/?#]*)?(?:\?[^@#]*)?$/i

const malformed =
  'is not well-formed: write postgres://user:password@host:5432/database, with special characters of the password percent-encoded (@ as %40, / as %2F, # as %23, ? as %3F, : as %3A, % as %25)'

/**
 * Takes a connection string apart. Returns what is wrong with it, in words that hold nothing of it
 * but parameter names, where it cannot be used.
 */
export function parseUrl(secret: Secret): Address | string {
  let url: URL
  try {
    url = new URL(secret.reveal())
  } catch {
    return malformed
  }
  if (url.protocol !== 'postgres:' && url.protocol !== 'postgresql:') {
    return 'must start with postgres:// or postgresql://'
  }
  if (!wellFormed.test(secret.reveal())) return malformed
  const parameters = Object.fromEntries(url.searchParams)
  const unknown = Object.keys(parameters).find((name) => !known.includes(name))
  if (unknown !== undefined) {
    return `has the parameter \`${unknown}\`, which is not supported; supported are ${known.join(', ')}`
  }
  if (parameters.sslmode !== undefined && !modes.includes(parameters.sslmode)) {
    return `has an sslmode that is none of ${modes.join(', ')}`
  }
  if (parameters.connect_timeout !== undefined && !/^\d+$/.test(parameters.connect_timeout)) {
    return 'has a connect_timeout that is not a number of seconds'
  }
  try {
    const user = decodeURIComponent(url.username)
    if (user === '') return 'names no user: write postgres://user:password@host/database'
    const bracketed = /^\[(.*)\]$/.exec(url.hostname)?.[1]
    return {
      host: parameters.host ?? bracketed ?? (decodeURIComponent(url.hostname) || 'localhost'),
      port: url.port === '' ? 5432 : Number(url.port),
      database: decodeURIComponent(url.pathname.slice(1)) || user,
      user,
      password: url.password === '' ? null : new Secret(decodeURIComponent(url.password)),
      parameters,
    }
  } catch {
    return 'has a stray % sign: write it as %25'
  }
}
