import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import type { Column, Value } from '../../src/connector/index.ts'
import { openStateStore } from '../../src/state/index.ts'
import type { FailureRecord } from '../../src/state/store.ts'
import { connectorsWithSource } from '../support/given-source.ts'
import { openWorkspace, type Workspace } from '../support/workspace.ts'

const open: Workspace[] = []
afterEach(async () => {
  for (const workspace of open.splice(0)) await workspace.close()
})

interface Result {
  readonly columns: readonly Column[]
  readonly rows: readonly (readonly Value[])[]
}

const text = (name: string): Column => ({ name, type: 'text', sourceType: 'text' })
const json = (name: string): Column => ({ name, type: 'json', sourceType: 'json' })

/** A project whose query returns what no warehouse at hand can be brought to return. */
async function openResult(result: () => Result, fields: string): Promise<Workspace> {
  const workspace = await openWorkspace({
    connectors: connectorsWithSource(() => {
      const { columns, rows } = result()
      return {
        columns,
        batches: (async function* () {
          yield { size: rows.length, values: (index: number) => rows[index] ?? [] }
        })(),
      }
    }),
  })
  open.push(workspace)
  await workspace.write(
    'activations/people.yaml',
    `query: anything
target: contact
mode: upsert
identifier: external_id
guards: { max_failures: off }
${fields}`,
  )
  return workspace
}

async function failures(workspace: Workspace): Promise<FailureRecord[]> {
  const file = join(workspace.folder, '.millrace', 'state.db')
  const location = { kind: 'sqlite', file } as const
  const store = await openStateStore({ location, clock: workspace.clock, create: false })
  const records: FailureRecord[] = []
  for await (const batch of store.failures({ activation: 'people' })) records.push(...batch)
  await store.close()
  return records
}

const names = (workspace: Workspace) =>
  new Map(
    workspace.sandbox
      .contents()
      .contacts.map(({ external_id, name }) => [external_id, name] as const),
  )

describe('halves of surrogate pairs', () => {
  const fields = 'fields: { external_id: id, name: name }\n'

  it('in keys and values fail their rows alone, each by itself, and again without a call', async () => {
    const rows = [
      ['ok', 'Ada'],
      ['k\ud83d', 'high'],
      ['k\ud83e', 'another high'],
      ['k\udc00', 'low'],
      ['v', 'half \ud83d of it'],
      ['swapped', '\ude00\ud83d'],
      ['whole', '😀'],
    ]
    const workspace = await openResult(
      () => ({ columns: [text('id'), text('name')], rows }),
      fields,
    )
    expect(await workspace.runOne()).toMatchObject({
      status: 'failures',
      outcomes: { applied: 2, rejected: 5 },
    })
    expect([...names(workspace)]).toEqual([
      ['ok', 'Ada'],
      ['whole', '😀'],
    ])
    const found = await failures(workspace)
    expect(found).toHaveLength(5)
    for (const { code, message } of found) {
      expect(code).toBe('invalid_value')
      expect(message).toMatch(/column "(id|name)" .*half of a surrogate pair/i)
    }
    const second = await workspace.runOne()
    expect(second).toMatchObject({ planned: { unchanged: 2, rejected: 5 }, calls: { total: 0 } })
    expect(second.failures).toEqual({ new: 0, still: 5, cured: 0 })
  })

  it('in documents and lists fail their rows alone', async () => {
    const workspace = await openResult(
      () => ({
        columns: [text('id'), json('doc'), json('list')],
        rows: [
          ['escaped', '{"a":"\\ud83d"}', '["one"]'],
          ['listed', '{}', '["two", "half \\ud83d"]'],
          ['raw', '{"a":"\ud83d"}', '[]'],
          ['fine', '{"a":"😀"}', '["three 😀"]'],
        ],
      }),
      'fields: { external_id: id, name: doc }\ntags: [{ from: list }]\n',
    )
    const run = await workspace.runOne()
    // An escape in a document is text like any other.
    expect(run).toMatchObject({ outcomes: { applied: 2, rejected: 2 } })
    expect([...names(workspace).keys()].sort()).toEqual(['escaped', 'fine'])
    expect((await failures(workspace)).map(({ key, code }) => [key, code])).toEqual([
      ['listed', 'invalid_value'],
      ['raw', 'invalid_value'],
    ])
  })

  it('in names of columns and attributes are refused with their place, or sent as they are', async () => {
    const workspace = await openResult(
      () => ({ columns: [text('id'), text('c\ud83d')], rows: [['a', 'x']] }),
      'fields: { external_id: id, name: "c\\ud83d" }\n',
    )
    expect(await workspace.runOne()).toMatchObject({ status: 'done', outcomes: { applied: 1 } })
    await workspace.write(
      'activations/people.yaml',
      `query: anything
target: contact
mode: upsert
identifier: external_id
fields: { external_id: id, "custom_attributes.half \\ud83d": "c\\ud83d" }
`,
    )
    const refused = await workspace.runOne()
    expect(refused).toMatchObject({ status: 'configuration', exit_code: 2 })
    expect(refused.error).toMatch(/^activations\/people\.yaml:5:\d+: .*half/)
  })
})

