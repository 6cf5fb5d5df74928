// The warehouse of the benchmark: a Postgres of its own, with tables that SQL makes, and COPY, which everything is
// measured against.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { totalmem } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { unlessInterrupted } from './interruption.js'
import { runProcess } from './measure.js'

const root = fileURLToPath(new URL('..', import.meta.url))
const gigabyte = 1024 ** 3

/** The tests' own Postgres: it is written in TypeScript, and Node 20 reads none. */
async function postgresSupport() {
  const folder = await mkdtemp(join(root, '.build-bench-'))
  try {
    const compiler = join(root, 'node_modules/typescript/bin/tsc')
    const options = ['--ignoreConfig', '--noCheck', '--module', 'nodenext', '--target', 'es2023']
    const places = ['--rootDir', root, '--outDir', folder, join(root, 'test/support/postgres.ts')]
    await runProcess(process.execPath, [compiler, ...options, ...places])
    return await import(pathToFileURL(join(folder, 'test/support/postgres.js')).href)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** As it would be set up for such tables: they fit into memory, and plans do not change while it is measured. */
const settings = [
  `shared_buffers = ${totalmem() > 8 * gigabyte ? '2GB' : '256MB'}`,
  'work_mem = 64MB',
  'max_wal_size = 8GB',
  'checkpoint_timeout = 1h',
  'jit = off',
]

/**
 * Row n of a contacts table: 12 columns, 207 bytes as COPY prints it, about 1 in 9 and 2 in 3 NULL in two of them. The key is
 * a hash, so that the table's order has nothing to do with the order of the keys.
 */
const contacts = `create function contacts(first bigint, last bigint) returns table (
  id text, email text, name text, plan text, mrr numeric(12,2), seats int, signed_up_at timestamptz,
  is_active bool, score float8, last_feature text, tags text[], notes text) language sql stable as $$
  select md5('id' || n)::uuid::text,
    'person' || n || '@company' || (r % 50000) || '.example.com',
    (array['Ada','Grace','Linus','Jürgen','Mária','Chen','Olu','Sofia'])[1 + r % 8] || ' ' ||
      (array['Lovelace','Hopper','Torvalds','Müller','Novak','Wei','Adeyemi','Rossi'])[1 + (r / 8) % 8],
    (array['free','starter','growth','enterprise'])[1 + (r / 64) % 4],
    ((r % 100000) / 100.0)::numeric(12,2), (1 + (r / 7) % 500)::int,
    timestamptz '2018-01-01 00:00:00+00' + (r % 250000000) * interval '1 second',
    r % 3 <> 0, (r % 1000003) / 1000003.0::float8,
    case when r % 9 = 0 then null else (array['dashboards','exports','api_tokens','sso','alerts'])[1 + (r / 11) % 5] end,
    case r % 4 when 0 then array['beta'] when 1 then array['beta','vip','eu'] when 2 then array['trial','needs review'] else array[]::text[] end,
    case when r % 3 = 1 then 'Spoke on the phone about renewal; wants a demo of "exports" and pricing, ref ' || n else null end
  from (select n, ('x' || substr(md5('r' || n), 1, 8))::bit(32)::bigint as r from generate_series(first, last) as s(n)) as rows $$`

/** The table, and its twin a day later: 1% of the rows changed, 0.1% gone, 0.1% new. */
function tables(name, rows) {
  const sample = 'abs(hashtext(id)) % 1000'
  return [
    `create table ${name} as select * from contacts(1, ${rows})`,
    `create table ${name}_b as
      select id, email, name, plan, (case when ${sample} < 10 then mrr + 1 else mrr end)::numeric(12,2) as mrr,
        seats, signed_up_at, is_active, score, last_feature, tags, notes
      from ${name} where ${sample} <> 500
      union all select * from contacts(${rows + 1}, ${rows + Math.ceil(rows / 1000)})`,
    `alter table ${name} add primary key (id)`,
    `alter table ${name}_b add primary key (id)`,
    `vacuum (freeze, analyze) ${name}`,
    `vacuum (freeze, analyze) ${name}_b`,
  ]
}

async function hasPsql() {
  const child = spawn('psql', ['--version'], { stdio: 'ignore' })
  const [code] = await once(child, 'close').catch(() => [null])
  return code === 0
}

/**
 * Starts a Postgres. Resolves to it, or to the `reason` why there is none:
 * `source` are the options for a project file, `url` is the same as a connection string, `makeTables(rows)` makes a table and its twin and resolves to its name,
 * `copy(query)` measures the baseline, which is made by `copiedBy`, and `stop()` ends it and removes all.
 */
export async function startWarehouse() {
  const { postgresServer } = await postgresSupport()
  const server = await postgresServer(settings)
  if ('reason' in server) return server
  // Where the process ends early, the server is killed by then.
  process.once('exit', () => rmSync(dirname(server.folder), { recursive: true, force: true }))
  // The way over a socket is the shorter one; Windows has none.
  const sockets = process.platform === 'win32' ? null : dirname(server.folder)
  const url =
    sockets === null
      ? server.url()
      : `postgres://postgres@/postgres?host=${encodeURIComponent(sockets)}&port=${server.port}`
  const execute = (sql) => unlessInterrupted(server.execute(sql))
  await execute(contacts)
  const [{ server_version: version }] = await execute('show server_version')
  const psql = await hasPsql()
  const fallback = fileURLToPath(new URL('copy.js', import.meta.url))
  return {
    version: version.split(' ')[0],
    url,
    copiedBy: psql ? 'psql' : 'a Node program that reads COPY and drops it, since there is no psql',
    source: {
      type: 'postgres',
      ...(sockets === null
        ? { url: server.url() }
        : { host: sockets, port: server.port, user: 'postgres', database: 'postgres' }),
    },
    execute,
    async makeTables(rows) {
      const name = `contacts_${rows}`
      for (const statement of tables(name, rows)) await execute(statement)
      return name
    },
    copy(query) {
      if (!psql) return runProcess(process.execPath, [fallback, url, query], { output: 'ignore' })
      const command = ['-X', '-d', url, '-qc', `COPY (${query}) TO STDOUT`]
      return runProcess('psql', command, { output: 'ignore' })
    },
    stop: () => server.stop(),
  }
}
