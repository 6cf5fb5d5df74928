import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openDatabase } from '../../src/state/open.ts'
import { hurry } from '../chaos/hurry.ts'
import { type Gate, gateTo } from '../cli/gate.ts'
import { millrace } from '../support/cli.ts'
import { openWorkspace, type Workspace } from '../support/workspace.ts'

const token = 'dG9rOnRva2VuLXRoYXQtbm9ib2R5LXNlZXM/'
const wrongToken = 'dG9rOmFub3RoZXItb25lLXRoYXQtaXMtd3Jvbmc='
const password = 'pa:ss/w%rd+nobody'

/** A secret as it is, and as it may be written elsewhere. */
function forms(secret: string): string[] {
  const base64 = Buffer.from(secret).toString('base64')
  return [secret, encodeURIComponent(secret), base64, base64.replace(/=+$/, '')]
}

const secrets = [token, wrongToken, password].flatMap(forms)

/** What every value of a row below holds, whatever its column; what identifies records does not. */
const value = /quill|[^ ]@private\.example/i
const name = (number: number) => `Nomen${number} Quillfeather`
const email = (number: number) => `quill${number}@private.example`

interface Row {
  readonly id: string | null
  readonly name?: string
  readonly seats?: string
  readonly day?: string
  readonly plan?: string
  readonly tag?: string
  readonly company?: string
}

const rows: readonly Row[] = [
  { id: 'delivered' },
  { id: 'echoed-422' },
  { id: 'echoed-500' },
  { id: 'echoed-409' },
  { id: 'echoed-404' },
  { id: 'reset' },
  { id: 'truncated' },
  { id: 'garbage' },
  { id: 'mistyped', seats: 'quill seats' },
  { id: 'no-day', day: 'quill day' },
  { id: 'no-option', plan: 'quill plan' },
  { id: 'too-long', name: 'Quillfeather '.repeat(100) },
  { id: 'nul', name: 'Quill\u0000feather' },
  { id: 'twice', name: 'Quill the first' },
  { id: 'twice', name: 'Quill the second' },
  { id: null, name: 'Quill of no id' },
  { id: 'tagged', tag: 'quill tag' },
  { id: 'badly-tagged', tag: 'quill refused tag' },
  { id: 'employed', company: 'no-such-company' },
]

const text = (content: string | null | undefined) =>
  content == null
    ? 'null::text'
    : `'${content.replaceAll("'", "''").replaceAll('\u0000', "' || chr(0) || '")}'`

const query = rows
  .map(({ id, seats = '3', day = '2026-01-01', plan = 'free', tag, company, ...row }, number) => {
    const cells = [id, row.name ?? name(number), email(number), seats, day, plan, tag, company]
    const names = ['id', 'name', 'email', 'seats', 'day', 'plan', 'tag', 'company']
    return `select ${cells.map((cell, index) => `${text(cell)} as ${names[index]}`).join(', ')}`
  })
  .join('\nunion all ')

const activation = (sql: string) => `query: ${JSON.stringify(sql)}
target: contact
mode: upsert
identifier: external_id
fields:
  external_id: id
  name: name
  email: email
  signed_up_at: day
  custom_attributes.seats: seats
  custom_attributes.tier: plan
tags: [{ from: tag }]
companies: [{ company_id: company }]
guards: { max_failures: off }
`

let workspace: Workspace
let gate: Gate
/** Everything that was said or written, by where. */
const found: [where: string, content: string][] = []
const quick = hurry()
let env: Record<string, string>

