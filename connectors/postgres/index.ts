import { z } from 'zod'
import { type SourceConnector, secretOption } from '../../src/connector/index.ts'
import { parseUrl } from './address.ts'

const units = { ms: 1, s: 1000, m: 60_000, min: 60_000, h: 3_600_000 } as const

/** Milliseconds, from a number of them or from text with a unit: `30s`, `5min`. */
function duration(description: string) {
  return z
    .union([
      z.number().int().nonnegative(),
      z.string().regex(/^\d+\s*(ms|s|m|min|h)?$/, 'must be a duration such as 500ms, 30s or 5min'),
    ])
    .transform((value) => {
      if (typeof value === 'number') return value
      const [, amount, unit = 'ms'] = /^(\d+)\s*(\w*)$/.exec(value) ?? []
      return Number(amount) * units[(unit || 'ms') as keyof typeof units]
    })
    .describe(description)
}

const sslModes = ['disable', 'prefer', 'require', 'verify-ca', 'verify-full'] as const

const ssl = z
  .union([
    z.enum(sslModes),
    z.strictObject({
      mode: z.enum(sslModes).optional().describe('As in psql; verify-full where `ca` is given.'),
      ca: z
        .string()
        .min(1)
        .optional()
        .describe('File with the certificates to trust; default: those of Node.js.'),
      cert: z.string().min(1).optional().describe('File with the client certificate.'),
      key: z.string().min(1).optional().describe("File with the client certificate's key."),
    }),
  ])
  .describe(
    'TLS, with the meaning that psql gives the modes: disable, prefer (the default), require (encrypted, the server is not verified), verify-ca, verify-full. Files are relative to the project file.',
  )

const options = z
  .strictObject({
    url: secretOption(
      'Connection string, `postgres://user:password@host:5432/database?sslmode=verify-full`; instead of host, port, database, user and password.',
    ).optional(),
    host: z.string().min(1).optional().describe('Host name, address, or folder of the socket.'),
    port: z
      .union([z.number().int().min(1).max(65535), z.string().regex(/^\d{1,5}$/)])
      .transform(Number)
      .optional()
      .describe('Default 5432.'),
    database: z.string().min(1).optional().describe("Default: the user's name."),
    user: z.string().min(1).optional().describe('User to log in as.'),
    password: secretOption('Password of the user.').optional(),
    ssl: ssl.optional(),
    connect_timeout: duration('How long to wait for a connection: 10s by default.').default(10_000),
    statement_timeout: duration(
      'How long the query may run, reading its rows included: milliseconds, or text such as 30s or 5min. 0 for no limit; default: what the server has set.',
    ).optional(),
    search_path: z
      .string()
      .min(1)
      .optional()
      .describe('Schemas in which unqualified tables are looked for: `marts, public`.'),
    role: z.string().min(1).optional().describe('Role to take on after the login.'),
  })
  .superRefine((value, context) => {
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
  })

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
