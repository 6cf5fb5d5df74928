import { describe, expect, test } from 'vitest'
import type { Activation } from '../../src/config/activation.ts'
import type { Mode } from '../../src/connector/index.ts'
import { fingerprintOf } from '../../src/plan/fingerprint.ts'
import type { SnapshotEntry } from '../../src/plan/interfaces.ts'
import { Scope } from '../../src/plan/scope.ts'
import { activation, field, person, plan, type Row, Snapshot } from './support.ts'

const ann: Row = ['1', 'Ann', 'pro']
const renamed: Row = ['1', 'Anna', 'pro']
const held = { external_id: '1', name: 'Ann', 'custom_attributes.plan': 'pro' }

const fieldsOf: Record<Mode, Activation['fields']> = {
  upsert: activation().fields,
  update: activation().fields,
  insert: activation().fields,
  delete: [field('external_id', 'id')],
  archive: [field('external_id', 'id')],
}

function inMode(mode: Mode, parts: Partial<Activation> = {}): Activation {
  return activation({
    mode,
    identifier: mode === 'insert' ? null : 'external_id',
    fields: fieldsOf[mode],
    ...parts,
  })
}

function entry(parts: Partial<SnapshotEntry>): Snapshot {
  return new Snapshot([
    { key: '1', fingerprint: null, id: 'x', sent: held, removed: null, ...parts },
  ])
}

/** What is known once a row was delivered in a mode. */
async function delivered(mode: Mode, row: Row = ann): Promise<Snapshot> {
  return new Snapshot().after((await plan([row], { activation: inMode(mode) })).operations)
}

/** What the plan of one row comes to: `kind id`, or nothing. */
async function planned(mode: Mode, row: Row, snapshot: Snapshot): Promise<string | null> {
  const { operations } = await plan([row], { activation: inMode(mode), snapshot })
  const [operation] = operations
  return operation === undefined ? null : `${operation.kind} ${operation.id}`
}

describe('each mode against each state of a key', () => {
  const modes = ['upsert', 'update', 'insert', 'delete', 'archive'] as const
  const never = () => new Snapshot()
  const learnt = () => entry({ sent: null })
  const uncertain = () => entry({})
  const deleted = () => entry({ sent: { external_id: '1' }, removed: 'delete' })
  const archived = () => entry({ removed: 'archive' })
  const untagged = () => entry({ removed: 'untag' })

  test.each<[string, () => Snapshot, readonly (string | null)[]]>([
    [
      'never met',
      never,
      ['create null', 'update null', 'create null', 'delete null', 'archive null'],
    ],
    ['only the id known', learnt, ['create x', 'update x', 'create null', 'delete x', 'archive x']],
    ['not certain', uncertain, ['update x', 'update x', 'update x', 'delete x', 'archive x']],
    [
      'deleted when it left',
      deleted,
      ['create null', 'update null', 'create null', 'delete null', 'archive null'],
    ],
    [
      'archived when it left',
      archived,
      ['update x', 'update x', 'update x', 'delete x', 'archive x'],
    ],
    [
      'untagged when it left',
      untagged,
      ['update x', 'update x', 'update x', 'delete x', 'archive x'],
    ],
  ])('%s', async (_, snapshot, expected) => {
    const found = await Promise.all(modes.map((mode) => planned(mode, ann, snapshot())))
    expect(found).toEqual(expected)
  })

  test('delivered, and the row is the same', async () => {
    for (const mode of modes) expect(await planned(mode, ann, await delivered(mode))).toBe(null)
  })

  test.each([
    ['upsert', 'update id of 1'],
    ['update', 'update id of 1'],
    ['insert', null],
    ['delete', null],
    ['archive', null],
  ] as const)('delivered, and the row has changed: %s', async (mode, expected) => {
    expect(await planned(mode, renamed, await delivered(mode))).toBe(expected)
  })

  test('a record that was archived when it left is unarchived, and all of it sent', async () => {
    const { operations } = await plan([ann], { snapshot: archived() })
    expect(operations).toEqual([
      expect.objectContaining({ archivedByUs: true, changed: Object.keys(held), held }),
    ])
    const others = await plan([ann], { snapshot: untagged() })
    expect(others.operations[0]?.archivedByUs).toBe(false)
  })

  test('of a record that was deleted nothing is held', async () => {
    const { operations } = await plan([ann], { snapshot: deleted() })
    expect(operations).toEqual([
      expect.objectContaining({ held: null, changed: Object.keys(held) }),
    ])
  })
})

describe('insert', () => {
  const insert = { activation: inMode('insert') }

  test('looks nothing up for what was inserted, whatever the row says now', async () => {
    const snapshot = await delivered('insert')
    const rows: Row[] = [['1', 'a name that is too long', 'x']]
    const { totals } = await plan(rows, { ...insert, snapshot })
    expect(totals).toMatchObject({ unchanged: 1, rejected: 0 })
    expect(snapshot.lookUps).toBe(0)
  })

  test('finishes what was created but has only part of its lists', async () => {
    const partly = entry({ sent: { companies: [] } })
    const { operations } = await plan([ann], { ...insert, snapshot: partly })
    expect(operations).toEqual([expect.objectContaining({ kind: 'update', id: 'x' })])
  })

  test('rejects rows as creations', async () => {
    const { rejected } = await plan([ann, renamed], insert)
    expect(rejected).toEqual([expect.objectContaining({ kind: 'create' })])
  })
})