beforeAll(async () => {
  workspace = await openWorkspace({ sandbox: { token, search_lag_ms: 0 } })
  const { sandbox } = workspace
  sandbox.seed({ attributes: ['contact.tier:options(free|paid)'] })
  const refuse = (key: string, status: number, more = {}) => {
    const number = rows.findIndex(({ id }) => id === key)
    const message = `Token ${token}: '${name(number)}' <${email(number).toUpperCase()}>, ${email(number)} refused`
    sandbox.faults.add({
      method: 'POST',
      path: '/contacts',
      body: { external_id: key },
      times: null,
      fault: { kind: 'status', status, message, ...more },
    })
  }
  refuse('echoed-422', 422, { code: 'parameter_invalid' })
  refuse('echoed-500', 500)
  refuse('echoed-409', 409)
  refuse('echoed-404', 404)
  for (const [key, fault] of [
    ['reset', { kind: 'reset' }],
    ['truncated', { kind: 'truncated', applied: false }],
    ['garbage', { kind: 'garbage', applied: false }],
  ] as const) {
    const rule = { method: 'POST', path: '/contacts', body: { external_id: key }, times: null }
    sandbox.faults.add({ ...rule, fault })
  }
  sandbox.faults.add({
    method: 'POST',
    path: '/tags',
    body: { name: 'quill refused tag' },
    times: null,
    fault: { kind: 'status', status: 422, message: `The tag 'quill refused tag' is refused` },
  })
  gate = await gateTo(sandbox.url)
  await workspace.write('activations/people.yaml', activation(query))
  await workspace.write(
    'activations/broken.yaml',
    activation(`select *, name::integer as number from (${query}) as t`),
  )
  await workspace.write(
    'millrace.yaml',
    `sources:
  warehouse: { type: duckdb }
  elsewhere: { type: postgres, url: "\${ELSEWHERE}" }
targets:
  intercom: { type: intercom, token: \${INTERCOM_TOKEN}, base_url: "\${INTERCOM_URL}" }
`,
  )
  await workspace.write(
    'activations/unreachable.yaml',
    `source: elsewhere\n${activation('select 1').replace('tags:', 'enabled: true\ntags:')}`,
  )
  for (const file of ['people', 'broken']) {
    const path = `activations/${file}.yaml`
    const before = await readFile(join(workspace.folder, path), 'utf8')
    await workspace.write(path, `source: warehouse\n${before}`)
  }
  env = {
    ...quick.env,
    INTERCOM_URL: sandbox.url,
    INTERCOM_TOKEN: token,
    ELSEWHERE: `postgres://keeper:${encodeURIComponent(password)}@127.0.0.1:9/postgres?sslmode=disable`,
    MILLRACE_DEBUG: '1',
  }
})

afterAll(async () => {
  await gate.close()
  await workspace.close()
})

async function say(args: readonly string[], more: Record<string, string> = {}) {
  const { folder } = workspace
  const said = await millrace(args, { cwd: folder, env: { ...env, ...more } })
  found.push([args.join(' '), `${said.stdout}${said.stderr}`])
  return said
}

/** The bytes of the state's files. */
async function readBytes(where: string): Promise<void> {
  const folder = join(workspace.folder, '.millrace')
  for (const file of await readdir(folder)) {
    // SQLite takes its side files away in its own time.
    const bytes = await readFile(join(folder, file), 'latin1').catch(() => '')
    found.push([`bytes of ${file} ${where}`, bytes])
  }
}

/** Columns of the state in which something of a row's values stands. */
async function columnsWithValues(): Promise<string[]> {
  const file = join(workspace.folder, '.millrace', 'state.db')
  const database = await openDatabase({ location: { kind: 'sqlite', file }, create: false })
  if (database === null) throw new Error('there is no state')
  try {
    return await database.read(async (session) => {
      const tables = await session.all<{ name: string }>(
        "select name from sqlite_master where type = 'table'",
      )
      const columns = new Set<string>()
      for (const { name: table } of tables) {
        for (const row of await session.all<Record<string, unknown>>(`select * from "${table}"`)) {
          for (const [column, cell] of Object.entries(row)) {
            const text = cell instanceof ArrayBuffer ? Buffer.from(cell).toString() : String(cell)
            if (value.test(text)) columns.add(`${table}.${column}`)
          }
        }
      }
      return [...columns].sort()
    })
  } finally {
    await database.close()
  }
}

