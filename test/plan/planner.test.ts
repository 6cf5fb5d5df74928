import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Column, ColumnType } from '../../src/connector/index.ts'
import { fingerprintOf } from '../../src/plan/fingerprint.ts'
import { Scope } from '../../src/plan/scope.ts'
import { activation, columns, field, plan, type Row, Snapshot } from './support.ts'

const contacts = new Scope('contact', 'upsert')

const ann: Row = ['1', 'Ann', 'pro']
const ben: Row = ['2', 'Ben', 'free']

function record(row: Row) {
  return { external_id: row[0], name: row[1], 'custom_attributes.plan': row[2] } as Record<
    string,
    string
  >
}

async function delivered(...rows: Row[]): Promise<Snapshot> {
  return new Snapshot().after((await plan(rows)).operations)
}

describe('against the snapshot', () => {
  test('a key that is new is a create of all fields', async () => {
    const { operations, totals } = await plan([ann])
    expect(operations).toEqual([
      {
        ordinal: 0,
        key: '1',
        kind: 'create',
        removal: false,
        id: null,
        record: record(ann),
        held: null,
        changed: ['external_id', 'name', 'custom_attributes.plan'],
        archivedByUs: false,
        unansweredSince: null,
        fingerprint: contacts.sign(fingerprintOf(record(ann))),
      },
    ])
    expect(totals).toEqual({
      rows: 1,
      create: 1,
      update: 0,
      delete: 0,
      archive: 0,
      untag: 0,
      unchanged: 0,
      rejected: 0,
      waiting: 0,
      repeated: 0,
      removed: 0,
      known: 0,
      changedFields: {},
    })
  })

  test('a record that was delivered costs nothing, not even a look-up', async () => {
    const snapshot = await delivered(ann, ben)
    const { operations, totals } = await plan([ben, ann], { snapshot })
    expect(operations).toEqual([])
    expect(totals).toMatchObject({ unchanged: 2, removed: 0 })
    expect(snapshot.lookUps).toBe(0)
  })

  test('a record that changed carries its id, all fields, and the names of those that differ', async () => {
    const changed = ['1', 'Anna', 'pro'] as const
    const { operations, totals } = await plan([changed, ben], {
      snapshot: await delivered(ann, ben),
    })
    expect(operations).toEqual([
      expect.objectContaining({
        kind: 'update',
        id: 'id of 1',
        record: record(changed),
        changed: ['name'],
      }),
    ])
    expect(totals).toMatchObject({ update: 1, unchanged: 1, changedFields: { name: 1 } })
  })

  test('a field that is left out is no change; one that is cleared is', async () => {
    const snapshot = await delivered(ann)
    expect((await plan([['1', 'Ann', null]], { snapshot })).totals.unchanged).toBe(1)
    const { operations } = await plan([['1', null, 'pro']], { snapshot })
    expect(operations).toEqual([expect.objectContaining({ changed: ['name'] })])
    expect(operations[0]?.record.name).toBe(null)
  })

  test('a field that is mapped anew is a change, one that is no longer mapped is none', async () => {
    const snapshot = await delivered(ann)
    const less = activation({ fields: [field('external_id', 'id'), field('name', 'name')] })
    expect((await plan([ann], { snapshot, activation: less })).totals.unchanged).toBe(1)
    const more = activation({ fields: [...activation().fields, field('email', 'plan')] })
    const { operations } = await plan([ann], { snapshot, activation: more })
    expect(operations).toEqual([expect.objectContaining({ changed: ['email'] })])
  })

  test.each([
    ['nothing known', { id: null, sent: null }, 'create', 3],
    ['the id known', { id: 'x', sent: null }, 'create', 3],
    ['the same sent before', { id: 'x', sent: record(ann) }, 'update', 3],
    ['something else sent before', { id: null, sent: { ...record(ann), name: 'A' } }, 'update', 3],
  ] as const)('a key whose state is not known is sent again: %s', async (_, entry, kind, count) => {
    const snapshot = new Snapshot([{ key: '1', fingerprint: null, removed: null, ...entry }])
    const { operations } = await plan([ann], { snapshot })
    expect(operations).toEqual([expect.objectContaining({ kind, id: entry.id })])
    expect(operations[0]?.changed).toHaveLength(count)
  })

  test('a field that is left out while the state is not known is sent once it is back', async () => {
    // "free" may have arrived after "pro" was confirmed.
    const entry = { key: '1', fingerprint: null, id: 'x', sent: record(ann), removed: null }
    const left = await plan([['1', 'Ann', null]], { snapshot: new Snapshot([entry]) })
    const { operations } = await plan([ann], { snapshot: new Snapshot().after(left.operations) })
    expect(operations).toEqual([
      expect.objectContaining({ kind: 'update', changed: ['custom_attributes.plan'] }),
    ])
  })

  test('a fingerprint in a form that is not known makes the fields decide', async () => {
    const snapshot = new Snapshot([
      { key: '1', fingerprint: 'old', id: 'x', sent: record(ann), removed: null },
    ])
    expect((await plan([ann], { snapshot })).totals).toMatchObject({ unchanged: 1, update: 0 })
  })

  test('keys that the query no longer returns are counted, and nothing else is done about them', async () => {
    const { totals, operations } = await plan([ann], { snapshot: await delivered(ann, ben) })
    expect(totals).toMatchObject({ removed: 1, known: 2 })
    expect(operations).toEqual([])
  })
})

