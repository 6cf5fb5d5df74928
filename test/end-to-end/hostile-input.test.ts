import { afterEach, describe, expect, it } from 'vitest'
import { connectors } from '../../connectors/index.ts'
import { loadProject } from '../../src/config/project.ts'
import { openWorkspace, type Workspace } from '../support/workspace.ts'

const open: Workspace[] = []

afterEach(async () => {
  for (const workspace of open.splice(0)) await workspace.close()
})

/** A project whose only query is `query`, of contacts by `id` with their `email` and `name`. */
async function openQuery(query: string, more = ''): Promise<Workspace> {
  const workspace = await openWorkspace()
  open.push(workspace)
  await workspace.remove('activations/people.yaml')
  await workspace.write(
    'activations/people.yaml',
    `query: ${JSON.stringify(query)}
target: contact
mode: upsert
identifier: external_id
fields:
  external_id: id
  name: name
${more}`,
  )
  return workspace
}

/** SQL for rows of keys and names, whatever they hold beside NUL. */
function rowsOf(rows: readonly (readonly [string, string])[]): string {
  const literal = (text: string) => `'${text.replaceAll("'", "''")}'`
  return `select * from (values ${rows.map((row) => `(${row.map(literal).join(', ')})`).join(', ')}) as t(id, name)`
}

const names: Readonly<Record<string, string>> = {
  quotes: `O'Brien "the \`Great\`" \\ \\\\ \\u0000`,
  emoji: '👩‍👩‍👧‍👦 🇨🇭 e\u0301',
  'right to left': '\u202Eعمر\u202C שלום',
  'line breaks and tabs': 'one\r\ntwo\tthree\u2028four',
  html: '<img src=x onerror=alert(1)>&amp;',
  formula: '=HYPERLINK("http://x","y")',
  __proto__: 'constructor',
  constructor: '__proto__',
  'leading zeros': '007',
  toString: 'hasOwnProperty',
}

describe('values and keys', () => {
  it('arrive as they are, each once, and are unchanged the second time', async () => {
    const pairs = Object.entries(names).flatMap(([label, value]) => [
      [label, value] as const,
      [value.trim(), label] as const,
    ])
    const unique = [...new Map(pairs).entries()]
    const workspace = await openQuery(rowsOf(unique))
    expect(await workspace.runOne()).toMatchObject({
      status: 'done',
      outcomes: { applied: unique.length },
    })
    const held = workspace.sandbox
      .contents()
      .contacts.map(({ external_id, name }) => [external_id, name])
    expect(new Map(held as [string, string][])).toEqual(new Map(unique))
    const second = await workspace.runOne()
    expect(second).toMatchObject({
      status: 'done',
      planned: { unchanged: unique.length },
      calls: { total: 0 },
    })
    expect(Object.keys(Object.prototype)).toEqual([])
  })

  it('of a megabyte end in an outcome of their own', async () => {
    const workspace = await openQuery(
      "select 'a' as id, repeat('x', 1048576) as name union all select 'b', 'Ben'",
    )
    const summary = await workspace.runOne()
    expect(Object.values(summary.outcomes).reduce((sum, count) => sum + count, 0)).toBe(2)
    expect(workspace.sandbox.contents().contacts.map(({ external_id }) => external_id)).toContain(
      'b',
    )
  })

  it('with NUL bytes end in an outcome of their own', async () => {
    const workspace = await openQuery(
      "select 'a' as id, 'x' || chr(0) || 'y' as name union all select 'b' || chr(0), 'Ben' union all select 'c', 'Cy'",
    )
    const summary = await workspace.runOne()
    expect(Object.values(summary.outcomes).reduce((sum, count) => sum + count, 0)).toBe(3)
    expect(workspace.sandbox.contents().contacts.map(({ external_id }) => external_id)).toContain(
      'c',
    )
    expect((await workspace.runOne()).planned.create).toBe(0)
  })

  it.each(['__proto__', 'constructor'])(
    'map to an attribute named %s or are refused by name',
    async (name) => {
      const workspace = await openQuery(
        "select 'a' as id, 'Ada' as name, 'x' as v",
        `  custom_attributes.${name}: v\n`,
      )
      workspace.sandbox.seed({ attributes: [`contact.${name}:string`] })
      const summary = await workspace.runOne().catch((error: Error) => error)
      if (summary instanceof Error) expect(summary.message).toContain(name)
      else if (summary.status === 'done') {
        expect(
          Object.entries(workspace.sandbox.contents().contacts[0]?.custom_attributes ?? {}),
        ).toContainEqual([name, 'x'])
      } else expect(summary.error ?? '').toContain(name)
    },
  )

  it('in numbers keep what text says and what numbers say', async () => {
    const workspace = await openQuery(
      "select '007' as id, 'text' as name union all select '7', 'number' union all select '1e3', 'scientific'",
    )
    await workspace.runOne()
    expect(
      workspace.sandbox
        .contents()
        .contacts.map(({ external_id }) => external_id)
        .sort(),
    ).toEqual(['007', '1e3', '7'])
  })
})