describe('delete and archive', () => {
  test.each(['delete', 'archive'] as const)('%s sends the identifier alone', async (mode) => {
    const { operations, totals } = await plan([ann], { activation: inMode(mode) })
    expect(operations).toEqual([
      expect.objectContaining({
        kind: mode,
        removal: false,
        record: { external_id: '1' },
        changed: [],
      }),
    ])
    expect(totals).toMatchObject({ [mode]: 1, create: 0, update: 0 })
  })

  test('rows that left the query are nobody’s loss', async () => {
    const { totals } = await plan([], {
      activation: inMode('delete'),
      snapshot: await delivered('delete'),
    })
    expect(totals).toMatchObject({ removed: 0, known: 1 })
  })

  test('another identifier of a key is another record, whose id is not known', async () => {
    const keyed = { activation: inMode('delete', { key: ['name'] }) }
    const snapshot = new Snapshot().after((await plan([ann], keyed)).operations)
    const { operations } = await plan([ann.with(0, '2')], { ...keyed, snapshot })
    expect(operations).toEqual([
      expect.objectContaining({ id: null, record: { external_id: '2' } }),
    ])
  })

  test('rejected rows are rejected deletions', async () => {
    const { rejected } = await plan([[null, 'x', 'y']], { activation: inMode('delete') })
    expect(rejected).toEqual([expect.objectContaining({ kind: 'delete' })])
  })
})

describe('identifier id', () => {
  const byId = (mode: Mode, parts: Partial<Activation> = {}) => {
    const id = field('id', 'id')
    return activation({
      mode,
      identifier: 'id',
      fields: [id, field('name', 'name'), field('email', 'plan')],
      ...parts,
    })
  }
  const planById = async (
    mode: Mode,
    row: Row,
    snapshot = new Snapshot(),
    parts: Partial<Activation> = {},
  ) => plan([row], { activation: byId(mode, parts), snapshot })

  test('is handed on as the id and never part of what is sent', async () => {
    const { operations } = await planById('upsert', ['i1', 'Ann', 'a@b'])
    expect(operations).toEqual([
      expect.objectContaining({
        kind: 'update',
        id: 'i1',
        record: { name: 'Ann', email: 'a@b' },
        changed: ['name', 'email'],
      }),
    ])
  })

  test.each([null, '', ' '])('that is %o creates in mode upsert', async (id) => {
    const { operations } = await planById('upsert', [id, 'Ann', 'a@b'])
    expect(operations).toEqual([
      expect.objectContaining({ kind: 'create', id: null, key: 'email:a@b' }),
    ])
  })

  test.each(['update', 'delete', 'archive'] as const)(
    'that is missing fails in mode %s',
    async (mode) => {
      for (const id of [null, '', ' ']) {
        const { rejected } = await planById(mode, [id, 'Ann', 'a@b'])
        expect(rejected).toEqual([
          expect.objectContaining({
            failure: expect.objectContaining({ code: 'missing_identifier', field: 'id' }),
          }),
        ])
      }
      const { operations } = await planById(mode, ['i1', 'Ann', 'a@b'])
      expect(operations).toEqual([expect.objectContaining({ key: 'i1', id: 'i1', kind: mode })])
    },
  )

  test('is the key where no other field tells records apart, else the content is', async () => {
    const fields = [field('id', 'id'), field('name', 'name')]
    const known = await planById('upsert', ['i1', 'Ann', null], undefined, { fields })
    expect(known.operations[0]?.key).toBe('i1')
    const unknown = await planById('upsert', [null, 'Ann', null], undefined, { fields })
    expect(unknown.operations[0]?.key).toBe('row:uxGSsDzYmxSrfjP69nO1uw')
    const keyed = await planById('upsert', ['i1', 'Ann', 'k'], undefined, { fields, key: ['plan'] })
    expect(keyed.operations[0]?.key).toBe('k')
  })

  test('that arrives in the warehouse after the creation changes nothing', async () => {
    const first = await planById('upsert', [null, 'Ann', 'a@b'])
    const snapshot = new Snapshot().after(first.operations)
    const { totals } = await planById('upsert', ['id of email:a@b', 'Ann', 'a@b'], snapshot)
    expect(totals).toMatchObject({ unchanged: 1, update: 0 })
  })

  test('of the row wins over the snapshot’s, and nothing of the other record is held', async () => {
    const first = await planById('upsert', ['i1', 'Ann', 'a@b'])
    const snapshot = new Snapshot().after(first.operations)
    const { operations } = await planById('upsert', ['i2', 'Ann', 'a@b'], snapshot)
    expect(operations).toEqual([
      expect.objectContaining({ kind: 'update', id: 'i2', held: null, changed: ['name', 'email'] }),
    ])
    const again = await planById('upsert', ['i2', 'Ann', 'a@b'], snapshot.after(operations))
    expect(again.totals.unchanged).toBe(1)
  })

  test('that is invalid fails the row', async () => {
    const { rejected } = await planById('update', ['\0', 'Ann', 'a@b'])
    expect(rejected).toEqual([
      expect.objectContaining({
        failure: expect.objectContaining({ code: 'invalid_value', field: 'id' }),
      }),
    ])
  })
})