describe('keys', () => {
  it('of arrays are told apart, and those of bytes are refused before anything is sent', async () => {
    const array: Column = { name: 'id', type: 'array', element: 'text', sourceType: 'text[]' }
    const bytes: Column = { name: 'id', type: 'bytes', sourceType: 'bytea' }
    let result: Result = { columns: [bytes, text('name')], rows: [[new Uint8Array([1]), 'x']] }
    const workspace = await openResult(() => result, 'fields: { external_id: id, name: name }\n')
    const refused = await workspace.runOne()
    expect(refused).toMatchObject({ status: 'configuration', exit_code: 2, calls: { total: 0 } })
    expect(refused.error).toContain('"id" (bytea)')
    result = {
      columns: [array, text('name')],
      rows: [
        [['a', 'b'], 'two'],
        [['a,b'], 'one'],
        [['a","b'], 'quoted'],
        [['NULL'], 'text'],
        [[null], 'null'],
      ],
    }
    expect(await workspace.runOne()).toMatchObject({ status: 'done', outcomes: { applied: 5 } })
    expect(names(workspace).get('["a","b"]')).toBe('two')
    expect(names(workspace).size).toBe(5)
  })

  it('of a megabyte, and of nothing but space, end in outcomes of their own', async () => {
    const long = 'k'.repeat(1_048_576)
    const workspace = await openResult(
      () => ({
        columns: [text('id'), text('name')],
        rows: [
          [long, 'long'],
          [`${long}2`, 'longer'],
          [' \t ', 'blank'],
          ['', 'empty'],
          ['ok', 'Ada'],
        ],
      }),
      'fields: { external_id: id, name: name }\n',
    )
    const run = await workspace.runOne()
    const { applied, rejected } = run.outcomes
    expect(applied + rejected).toBe(5)
    expect(names(workspace).get('ok')).toBe('Ada')
    expect(run.failures_by_code).toMatchObject({ missing_identifier: 2 })
    const second = await workspace.runOne()
    expect(second.planned).toMatchObject({ create: 0, update: 0 })
    expect(second.calls.total).toBe(0)
  })

  it('that are names of every object stay keys', async () => {
    const inherited = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'valueOf']
    const workspace = await openResult(
      () => ({
        columns: [text('id'), text('__proto__'), text('constructor'), text('toString')],
        rows: inherited.map((name) => [name, `name of ${name}`, `c ${name}`, `t ${name}`]),
      }),
      `fields:
  external_id: id
  name: __proto__
  custom_attributes.constructor: constructor
  custom_attributes.toString: toString
`,
    )
    workspace.sandbox.seed({
      attributes: ['contact.constructor:string', 'contact.toString:string'],
    })
    expect(await workspace.runOne()).toMatchObject({ status: 'done', outcomes: { applied: 5 } })
    for (const contact of workspace.sandbox.contents().contacts) {
      expect(contact.name).toBe(`name of ${contact.external_id}`)
      expect(Object.entries(contact.custom_attributes).sort()).toEqual([
        ['constructor', `c ${contact.external_id}`],
        ['toString', `t ${contact.external_id}`],
      ])
    }
    expect(await workspace.runOne()).toMatchObject({
      planned: { unchanged: 5 },
      calls: { total: 0 },
    })
    expect(Object.keys(Object.prototype)).toEqual([])
  })
})

it('leaves no file behind but the state', async () => {
  const workspace = await openResult(
    () => ({ columns: [text('id'), text('name')], rows: [['../../evil', '$(touch evil)']] }),
    'fields: { external_id: id, name: name }\n',
  )
  expect(await workspace.runOne()).toMatchObject({ status: 'done' })
  expect((await readdir(workspace.folder)).sort()).toEqual([
    '.millrace',
    'activations',
    'millrace.yaml',
  ])
  expect(await readFile(join(workspace.folder, 'millrace.yaml'), 'utf8')).toContain('sources')
})