it('secrets stand nowhere, and values only in what was last sent, while a run is killed, fails and is repeated', async () => {
  const verbose = ['--verbose', '--log-format', 'json']
  const killed = await millrace([...verbose, 'run', 'people', '--json'], {
    cwd: workspace.folder,
    env: { ...env, INTERCOM_URL: gate.url },
    started: async (child) => {
      await gate.written
      child.kill('SIGKILL')
    },
  })
  expect(killed.signal).toBe('SIGKILL')
  found.push(['killed', `${killed.stdout}${killed.stderr}`])
  await readBytes('after the kill')
  // A run that is under way holds its plan.
  expect(await columnsWithValues()).toEqual(['operations.packed'])

  await say([...verbose, 'run', '--json', '--summary-file', 'first.json'])
  const outcomes = JSON.parse(await readFile(join(workspace.folder, 'first.json'), 'utf8'))
  const people = outcomes.activations.find(
    ({ activation }: { activation: string }) => activation === 'people',
  )
  // How rows without an answer end is up to chance: each by itself, or all with a run that is given up.
  expect(people.failures_by_code).toMatchObject({
    conflict: 1,
    duplicate_key: 1,
    missing_identifier: 1,
    not_found: expect.any(Number),
    invalid_value: expect.any(Number),
  })
  expect(people.outcomes.applied).toBeGreaterThanOrEqual(2)
  await say(['--verbose', 'run', 'people', '--full', '--summary-file', 'second.json'])
  await say(['retry', 'people', '--json'])
  await say([...verbose, 'run', 'people', '--summary-file', 'third.json'], {
    INTERCOM_TOKEN: wrongToken,
  })
  await say(['--verbose', 'run', 'people'])

  for (const format of ['table', 'csv', 'jsonl']) {
    await say(['failures', '--format', format])
    await say(['failures', '--format', format, '--out', `failures.${format}`])
  }
  for (const format of ['text', 'markdown', 'json']) {
    await say([...verbose, 'plan', 'people', '--format', format, '--show', '100'])
  }
  await say([...verbose, 'check'])
  await say(['check', '--json'])
  await say(['status', '--json'])
  await say(['status'])
  await say(['validate'])
  await say(['state', '--json'])
  for (const file of await readdir(workspace.folder)) {
    if (/\.(json|csv|jsonl|table)$/.test(file)) {
      found.push([file, await readFile(join(workspace.folder, file), 'utf8')])
    }
  }
  // What was last sent waits in the one until the other takes it in.
  expect(await columnsWithValues()).toEqual(['confirmations.sent', 'snapshot.sent'])
  await readBytes('at the end')

  const everything = found.map(([, content]) => content).join('\n')
  for (const { id } of rows) if (id !== null) expect(everything).toContain(id)
  const holders = (pattern: (content: string) => string | null, ignored = /^$/) =>
    found.flatMap(([where, content]) => {
      const match = ignored.test(where) ? null : pattern(content)
      return match === null ? [] : [`${where}: ${match}`]
    })
  expect(holders((content) => secrets.find((secret) => content.includes(secret)) ?? null)).toEqual(
    [],
  )
  const around = (content: string) => {
    const at = content.search(value)
    return at < 0 ? null : content.slice(Math.max(0, at - 200), at + 60)
  }
  expect(holders(around, /^bytes of /)).toEqual([])
}, 120_000)

it('an export of the state holds what was last sent, and nothing of what failed', async () => {
  await say(['state', 'export', 'state.jsonl'])
  const lines = (await readFile(join(workspace.folder, 'state.jsonl'), 'utf8'))
    .trimEnd()
    .split('\n')
  for (const secret of secrets) expect(lines.join('\n')).not.toContain(secret)
  const withValues = lines.filter((line) => value.test(line)).map((line) => JSON.parse(line))
  expect(withValues.map(({ key }) => key)).toContain('delivered')
  for (const { sent, ...rest } of withValues) {
    expect(JSON.stringify(sent)).toMatch(value)
    expect(JSON.stringify(rest)).not.toMatch(value)
  }
})

it('a state that was compacted holds no byte of what failed', async () => {
  expect((await say(['state', 'compact'])).code).toBe(0)
  await readBytes('compacted')
  const compacted = found.filter(([where]) => where.endsWith('compacted'))
  const bytes = compacted.map(([, content]) => content).join('')
  expect(bytes).toContain(name(0))
  const lines = (await readFile(join(workspace.folder, 'state.jsonl'), 'utf8'))
    .trimEnd()
    .split('\n')
  const sent = new Set(lines.map((line) => JSON.parse(line)).map((line) => line.sent && line.key))
  const failed = rows.flatMap(({ id, ...row }, number) =>
    sent.has(id) ? [] : [row.name ?? name(number), email(number), row.seats ?? '', row.day ?? ''],
  )
  const values = failed.filter((text) => text !== '')
  expect(values.length).toBeGreaterThan(20)
  expect(values.filter((text) => bytes.includes(text))).toEqual([])
})