describe('keys of mixed type', () => {
  const heldNames = (workspace: Workspace) =>
    new Map(
      workspace.sandbox
        .contents()
        .contacts.map(({ external_id, name }) => [external_id, name] as const),
    )

  it('in a union column: the number 1 and the text 1 are two documents, and two keys', async () => {
    const workspace = await openQuery(
      `select union_value(num := 1)::union(num integer, str varchar) as id, 'number' as name
union all select union_value(str := '1'), 'text' union all select union_value(str := 'three'), 'three'
union all select union_value(num := 2), 'two' union all select union_value(num := 2), 'other two'`,
    )
    const run = await workspace.runOne()
    expect(run).toMatchObject({ outcomes: { applied: 3 }, failures_by_code: { duplicate_key: 1 } })
    expect(heldNames(workspace)).toEqual(
      new Map([
        ['1', 'number'],
        ['"1"', 'text'],
        ['"three"', 'three'],
      ]),
    )
  })

  it('in a JSON column: the number 1 and the text 1 are two documents, and two keys', async () => {
    const workspace = await openQuery(
      `select '1'::json as id, 'number' as name union all select '"1"'::json, 'text'
union all select '{"b":1,"a":2}'::json, 'object' union all select 'null'::json, 'null'`,
    )
    const run = await workspace.runOne()
    expect(run.outcomes.applied + run.outcomes.rejected).toBe(4)
    const held = heldNames(workspace)
    expect(held.get('1')).toBe('number')
    expect(held.get('"1"')).toBe('text')
    expect(held.get('{"b":1,"a":2}')).toBe('object')
    expect((await workspace.runOne()).planned).toMatchObject({ create: 0, update: 0 })
  })

  it('in numbers: 1, 1.0 and 1e0 are one key as integers, and none as a fraction', async () => {
    const workspace = await openQuery(
      "select * from (values (1.0::double, 'double'), (9007199254740993::double, 'large'), (0.5::double, 'half')) as t(id, name)",
    )
    await workspace.runOne()
    expect([...heldNames(workspace).keys()].sort()).toEqual(['0.5', '1', '9007199254740992'])
  })
})

describe('queries', () => {
  it.each([
    ['a comment at the end', "select 'a' as id, 'Ada' as name -- the end"],
    ['a block comment', "select 'a' as id, 'Ada' as name /* ; */"],
    ['semicolons', "select 'a' as id, 'Ada' as name;;  ;\n"],
    ['a semicolon and a comment', "select 'a' as id, 'Ada' as name; -- done;"],
    ['a semicolon in a text', "select 'a' as id, 'Ada; -- x' as name"],
  ])('with %s run', async (_label, query) => {
    const workspace = await openQuery(query)
    expect(await workspace.runOne()).toMatchObject({ status: 'done', outcomes: { applied: 1 } })
  })

  it('whose mapped column comes twice are refused by its name', async () => {
    const workspace = await openQuery("select 'a' as id, 'Ada' as name, 'Ben' as name")
    const summary = await workspace.runOne()
    expect(summary.exit_code).toBe(2)
    expect(summary.error).toContain('name')
    expect(workspace.sandbox.requests().byEndpoint['POST /contacts']).toBeUndefined()
  })
})