describe('keys', () => {
  test.each([null, '', '  '])('a row with the identifier %o fails alone', async (id) => {
    const { operations, rejected, totals } = await plan([ann, [id, 'Eve', 'pro'], ben])
    expect(operations.map(({ key, ordinal }) => [key, ordinal])).toEqual([
      ['1', 0],
      ['2', 2],
    ])
    expect(rejected).toEqual([
      expect.objectContaining({
        ordinal: 1,
        kind: 'create',
        key: expect.stringMatching(/^row:[\w-]{22}$/),
      }),
    ])
    const reason = id === null ? 'is NULL' : 'is empty'
    expect(rejected[0]?.failure).toMatchObject({
      code: 'missing_identifier',
      field: 'external_id',
      message: `Row 2 has no external_id: column "id" (text) ${reason}.`,
    })
    expect(totals.rejected).toBe(1)
  })

  test('an identifier in which letter case does not matter is one key', async () => {
    const byEmail = activation({
      identifier: 'email',
      fields: [field('email', 'id'), field('name', 'name')],
    })
    const rows: Row[] = [
      ['Ann@Example.com ', 'Ann', null],
      ['ann@example.com', 'Ann', 'x'],
    ]
    const { operations, totals } = await plan(rows, { activation: byEmail })
    expect(operations.map(({ key }) => key)).toEqual(['ann@example.com'])
    expect(totals.repeated).toBe(1)
  })

  test('a whole number is the same key, whatever numeric type its column has', async () => {
    const typed = (type: ColumnType): readonly Column[] => [
      { name: 'id', type, sourceType: type },
      { name: 'name', type: 'text', sourceType: 'text' },
      { name: 'plan', type, sourceType: type },
    ]
    const first = await plan([[100, 'Ann', 7]], { columns: typed('integer') })
    const snapshot = new Snapshot().after(first.operations)
    for (const [type, row] of [
      ['decimal', ['100.00', 'Ann', '7.0']],
      ['float', [100, 'Ann', 7]],
    ] as const) {
      const { totals } = await plan([row], { columns: typed(type), snapshot })
      expect(totals.unchanged).toBe(1)
    }
    const keys = async (columns: readonly Column[], row: Row, key: string[] | null) =>
      (await plan([row], { columns, activation: activation({ key }) })).operations[0]?.key
    expect(await keys(typed('decimal'), ['-1.50', 'Ann', '7.00'], null)).toBe('-1.50')
    expect(await keys(typed('decimal'), ['1', 'Ann', '7.00'], ['plan'])).toBe('7')
    expect(await keys(typed('decimal'), ['1', 'Ann', '7.00'], ['plan', 'name'])).toBe('["7","Ann"]')
    expect(await keys(columns, ['1.0', 'Ann', '7.00'], null)).toBe('1.0')
  })

  test('key columns are composed so that no two pairs meet', async () => {
    const keyed = activation({ key: ['name', 'plan'] })
    const rows: Row[] = [
      ['1', 'a', 'b","c'],
      ['2', 'a","b', 'c'],
      ['3', 'a', null],
      [null, 'd', 'e'],
    ]
    const { operations, rejected } = await plan(rows, { activation: keyed })
    expect(operations.map(({ key }) => key)).toEqual([
      JSON.stringify(['a', 'b","c']),
      JSON.stringify(['a","b', 'c']),
    ])
    expect(rejected.map(({ key, failure }) => [key, failure.code])).toEqual([
      [expect.stringMatching(/^row:/), 'missing_identifier'],
      ['["d","e"]', 'missing_identifier'],
    ])
  })

  test('without an identifier the first field that a create needs is the key, else the content', async () => {
    const insert = activation({
      mode: 'insert',
      identifier: null,
      fields: [field('email', 'id'), field('name', 'name')],
    })
    const rows: Row[] = [
      ['a@b', 'Ann', null],
      [null, 'Ben', null],
      [null, 'Ben', 'x'],
    ]
    const { operations, totals } = await plan(rows, { activation: insert })
    expect(operations.map(({ key }) => key)).toEqual(['a@b', 'row:wkQT56SkoFcoXngymiFhOQ'])
    expect(totals.repeated).toBe(1)
  })
})