describe('fields of creation', () => {
  const first = { field: 'role', from: { value: 'user' }, onNull: 'clear', when: 'create' } as const
  const mapped = activation({ fields: [...activation().fields, first] })

  test('are sent with a creation, and play no part afterwards', async () => {
    const { operations } = await plan([ann], { activation: mapped })
    expect(operations).toEqual([
      expect.objectContaining({ kind: 'create', record: { ...held, role: 'user' } }),
    ])
    expect(operations[0]?.changed).toContain('role')
    const snapshot = new Snapshot().after(operations)
    const lead = { ...first, from: { value: 'lead' } }
    const other = activation({ fields: [...activation().fields, lead] })
    const { totals } = await plan([ann], { activation: other, snapshot })
    expect(totals.unchanged).toBe(1)
    expect(snapshot.lookUps).toBe(0)
    const changed = await plan([renamed], { activation: other, snapshot })
    expect(changed.operations).toEqual([
      expect.objectContaining({ record: { ...held, name: 'Anna' }, changed: ['name'] }),
    ])
  })

  test('tell records apart that nothing else does', async () => {
    const insert = activation({
      mode: 'insert',
      identifier: null,
      fields: [
        field('name', 'name'),
        { ...field('custom_attributes.plan', 'plan'), when: 'create' },
      ],
    })
    const rows: Row[] = [
      ['', 'Ann', 'a'],
      ['', 'Ann', 'b'],
    ]
    expect((await plan(rows, { activation: insert })).operations).toHaveLength(2)
  })
})

describe('an activation that changes its mode or object', () => {
  test.each([
    ['delete', 'upsert', 'create null'],
    ['delete', 'update', 'update null'],
    ['delete', 'archive', 'archive id of 1'],
    ['archive', 'upsert', 'update id of 1'],
    ['archive', 'delete', 'delete id of 1'],
    ['upsert', 'delete', 'delete id of 1'],
    ['upsert', 'archive', 'archive id of 1'],
    ['upsert', 'insert', null],
    ['insert', 'upsert', null],
    ['update', 'upsert', null],
  ] as const)('from %s to %s', async (before, now, expected) => {
    const fields = [field('external_id', 'id')]
    const { operations } = await plan([ann], { activation: inMode(before, { fields }) })
    const snapshot = new Snapshot().after(operations)
    const { operations: found } = await plan([ann], {
      activation: inMode(now, { fields }),
      snapshot,
    })
    expect(found.map(({ kind, id }) => `${kind} ${id}`)).toEqual(
      expected === null ? [] : [expected],
    )
  })

  test('what modes took away is not removed once more', async () => {
    const back = inMode('upsert', { onRemoved: 'delete' })
    const { operations, totals } = await plan([], {
      activation: back,
      snapshot: await delivered('archive'),
    })
    expect(operations).toEqual([])
    expect(totals).toMatchObject({ removed: 0, known: 0 })
  })

  test('to another object knows nothing of the former one, and takes none of it away', async () => {
    const snapshot = await delivered('upsert')
    const company = { ...person, name: 'company' }
    const other = activation({ object: company, onRemoved: 'delete' })
    const { operations } = await plan([ann], { activation: other, snapshot })
    expect(operations).toEqual([expect.objectContaining({ kind: 'create', id: null, held: null })])
    expect((await plan([], { activation: other, snapshot })).operations).toEqual([])
  })
})

test('a fingerprint tells effect and object, and no other form does', () => {
  const scope = new Scope('contact', 'upsert')
  const digest = fingerprintOf({ a: 1 })
  expect(scope.digestIn(scope.sign(digest))).toBe(digest)
  expect(scope.originOf(new Scope('contact', 'insert').sign(digest))).toBe('held')
  expect(scope.originOf(new Scope('contact', 'delete').sign(digest))).toBe('deleted')
  expect(scope.originOf(new Scope('contact', 'archive').sign(digest))).toBe('archived')
  expect(scope.originOf(new Scope('company', 'upsert').sign(digest))).toBe('foreign')
  for (const unknown of [null, '', 'old', digest]) {
    expect(scope.originOf(unknown)).toBe('held')
    expect(scope.digestIn(unknown)).toBe(null)
  }
  expect(scope.digestIn(new Scope('contact', 'delete').sign(digest))).toBe(null)
})
