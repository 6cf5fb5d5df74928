import { describe, expect, test } from 'vitest'
import type { Activation } from '../../src/config/activation.ts'
import { activation, field, plan, type Row, Snapshot } from './support.ts'

const rows: readonly Row[] = [
  ['3', 'Cid', 'pro'],
  ['1', 'Ann', 'free'],
  ['2', 'Ben', 'pro'],
]
const [cid, ann] = rows as [Row, Row]

const leaving = (onRemoved: Activation['onRemoved'], parts: Partial<Activation> = {}) =>
  activation({ onRemoved, tags: [{ column: 'plan', prefix: '', separator: ',' }], ...parts })

async function delivered(of: Activation, some: readonly Row[] = rows): Promise<Snapshot> {
  return new Snapshot().after((await plan(some, { activation: of })).operations)
}

describe('rows that left the query', () => {
  test.each(['archive', 'delete', 'untag'] as const)('%s', async (onRemoved) => {
    const of = leaving(onRemoved)
    const { operations, totals } = await plan([ann], {
      activation: of,
      snapshot: await delivered(of),
    })
    expect(operations.map(({ key }) => key)).toEqual(['2', '3'])
    expect(operations[0]).toEqual({
      ordinal: 0,
      key: '2',
      kind: onRemoved,
      removal: true,
      id: 'id of 2',
      record: { external_id: '2', ...(onRemoved === 'untag' && { tags: [] }) },
      held: { external_id: '2', name: 'Ben', 'custom_attributes.plan': 'pro', tags: ['pro'] },
      changed: onRemoved === 'untag' ? ['tags'] : [],
      archivedByUs: false,
      unansweredSince: null,
      fingerprint: expect.stringMatching(/^[\w-]{26}$/),
    })
    expect(totals).toMatchObject({ [onRemoved]: 2, removed: 2, known: 3, unchanged: 1 })
  })

  test('come behind the rows, and once', async () => {
    const of = leaving('archive')
    const snapshot = await delivered(of)
    const other: Row = ['4', 'Dan', 'pro']
    const { operations } = await plan([other, ann], { activation: of, snapshot })
    expect(operations.map(({ ordinal, key, kind }) => [ordinal, key, kind])).toEqual([
      [0, '4', 'create'],
      [1, '2', 'archive'],
      [2, '3', 'archive'],
    ])
    const after = snapshot.after(operations)
    const again = await plan([other, ann], { activation: of, snapshot: after })
    expect(again.operations).toEqual([])
    expect(again.totals).toMatchObject({ removed: 0, known: 2, unchanged: 2 })
  })

  test('and return are sent again, and may leave again', async () => {
    const of = leaving('archive')
    const gone = (await delivered(of)).after(
      (await plan([ann], { activation: of, snapshot: await delivered(of) })).operations,
    )
    const back = await plan([ann, cid], { activation: of, snapshot: gone })
    expect(back.operations).toEqual([
      expect.objectContaining({ key: '3', kind: 'update', archivedByUs: true, id: 'id of 3' }),
    ])
    const { operations } = await plan([ann], {
      activation: of,
      snapshot: gone.after(back.operations),
    })
    expect(operations.map(({ key, kind }) => [key, kind])).toEqual([['3', 'archive']])
  })

  test('were not delivered, and so are none of millrace’s business', async () => {
    const snapshot = new Snapshot([
      { key: '9', fingerprint: null, id: 'x', sent: null, removed: null },
    ])
    const { operations, totals } = await plan([ann], { activation: leaving('delete'), snapshot })
    expect(operations.map(({ kind }) => kind)).toEqual(['create'])
    expect(totals).toMatchObject({ removed: 0, known: 0 })
  })

  test('are removed though a later attempt to change them may have failed', async () => {
    const of = leaving('archive')
    const snapshot = await delivered(of)
    const entry = snapshot.kept.get('3')
    if (entry !== undefined) snapshot.kept.set('3', { ...entry, fingerprint: null })
    const { operations } = await plan(rows.slice(1), { activation: of, snapshot })
    expect(operations.map(({ key }) => key)).toEqual(['3'])
  })

  test('have not left where they are rejected or twice in the query', async () => {
    const of = leaving('delete')
    const result: Row[] = [
      ['3', 'a name that is too long', 'pro'],
      ann,
      ['2', 'Ben', 'pro'],
      ['2', 'Other', 'pro'],
    ]
    const { operations, totals } = await plan(result, {
      activation: of,
      snapshot: await delivered(of),
    })
    expect(operations).toEqual([])
    expect(totals).toMatchObject({ rejected: 2, removed: 0 })
  })

  test('lose only lists that the activation has a say in', async () => {
    const of = leaving('untag', { companies: [{ column: 'name', separator: ',' }] })
    const snapshot = await delivered(of)
    const { operations } = await plan(rows.slice(1), { activation: leaving('untag'), snapshot })
    expect(operations).toEqual([
      expect.objectContaining({ record: { external_id: '3', tags: [] } }),
    ])
  })

  test('are many, and are found in batches', async () => {
    const of = leaving('archive')
    const many = Array.from({ length: 2345 }, (_, n): Row => [`n${n}`, 'x', 'y'])
    const snapshot = await delivered(of, many)
    snapshot.lookUps = 0
    const { operations, totals, sink } = await plan(many.slice(0, 5), { activation: of, snapshot })
    expect(operations.map(({ key }) => key)).toEqual(
      many
        .slice(5)
        .map(([key]) => key)
        .sort(),
    )
    expect(totals.archive).toBe(2340)
    expect(snapshot.lookUps).toBe(10)
    expect(sink.largestBatch).toBeLessThanOrEqual(500)
  })
})