describe('values that a field does not take', () => {
  const secret = 'a value that nobody may see'
  const bad: Row = ['1', secret, 'pro']

  test('fail the row alone, without showing the value', async () => {
    const { operations, rejected } = await plan([bad, ben])
    expect(operations.map(({ key }) => key)).toEqual(['2'])
    expect(rejected).toMatchInlineSnapshot(`
      [
        {
          "failure": {
            "code": "invalid_value",
            "field": "name",
            "hint": "Shorten it in the query: left(..., 10).",
            "message": "Row 1: name: column "name" (text) holds text of more than 10 characters, the most that the field takes.",
          },
          "key": "1",
          "kind": "create",
          "ordinal": 0,
        },
      ]
    `)
    expect(JSON.stringify(rejected)).not.toContain(secret)
  })

  test('of a key that was delivered are a failed update', async () => {
    const { rejected, totals } = await plan([bad], { snapshot: await delivered(ann) })
    expect(rejected).toEqual([expect.objectContaining({ key: '1', kind: 'update' })])
    expect(totals).toMatchObject({ rejected: 1, removed: 0 })
  })

  test('in the identifier leave a stand-in for the key', async () => {
    const { rejected } = await plan([['a\0b', 'Ann', 'pro']])
    expect(rejected).toEqual([
      expect.objectContaining({
        key: expect.stringMatching(/^row:/),
        failure: expect.objectContaining({ code: 'invalid_value', field: 'external_id' }),
      }),
    ])
  })
})

describe('duplicates', () => {
  const other: Row = ['1', 'Other', 'pro']
  const bad: Row = ['1', 'much too long a name', 'pro']

  test('equal rows collapse, whatever they come to', async () => {
    const { totals } = await plan([
      ann,
      ann,
      bad.with(0, '3'),
      bad.with(0, '3'),
      [null, '', ''],
      [null, '', ''],
    ])
    expect(totals).toMatchObject({ create: 1, rejected: 2, repeated: 3 })
  })

  test.each<[string, Row[], Row[], number]>([
    ['a create', [ann, ben, other], [], 0],
    [
      'a create, a batch later',
      [ann, ...Array.from({ length: 2500 }, (_, n): Row => [`n${n}`, 'x', 'y']), other],
      [],
      0,
    ],
    ['an update', [ann, ben, other], [['1', 'Before', 'pro']], 0],
    ['an unchanged row', [ann, ben, other], [ann], 1],
    ['an invalid row', [bad, ben, ann], [], 0],
    ['a row, by an invalid one', [ann, ben, bad], [], 0],
    ['a row, several times', [ann, ben, other, ann, bad], [], 0],
  ])('of %s take its place as one failure', async (_, rows, before, ordinal) => {
    const snapshot = await delivered(...before)
    const { operations, rejected, totals } = await plan(rows, { snapshot })
    expect(rejected).toEqual([
      expect.objectContaining({
        ordinal,
        key: '1',
        kind: before.length > 0 ? 'update' : 'create',
        failure: expect.objectContaining({ code: 'duplicate_key', field: 'external_id' }),
      }),
    ])
    const others = new Set(rows.map(([id]) => id)).size - 1
    expect(operations.map(({ key }) => key)).not.toContain('1')
    expect(totals).toMatchObject({
      create: others,
      update: 0,
      unchanged: 0,
      rejected: 1,
      removed: 0,
      changedFields: {},
    })
  })
})

