import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { FrameBatch } from '../../connectors/postgres/frame-batch.ts'
import { decodedColumn } from '../../connectors/postgres/values.ts'
import type { Activation } from '../../src/config/activation.ts'
import type { Operation, RowBatch } from '../../src/connector/index.ts'
import type { OperationSpool, PlanDraft, SnapshotEntry } from '../../src/plan/interfaces.ts'
import { planActivation } from '../../src/plan/planner.ts'
import { settingsOf } from '../../src/plan/waiting-keys.ts'
import { OperationPacker } from '../../src/state/operation-packer.ts'
import { operationsIn } from '../../src/state/packed-operations.ts'
import { activation, field, Index, person, Sink, Snapshot } from './support.ts'

const decoded = [
  decodedColumn('id', 25, 0, 'text'),
  decodedColumn('email', 25, 0, 'text'),
  decodedColumn('name', 25, 0, 'text'),
  decodedColumn('plan', 3802, 0, 'jsonb'),
  decodedColumn('mrr', 1700, 0, 'numeric'),
  decodedColumn('seats', 20, 0, 'bigint'),
  decodedColumn('score', 701, 0, 'double precision'),
  decodedColumn('vip', 16, 0, 'boolean'),
  decodedColumn('at', 1184, 0, 'timestamp with time zone'),
  decodedColumn('day', 1082, 0, 'date'),
  decodedColumn('tags', 1009, 25, 'text[]'),
  decodedColumn('more_tags', 25, 0, 'text'),
]
const columns = decoded.map(({ column }) => column)

const mapped = activation({
  object: {
    ...person,
    fields: [
      ...person.fields,
      { name: 'mrr', type: 'float', description: 'How much.' },
      { name: 'mrr_text', type: 'string', description: 'How much, to the letter.' },
    ],
  },
  fields: [
    field('name', 'name', 'skip'),
    { ...field('custom_attributes.mail', 'email'), when: 'create' },
    field('external_id', 'id'),
    field('email', 'email'),
    field('custom_attributes.plan', 'plan', 'skip'),
    field('mrr', 'mrr'),
    field('mrr_text', 'mrr'),
    field('seats', 'seats', 'skip'),
    field('score', 'score'),
    field('vip', 'vip'),
    { field: 'role', from: { value: 'lead' }, onNull: 'clear', when: 'always' },
    { ...field('signed_up_at', 'at'), when: 'create' },
    field('custom_attributes.at', 'at'),
    field('custom_attributes.day', 'day', 'skip'),
    field('custom_attributes.name', 'name'),
  ],
  tags: [
    { column: 'tags', prefix: 'wh: ', separator: ',' },
    { column: 'more_tags', prefix: '', separator: ',' },
    { name: 'Important', when: 'vip' },
  ],
})

type Texts = readonly (string | null)[]

/** Rows in the frames in which Postgres sends them. */
function frames(rows: readonly Texts[], onValues: () => void): RowBatch {
  const starts: number[] = []
  let size = 0
  const pieces = rows.flatMap((row) => {
    const texts = row.map((text) => (text === null ? null : Buffer.from(text)))
    const body = texts.flatMap((text) => {
      const length = Buffer.alloc(4)
      length.writeInt32BE(text?.length ?? -1)
      return text === null ? [length] : [length, text]
    })
    const head = Buffer.from('D0000nn')
    head.writeInt32BE(Buffer.concat(body).length + 6, 1)
    head.writeInt16BE(row.length, 5)
    const frame = Buffer.concat([head, ...body])
    starts.push(size)
    size += frame.length
    return [frame]
  })
  const bytes = Buffer.concat(pieces)
  const batch = new FrameBatch(bytes, bytes, starts, decoded, true)
  return {
    size: batch.size,
    texts: (index) => batch.texts(index),
    hash: (index, into) => batch.hash(index, into),
    values(index) {
      onValues()
      return batch.values(index)
    },
  }
}

/** A sink that takes operations as bytes. */
class PackingSink extends Sink {
  readonly #packer = new OperationPacker()
  creations = 0
  updates = 0
  readonly spool: OperationSpool = {
    isFull: false,
    add: (operation) => this.#packer.add(operation),
    create: (...creation) => {
      this.creations += 1
      this.#packer.create(...creation)
    },
    update: (...update) => {
      this.updates += 1
      this.#packer.update(...update)
    },
    drain: async () => undefined,
  }