describe('a record is identified', () => {
  test.each<[string, Partial<Activation>, Record<string, string>]>([
    [
      'by its email',
      { identifier: 'email', fields: [field('email', 'id'), field('name', 'name')] },
      { email: '3' },
    ],
    [
      'by all that it was created with, where there is no identifier',
      {
        mode: 'insert',
        identifier: null,
        fields: [field('external_id', 'id'), field('email', 'plan')],
      },
      { external_id: '3', email: 'pro' },
    ],
    [
      'by its id alone',
      { mode: 'update', identifier: 'id', fields: [field('id', 'id'), field('email', 'plan')] },
      {},
    ],
  ])('%s', async (_, parts, record) => {
    const of = leaving('archive', { tags: null, ...parts })
    const { operations } = await plan([], { activation: of, snapshot: await delivered(of, [cid]) })
    expect(operations).toEqual([
      expect.objectContaining({ removal: true, record, id: expect.any(String) }),
    ])
  })
})

test('a record whose key has changed while it kept its id has not left', async () => {
  const of = leaving('delete', {
    identifier: 'id',
    fields: [field('id', 'id'), field('email', 'name')],
    tags: null,
  })
  const snapshot = await delivered(of, [
    ['i1', 'old@b', null],
    ['i2', 'other@b', null],
  ])
  const { operations, totals } = await plan([['i1', 'new@b', null]], { activation: of, snapshot })
  expect(operations.map(({ key, kind, id }) => [key, kind, id])).toEqual([
    ['email:new@b', 'update', 'i1'],
    ['email:other@b', 'delete', 'i2'],
  ])
  expect(totals).toMatchObject({ removed: 1, known: 2 })
})

test.each(['archive', 'delete', 'untag'] as const)(
  'a record that has another key in the query has not left (%s)',
  async (onRemoved) => {
    const of = leaving(onRemoved)
    const snapshot = await delivered(of)
    // Cid was merged into Ann; both keys lead to the survivor.
    for (const [key, entry] of snapshot.kept) {
      if (key !== '2') snapshot.kept.set(key, { ...entry, id: 'survivor' })
    }
    const one = await plan([ann], { activation: of, snapshot })
    expect(one.operations.map(({ key, kind }) => [key, kind])).toEqual([['2', onRemoved]])
    expect(one.totals).toMatchObject({ removed: 1, known: 3 })
    const none = await plan([rows[2] as Row], { activation: of, snapshot })
    expect(none.operations.map(({ key }) => key)).toEqual(['1', '3'])
  },
)