test('a duplicate stays rejected when many other rows are', async () => {
  const other: Row = ['1', 'Other', 'pro']
  const nameless = Array.from({ length: 600 }, (_, n): Row => [null, `${n}`, 'x'])
  const { operations, rejected } = await plan([ann, other, ...nameless])
  expect(operations).toEqual([])
  expect(rejected).toHaveLength(601)
  expect(rejected[0]).toMatchObject({ ordinal: 0, failure: { code: 'duplicate_key' } })
})

test('the snapshot is asked about as many keys at once as it likes', async () => {
  const rows = Array.from({ length: 100 }, (_, n): Row => [`${n}`, 'x', 'y'])
  const changed = rows.map(([key, name]): Row => [key ?? null, name ?? null, 'z'])
  const plans = []
  for (const keysAtOnce of [1, 20, 30, 500]) {
    const snapshot = await delivered(...rows)
    snapshot.keysAtOnce = keysAtOnce
    const { operations } = await plan(changed, { snapshot, batchSize: 7 })
    expect(snapshot.lookUps).toBe(Math.ceil(100 / keysAtOnce))
    plans.push(operations)
  }
  expect(plans[0]).toHaveLength(100)
  for (const operations of plans) expect(operations).toEqual(plans[0])
})

test('progress is told every 1,000 rows and at the end', async () => {
  const rows = Array.from({ length: 2500 }, (_, n): Row => [`${n}`, 'x', 'y'])
  const seen: number[] = []
  const { sink } = await plan(rows, { onRows: (count) => seen.push(count), batchSize: 300 })
  expect(seen).toEqual([1000, 2000, 2500])
  expect(sink.largestBatch).toBeLessThanOrEqual(500)
})

const cell = fc.constantFrom('', 'x', 'y', 'much too long a name', null)
const rowOf = (ids: number) =>
  fc.tuple(
    fc.oneof({ weight: 9, arbitrary: fc.nat(ids).map(String) }, fc.constant(null)),
    cell,
    cell,
  )
const rowsOf = (ids: number) => fc.array(rowOf(ids), { maxLength: 60 })

/** What the plan should come to, the naive way: all rows of a key at once. */
function model(rows: readonly Row[]) {
  const byKey = new Map<string, Row[]>()
  let keyless = 0
  let repeated = 0
  const contents = new Set<string>()
  for (const row of rows) {
    const [id] = row
    if (id !== null) byKey.set(String(id), [...(byKey.get(String(id)) ?? []), row])
    else if (contents.has(JSON.stringify(row))) repeated += 1
    else {
      contents.add(JSON.stringify(row))
      keyless += 1
    }
  }
  const verdicts = new Map<string, string>()
  for (const [key, group] of byKey) {
    const [first] = group as [Row]
    if (group.some((row) => JSON.stringify(row) !== JSON.stringify(first))) {
      verdicts.set(key, 'duplicate_key')
    } else {
      verdicts.set(
        key,
        first[1] !== null && String(first[1]).length > 10 ? 'invalid_value' : 'sent',
      )
    }
    repeated += group.filter((row) => JSON.stringify(row) === JSON.stringify(first)).length - 1
  }
  return { verdicts, keyless, repeated }
}