describe('columns that repeat', () => {
  it('and are not mapped do no harm', async () => {
    const workspace = await openQuery("select 'a' as id, 'Ada' as name, 1 as x, 2 as x")
    expect(await workspace.runOne()).toMatchObject({ status: 'done', outcomes: { applied: 1 } })
  })

  it.each(['identifier', 'key'])('and are the %s are refused by name', async (what) => {
    const workspace = await openQuery(
      what === 'key'
        ? "select 'a' as id, 'Ada' as name, 1 as k, 2 as k"
        : "select 'a' as id, 'Ada' as name, 'b' as id",
      what === 'key' ? 'key: k\n' : '',
    )
    const run = await workspace.runOne()
    expect(run).toMatchObject({ status: 'configuration', exit_code: 2, calls: { total: 0 } })
    expect(run.error).toMatch(/people\.yaml:\d+:\d+: .*several columns "(k|id)"/)
  })
})

describe('YAML', () => {
  it.each([
    [
      'bombs',
      `a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefghij'
        .split('')
        .map(
          (name, index) =>
            `${name}: &${name} [${Array(9).fill(`*${'abcdefghi'[index]}`).join(',')}]`,
        )
        .join('\n')}\n`,
    ],
    ['an anchor that holds itself', 'sources: &a { warehouse: *a }\n'],
    ['keys that repeat', 'sources: {}\nsources: {}\n'],
    ['a __proto__', '__proto__: { state: x }\n'],
  ])('with %s is refused with its position', async (_label, text) => {
    const workspace = await openQuery("select 'a' as id, 'Ada' as name")
    await workspace.write('millrace.yaml', text)
    const loaded = loadProject({
      path: workspace.folder,
      profile: null,
      environment: {},
      connectors,
    })
    await expect(loaded).rejects.toThrow(/millrace\.yaml:\d+:\d+/)
  })
})

describe('YAML of activations', () => {
  const load = (workspace: Workspace) =>
    loadProject({
      path: workspace.folder,
      profile: null,
      environment: workspace.environment,
      connectors,
    })

  it('with anchors and aliases means what it says', async () => {
    const workspace = await openQuery("select 'a' as id, 'Ada' as name")
    await workspace.write(
      'activations/people.yaml',
      `query: select 'a' as id, 'Ada' as name
target: contact
mode: upsert
identifier: &identifier external_id
fields: { external_id: id, name: &column name, custom_attributes.plan: *column }
`,
    )
    expect(await workspace.runOne()).toMatchObject({ status: 'done', outcomes: { applied: 1 } })
    expect(workspace.sandbox.contents().contacts[0]?.custom_attributes).toEqual({ plan: 'Ada' })
  })

  it.each([
    [
      'a bomb',
      `a: &a [${Array(99).fill('x').join(',')}]\nb: &b [${Array(99).fill('*a').join(',')}]\nc: [${Array(99).fill('*b').join(',')}]\n`,
    ],
    ['an alias of nothing', 'query: *nothing\n'],
    ['a __proto__', 'query: select 1\n__proto__: { mode: upsert }\n'],
    [
      'a field __proto__',
      'query: select 1 as id\ntarget: contact\nmode: upsert\nidentifier: external_id\nfields: { external_id: id, __proto__: id }\n',
    ],
    [
      'a field constructor',
      'query: select 1 as id\ntarget: contact\nmode: upsert\nidentifier: external_id\nfields: { external_id: id, constructor: id }\n',
    ],
    [
      'a mode toString',
      'query: select 1 as id\ntarget: contact\nmode: toString\nidentifier: external_id\nfields: { external_id: id }\n',
    ],
    [
      'a target constructor',
      'query: select 1 as id\ntarget: constructor\nmode: upsert\nidentifier: external_id\nfields: { external_id: id }\n',
    ],
    ['a tag of a language', "query: !!js/function 'function () {}'\n"],
  ])('with %s is refused with its position, in no time', async (_label, text) => {
    const workspace = await openQuery("select 'a' as id, 'Ada' as name")
    await workspace.write('activations/hostile.yaml', text)
    await expect(load(workspace)).rejects.toThrow(/hostile\.yaml:\d+:\d+/)
    expect(Object.keys(Object.prototype)).toEqual([])
  })
})