  override get plan(): { operation?: Operation; rejected?: never }[] {
    const packed = [...operationsIn(this.#packer.bytes.view())]
    const planned = new Map<number, object>(
      packed.map((operation) => [operation.ordinal, { operation }]),
    )
    // What was rejected takes the place of what was planned.
    for (const one of super.plan) if (one.rejected) planned.set(one.rejected.ordinal, one)
    return [...planned.keys()].sort((a, b) => a - b).map((at) => planned.get(at) ?? {})
  }
}

const text = fc.oneof(
  fc.constantFrom(
    '',
    ' ',
    'a',
    'A',
    ' a ',
    'Ann@X.io',
    'Ä',
    'a\u00a0',
    'a\0b',
    '😀',
    'x'.repeat(11),
  ),
  fc.string({ unit: 'grapheme', maxLength: 12 }),
)
const long = fc.oneof(text, fc.constantFrom('x'.repeat(239), 'é'.repeat(120), 'y'.repeat(5000)))
const decimal = fc.oneof(
  fc.constantFrom('0', '-0', '-0.00', '1.50', '12.0', 'NaN', 'Infinity', '1e5', '9007199254740993'),
  fc.tuple(fc.integer(), fc.nat()).map(([whole, rest]) => `${whole}.${rest}`),
)
const integer = fc.constantFrom('0', '7', '100', '101', '-1', '9007199254740993')
const float = fc.oneof(
  fc.constantFrom('0', '-0', '1e+300', '-Infinity', 'NaN', '0.1', '4294967296', '255', '256'),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
)
const moment = fc.constantFrom(
  '2024-02-29 13:45:00+00',
  '1969-12-31 23:59:59.5+00',
  '2024-02-29 13:45:00.999999+00',
  '2024-02-29 13:45:00+01',
  '12024-01-01 00:00:00+00',
  '0044-03-15 00:00:00+00 BC',
  'infinity',
)
const day = fc.constantFrom('2024-02-29', '1969-12-31', '0001-01-01', '0044-03-15 BC', '-infinity')
const array = fc.constantFrom(
  '{}',
  '{VIP,vip,Beta}',
  '{" x ",NULL,""}',
  '{"a,b","ä\\"q"}',
  '{{a},{b}}',
)
const list = fc.constantFrom('VIP', 'b,A', '["x", "X"]', '[', '', 'ünï, 😀')

/** Mostly what can be sent: else few rows would have no value that is refused. */
function mostly(usual: readonly string[], rare: fc.Arbitrary<string>): fc.Arbitrary<string | null> {
  return fc.option(
    fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...usual) }, { weight: 1, arbitrary: rare }),
  )
}

const ids = Array.from({ length: 30 }, (_, id) => `id-${id}`)
const row: fc.Arbitrary<Texts> = fc.tuple(
  mostly(ids, text),
  fc.option<string, null>(text),
  mostly(['Ann', 'Zoë', ''], text),
  fc.option<string, null>(long),
  mostly(['12.50', '-0.00', '3'], decimal),
  mostly(['0', '100'], integer),
  mostly(['0.25', '-0', '4294967296'], float),
  mostly(['t'], fc.constant('f')),
  mostly(['2024-02-29 13:45:00+00'], moment),
  mostly(['2024-02-29'], day),
  mostly(['{VIP,vip,Beta}'], array),
  mostly(['b,A'], list),
)

/** Rows that become records, each of another key. */
const sound: fc.Arbitrary<Texts> = fc.tuple(
  fc.constantFrom(...ids.slice(0, 8)),
  fc.constantFrom('a@x.io', 'zoë@x.io', null),
  fc.constantFrom('Ann', 'Zoë', '', null),
  fc.constantFrom('pro', 'x'.repeat(239), 'é'.repeat(120), 'y'.repeat(5000), null),
  fc.constantFrom('12.50', '-0.00', '3', null),
  fc.constantFrom('0', '100', null),
  fc.constantFrom('0.25', '-0', '4294967296', null),
  fc.constantFrom('t', 'f', null),
  fc.constantFrom('2024-02-29 13:45:00+00', '2024-02-29 13:45:00.25+00', null),
  fc.constantFrom('2024-02-29', null),
  fc.constantFrom('{VIP,vip,Beta}', '{}', '{"ä"}', null),
  fc.constantFrom('b,A', 'B,a', '', null),
)