describe('for any rows', () => {
  test('each key comes to what all of its rows together say', async () => {
    await fc.assert(
      fc.asyncProperty(rowsOf(12), async (rows) => {
        const { verdicts, keyless, repeated } = model(rows)
        const { operations, rejected, totals } = await plan(rows, { batchSize: 7 })
        const found = new Map<string, string>(operations.map(({ key }) => [key, 'sent']))
        for (const { key, failure } of rejected) {
          if (failure.code !== 'missing_identifier') found.set(key, failure.code)
        }
        expect(Object.fromEntries(found)).toEqual(Object.fromEntries(verdicts))
        expect(rejected.filter(({ key }) => key.startsWith('row:'))).toHaveLength(keyless)
        expect(totals.repeated).toBe(repeated)
        expect(operations.length + rejected.length).toBe(verdicts.size + keyless)
      }),
    )
  })

  test('what was delivered is unchanged, and totals add up', async () => {
    await fc.assert(
      fc.asyncProperty(rowsOf(40), rowsOf(40), async (before, rows) => {
        const snapshot = await delivered(...before)
        const { operations, rejected, totals } = await plan(rows, { snapshot })
        const { verdicts, keyless } = model(rows)
        const { create, update, unchanged } = totals
        expect(create + update + unchanged + totals.rejected).toBe(verdicts.size + keyless)
        expect(operations).toHaveLength(create + update)
        expect(rejected).toHaveLength(totals.rejected)
        expect(totals.rows).toBe(rows.length)
        const seen = [...snapshot.kept.keys()].filter((key) => verdicts.has(key)).length
        expect(totals.removed).toBe(snapshot.kept.size - seen)
        const changed: Record<string, number> = {}
        for (const { kind, changed: names } of operations) {
          if (kind === 'update') for (const name of names) changed[name] = (changed[name] ?? 0) + 1
        }
        expect(totals.changedFields).toEqual(changed)

        const again = await plan(rows, { snapshot: snapshot.after(operations) })
        expect(again.operations).toEqual([])
        expect(again.totals).toMatchObject({ unchanged: create + update + unchanged })
      }),
    )
  })

  test('the same rows give the same plan, whatever batches they come in', async () => {
    await fc.assert(
      fc.asyncProperty(rowsOf(12), fc.integer({ min: 1, max: 50 }), async (rows, batchSize) => {
        const snapshot = await delivered(['1', 'x', 'y'], ['2', 'x', 'x'])
        const one = await plan(rows, { snapshot })
        const other = await plan(rows, { snapshot, batchSize })
        expect(JSON.stringify(other.plan)).toBe(JSON.stringify(one.plan))
        expect(other.totals).toEqual(one.totals)
        expect(one.plan).toHaveLength(one.operations.length + one.rejected.length)
      }),
    )
  })

  test('shuffled rows give the same operations', async () => {
    const shuffled = rowsOf(12).chain((rows) =>
      fc.tuple(
        fc.constant(rows),
        fc.shuffledSubarray(rows, { minLength: rows.length, maxLength: rows.length }),
      ),
    )
    const setOf = (operations: readonly { key: string; ordinal: number }[]) =>
      operations
        .map((operation) => ({ ...operation, ordinal: 0 }))
        .sort((a, b) => (a.key < b.key ? -1 : 1))
    await fc.assert(
      fc.asyncProperty(shuffled, async ([rows, other]) => {
        const snapshot = await delivered(['1', 'x', 'y'], ['2', 'x', 'x'])
        const one = await plan(rows, { snapshot })
        const two = await plan(other, { snapshot })
        expect(setOf(two.operations)).toEqual(setOf(one.operations))
        const codes = (rejected: typeof one.rejected) =>
          rejected.map(({ key, failure }) => `${key} ${failure.code}`).sort()
        expect(codes(two.rejected)).toEqual(codes(one.rejected))
        // Which rows repeat the first one of a key depends on which comes first.
        const { repeated: _, ...totals } = one.totals
        expect(two.totals).toMatchObject(totals)
      }),
    )
  })
})

test('columns that are not mapped do not matter', async () => {
  const wider = [
    ...columns,
    { name: 'loaded_at', type: 'timestamptz', sourceType: 'timestamptz' } as const,
  ]
  const rows: Row[] = [
    [...ann, '2024-01-01T00:00:00Z'],
    [...ann, '2024-01-02T00:00:00Z'],
    [null, 'Eve', 'pro', '2024-01-01T00:00:00Z'],
    [null, 'Eve', 'pro', '2024-01-02T00:00:00Z'],
  ]
  const { totals } = await plan(rows, { columns: wider, snapshot: await delivered(ann) })
  expect(totals).toMatchObject({ unchanged: 1, rejected: 1, repeated: 2 })
})
