import * as z from 'zod/mini'
import { described, type SourceConnector, secretOption } from '../../src/connector/index.ts'
import { parseUrl } from './address.ts'

const units = { ms: 1, s: 1000, m: 60_000, min: 60_000, h: 3_600_000 } as const

const text = z.string().check(z.minLength(1))

/** Milliseconds, from a number of them or from text with a unit: `30s`, `5min`. */
function duration(description: string) {
  return described(
    z.pipe(
      z.union([
        z.int().check(z.nonnegative()),
        z
          .string()
          .check(
            z.regex(/^\d+\s*(ms|s|m|min|h)?$/, 'must be a duration such as 500ms, 30s or 5min'),
          ),
      ]),
      z.transform((value) => {
        if (typeof value === 'number') return value
        const [, amount, unit = 'ms'] = /^(\d+)\s*(\w*)$/.exec(value) ?? []
        return Number(amount) * units[(unit || 'ms') as keyof typeof units]
      }),
    ),
    description,
  )
}

const sslModes = ['disable', 'prefer', 'require', 'verify-ca', 'verify-full'] as const

const ssl = described(
  z.union([
    z.enum(sslModes),
    z.strictObject({
      mode: described(z.optional(z.enum(sslModes)), 'As in psql; verify-full where `ca` is given.'),
      ca: described(
        z.optional(text),
        'File with the certificates to trust; default: those of Node.js.',
      ),
      cert: described(z.optional(text), 'File with the client certificate.'),
      key: described(z.optional(text), "File with the client certificate's key."),
    }),
  ]),
  'TLS, with the meaning that psql gives the modes: disable, prefer (the default), require (encrypted, the server is not verified), verify-ca, verify-full. Files are relative to the project file.',
)

const options = z
  .strictObject({
    url: z.optional(
      secretOption(
        'Connection string, `postgres://user:password@host:5432/database?sslmode=verify-full`; instead of host, port, database, user and password.',
      ),
    ),
    host: described(z.optional(text), 'Host name, address, or folder of the socket.'),
    port: described(
      z.optional(
        z.pipe(
          z.union([
            z.int().check(z.minimum(1), z.maximum(65535)),
            z.string().check(z.regex(/^\d{1,5}$/, 'must be the number of a port')),
          ]),
          z.transform(Number),
        ),
      ),
      'Default 5432.',
    ),
    database: described(z.optional(text), "Default: the user's name."),
    user: described(z.optional(text), 'User to log in as.'),
    password: z.optional(secretOption('Password of the user.')),
    ssl: z.optional(ssl),
    connect_timeout: z._default(
      duration('How long to wait for a connection: 10s by default.'),
      10_000,
    ),
    statement_timeout: z.optional(
      duration(
        'How long the query may run, reading its rows included: milliseconds, or text such as 30s or 5min. 0 for no limit; default: what the server has set.',
      ),
    ),
    search_path: described(
      z.optional(text),
      'Schemas in which unqualified tables are looked for: `marts, public`.',
    ),
    role: described(z.optional(text), 'Role to take on after the login.'),
  })
  .check(
    z.superRefine((value, context) => {
      if (value.url === undefined) {
        for (const name of ['host', 'user'] as const) {
          if (value[name] !== undefined) continue
          context.addIssue({
            code: 'custom',
            path: [],
            message: `give \`url\`, or \`host\` and \`user\` (\`${name}\` is missing)`,
          })
        }
        return
      }
      for (const name of ['host', 'port', 'database', 'user', 'password'] as const) {
        if (value[name] === undefined) continue
        context.addIssue({
          code: 'custom',
          path: [name],
          message: `\`${name}\` and \`url\` exclude each other: put it into the url`,
        })
      }
      const parsed = parseUrl(value.url)
      if (typeof parsed === 'string') {
        context.addIssue({ code: 'custom', path: ['url'], message: parsed })
      }
    }),
  )

/** The options of a Postgres source, durations in milliseconds. */
export type PostgresOptions = z.output<typeof options>

/** Reads from Postgres, and from what speaks its protocol. */
export const postgres: SourceConnector<PostgresOptions> = {
  type: 'postgres',
  options,
  async open(given, context) {
    const { openPostgres } = await import('./source.ts')
    return openPostgres(given, context)
  },
}