/** Another text in one column of a row that was delivered. */
const change = fc
  .record({ at: fc.nat(9), column: fc.integer({ min: 1, max: 11 }), from: sound })
  .map(({ at, column, from }) => ({ at, column, text: from[column] as string | null }))

/** What else may be known of a key than that it was delivered. */
const twist: fc.Arbitrary<(entry: SnapshotEntry) => Partial<SnapshotEntry>> = fc.constantFrom<
  ((entry: SnapshotEntry) => Partial<SnapshotEntry>)[]
>(
  () => ({}),
  () => ({}),
  () => ({ id: null }),
  () => ({ again: true }),
  () => ({ unansweredSince: 5, unansweredRequest: 'r' }),
  () => ({ fingerprint: null }),
  () => ({ fingerprint: 'of another version' }),
  () => ({ removed: 'archive' }),
  () => ({ removed: 'delete' }),
  () => ({ sent: null, fingerprint: null, adopted: true }),
  () => ({ sent: {} }),
  ({ sent }) => ({ sent: { ...sent, 'custom_attributes.former': 1 } }),
  ({ sent }) => ({ sent: Object.fromEntries(Object.entries(sent ?? {}).reverse()) }),
  ({ sent }) => ({ sent: Object.fromEntries(Object.entries(sent ?? {}).slice(2)) }),
  ({ sent }) => ({ sent: { ...sent, tags: [...((sent?.tags as string[]) ?? []), 'more'] } }),
  ({ sent }) => ({ sent: { ...sent, tags: ((sent?.tags as string[]) ?? []).map(upper) } }),
)

function upper(name: string): string {
  return name.toUpperCase()
}

async function planned(
  parts: Partial<Activation>,
  rows: readonly Texts[],
  snapshot: Snapshot,
  sink: Sink,
  index?: Index,
) {
  let cast = 0
  const drafts: PlanDraft[] = []
  async function* batches(): AsyncGenerator<RowBatch> {
    for (let start = 0; start < rows.length; start += 3) {
      yield frames(rows.slice(start, start + 3), () => {
        cast += 1
      })
    }
  }
  const options = { activation: { ...mapped, ...parts }, columns, batches: batches() }
  const keeping = { index, hashedAs: 'frames', onDraft: (draft: PlanDraft) => drafts.push(draft) }
  const totals = await planActivation({ ...options, snapshot, sink, ...(index && keeping) })
  return { totals, plan: sink.plan, cast, drafts }
}

/** Keeps what a plan leaves, once all of it was applied. */
async function keep(
  drafts: readonly PlanDraft[],
  operations: readonly Operation[],
): Promise<Index> {
  const index = new Index()
  for (const draft of drafts) {
    for (const { key, removal } of operations) draft.note({ key, status: 'applied', removal })
    const content = await draft.content()
    if (content !== null && 'pieces' in content) await index.write(content)
    await draft.close()
  }
  return index
}

