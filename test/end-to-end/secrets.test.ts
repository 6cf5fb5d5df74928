import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, it, onTestFinished } from 'vitest'
import { millrace } from '../support/cli.ts'
import { postgresServer, skippedWithoutPostgres } from '../support/postgres.ts'
import { openWorkspace, type Workspace } from '../support/workspace.ts'

const token = 'dG9rOnRva2VuLXRoYXQtbm9ib2R5LXNlZXM/'
const password = 'pa:ss/w%rd+nobody'

let workspace: Workspace | null = null
afterEach(async () => {
  await workspace?.close()
  workspace = null
})

/** A secret as it is, and as it may be written elsewhere. */
function forms(secret: string): string[] {
  const base64 = Buffer.from(secret).toString('base64')
  const buffers = [base64, base64.replace(/=+$/, ''), Buffer.from(`:${secret}`).toString('base64')]
  return [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1), ...buffers]
}

/** Values of rows that no report may show. */
const values = ['Hortensia Quillfeather', 'hortensia.q@private.example', 'Barnaby Thistlewood']

const query = `select 'k1' as id, '${values[1]}' as email, '${values[0]}' as name
union all select 'k2', 'barnaby@private.example', '${values[2]}'
union all select 'k3', 'k3@private.example', 'Third Umberlin'
union all select 'k3', 'other@private.example', 'Fourth Umberlin'`

const activation = (source: string, text: string) => `source: ${source}
query: ${JSON.stringify(text)}
target: contact
mode: upsert
identifier: external_id
fields: { external_id: id, email: email, name: name }
guards: { max_failures: off }
`

it('a run in which everything fails shows neither token nor password nor what rows hold', async () => {
  workspace = await openWorkspace({ sandbox: { token } })
  const { folder, sandbox } = workspace
  const server = await postgresServer()
  const postgres = !skippedWithoutPostgres(server) && 'url' in server ? server : null
  if (postgres !== null) {
    onTestFinished(() => postgres.stop())
    await postgres.execute(`create role keeper login password '${password}'`)
    await postgres.configure({ 'pg_hba.conf': 'host all keeper 127.0.0.1/32 scram-sha-256' })
  }
  const url = (secret: string) =>
    `postgres://keeper:${encodeURIComponent(secret)}@${postgres?.host ?? '127.0.0.1'}:${postgres?.port ?? 9}/postgres?sslmode=disable`
  await workspace.write(
    'millrace.yaml',
    `sources:
  here: { type: duckdb }
  warehouse: { type: postgres, url: "\${WAREHOUSE_URL}" }
  refusing: { type: postgres, url: "\${REFUSING_URL}" }
targets:
  intercom: { type: intercom, token: \${INTERCOM_TOKEN}, base_url: "\${INTERCOM_URL}" }
`,
  )
  await workspace.write('activations/people.yaml', activation('here', query))
  await workspace.write(
    'activations/wrong.yaml',
    activation('warehouse', 'select nonsense from nowhere'),
  )
  await workspace.write(
    'activations/cast.yaml',
    activation('warehouse', `select id, email, (name::int)::text as name from (${query}) as t`),
  )
  await workspace.write('activations/refused.yaml', activation('refusing', query))
  const echo = (mine: string) => ({
    kind: 'status' as const,
    code: 'parameter_invalid',
    message: `Token ${token} said ${mine} <barnaby@private.example>`,
  })
  const refuse = (key: string, status: number, mine: string) => ({
    method: 'POST',
    path: '/contacts',
    body: { external_id: key },
    times: null,
    fault: { ...echo(mine), status },
  })
  sandbox.faults.add([
    refuse('k1', 422, `${values[0]}, ${values[1]}`),
    refuse('k2', 500, `${values[2]}`),
  ])
  const env = {
    INTERCOM_URL: sandbox.url,
    INTERCOM_TOKEN: token,
    WAREHOUSE_URL: url(password),
    REFUSING_URL: url(`${password}2`),
  }
  const outputs: [string, string][] = []
  const say = async (...args: string[]) => {
    const { stdout, stderr } = await millrace(args, { cwd: folder, env })
    outputs.push([args.join(' '), `${stdout}${stderr}`])
  }
  const verbose = ['--verbose', '--log-format', 'json']
  await say(...verbose, 'run', '--json', '--summary-file', 'summary.json')
  await say(...verbose, 'check')
  await say('status')
  for (const format of ['table', 'csv', 'jsonl']) await say('failures', '--format', format)
  await say(...verbose, 'plan', 'people', '--format', 'json')
  const text = outputs.map(([, output]) => output).join('')
  expect(text).toContain('k3')
  expect(text).toContain('duplicate_key')
  outputs.push(['summary.json', await readFile(join(folder, 'summary.json'), 'utf8')])
  const kept = await readdir(join(folder, '.millrace'), { recursive: true, withFileTypes: true })
  for (const { name, parentPath } of kept.filter((entry) => entry.isFile())) {
    outputs.push([`.millrace/${name}`, await readFile(join(parentPath, name), 'latin1')])
  }
  const found = (needles: readonly string[], ignore = (_where: string) => false) =>
    outputs.flatMap(([where, output]) =>
      ignore(where)
        ? []
        : needles
            .filter((needle) => output.includes(needle))
            .map((needle) => `${where}: ${needle}`),
    )
  expect(found([...forms(token), ...forms(password)])).toEqual([])
  // The state holds the plan of a run that is not over, and what was last sent.
  const ignored = (where: string) => where.startsWith('.millrace/') || where.includes(' plan ')
  expect(found([...values, 'Umberlin', 'barnaby@', 'other@private'], ignored)).toEqual([])
}, 60_000)