describe('a sink that takes operations as bytes', () => {
  test.each<[string, boolean, Partial<Activation>]>([
    ['upsert', true, {}],
    ['upsert by several columns', true, { key: ['day', 'id'] }],
    ['upsert by email', true, { identifier: 'email' }],
    [
      'upsert with a list of one column',
      true,
      { tags: [{ column: 'tags', prefix: 'wh: ', separator: ',' }] },
    ],
    [
      'upsert by the column of a list',
      true,
      { key: ['more_tags', 'id'], tags: [{ column: 'more_tags', prefix: '', separator: ',' }] },
    ],
    ['insert', true, { mode: 'insert' }],
    ['insert without an identifier', true, { mode: 'insert', identifier: null }],
    ['update', false, { mode: 'update' }],
    ['delete', false, { mode: 'delete', fields: [field('external_id', 'id')], tags: null }],
  ])('has just what casting makes of the rows: %s', async (_, isDirect, parts) => {
    let creations = 0
    await fc.assert(
      fc.asyncProperty(
        fc.array(row, { maxLength: 4 }),
        fc.array(row, { maxLength: 12 }),
        async (before, rows) => {
          const delivered = new Sink()
          await planned(parts, before, new Snapshot(), delivered)
          const snapshot = new Snapshot().after(delivered.operations)
          const [plain, packing] = [new Sink(), new PackingSink()]
          const expected = await planned(parts, rows, snapshot, plain)
          const found = await planned(parts, rows, snapshot, packing)
          expect(found.totals).toEqual(expected.totals)
          expect(found.plan).toEqual(expected.plan)
          // The order of fields and lists too, which `toEqual` lets be.
          expect(JSON.stringify(packing.operations)).toBe(JSON.stringify(plain.operations))
          creations += packing.creations
        },
      ),
      { numRuns: 300 },
    )
    expect(creations > 300).toBe(isDirect)
  })

  test.each<[string, Partial<Activation>]>([
    ['upsert', {}],
    ['upsert by several columns', { key: ['day', 'id'] }],
    [
      'upsert with a list of one column',
      { tags: [{ column: 'tags', prefix: '', separator: ',' }] },
    ],
    ['upsert with companies', { companies: [{ column: 'more_tags', separator: ',' }] }],
  ])('updates just what casting makes of the rows: %s', async (_, parts) => {
    let updates = 0
    const always = mapped.fields.map((one) => ({ ...one, when: 'always' as const }))
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(sound, { minLength: 4, maxLength: 8, selector: ([id]) => id }),
        fc.uniqueArray(change, { minLength: 3, maxLength: 8, selector: ({ at }) => at }),
        fc.tuple(fc.array(row, { maxLength: 4 }), fc.array(change, { maxLength: 1 }), fc.nat(2)),
        fc.option(fc.array(twist, { maxLength: 8 })),
        async (before, changes, [others, again, held], twists) => {
          const varied = { ...parts, fields: always }
          const delivered = new Sink()
          const { drafts } = await planned(varied, before, new Snapshot(), delivered, new Index())
          const snapshot = new Snapshot().after(delivered.operations)
          const kept = await keep(drafts, delivered.operations)
          const index = twists === null ? kept : undefined
          const keys = [...snapshot.kept.keys()]
          for (const [index, entry] of (twists ?? []).entries()) {
            const key = keys[index] ?? ''
            const kept = snapshot.kept.get(key)
            if (kept !== undefined) snapshot.kept.set(key, { ...kept, ...entry(kept) })
          }
          const rows = [
            ...[...changes, ...again].map(({ at, column, text }) =>
              (before[at % before.length] as Texts).map((old, index) =>
                index === column ? text : old,
              ),
            ),
            ...others,
          ]
          const failing = new Sink()
          const { drafts: unused } = await planned(varied, rows, snapshot, failing, index)
          const settings = settingsOf({ ...mapped, ...varied })
          snapshot.held = failing.operations
            .slice(0, held)
            .map(({ key, fingerprint }) => ({ key, fingerprint, settings }))
          const [plain, packing] = [new Sink(), new PackingSink()]
          const expected = await planned(varied, rows, snapshot, plain, index)
          const found = await planned(varied, rows, snapshot, packing, index)
          for (const draft of [...unused, ...expected.drafts, ...found.drafts]) await draft.close()
          expect(found.totals).toEqual(expected.totals)
          expect(found.plan).toEqual(expected.plan)
          expect(JSON.stringify(packing.operations)).toBe(JSON.stringify(plain.operations))
          updates += packing.updates
        },
      ),
      { numRuns: 300 },
    )
    expect(updates).toBeGreaterThan(20)
  })

  test('spares new rows from being cast, whatever is wrong with others', async () => {
    const good = (id: number): Texts => [`id-${id}`, 'a@x.io', ...columns.slice(2).map(() => null)]
    const refused: Texts = ['id-r', ' a\0', ...columns.slice(2).map(() => null)]
    const rows = [
      good(1),
      good(2),
      refused,
      good(3),
      good(1),
      ['id-2', ...good(9).slice(1)],
      good(4),
    ]
    const changed: Texts = ['id-3', 'b@x.io', ...columns.slice(2).map(() => null)]
    const sink = new PackingSink()
    const { totals, cast } = await planned({}, [...rows, changed, good(5)], new Snapshot(), sink)
    expect(totals).toMatchObject({ create: 4, rejected: 2, repeated: 2 })
    expect(sink.creations).toBe(5)
    expect(cast).toBe(1)
  })
})
