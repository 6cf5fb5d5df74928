import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Column, RowBatch, RowTexts } from '../../src/connector/index.ts'
import { unixSeconds } from '../../src/plan/cast-date.ts'
import { digestRoom } from '../../src/plan/digest.ts'
import type { FieldValue } from '../../src/plan/fingerprint.ts'
import { compileMapping } from '../../src/plan/mapping.ts'
import { planActivation } from '../../src/plan/planner.ts'
import { activation, field, person, Sink, Snapshot } from './support.ts'

type Texts = readonly (string | null)[]

const columns: readonly Column[] = [
  { name: 'id', type: 'text', sourceType: 'text' },
  { name: 'email', type: 'text', sourceType: 'text' },
  { name: 'name', type: 'text', sourceType: 'text' },
  { name: 'plan', type: 'json', sourceType: 'json' },
  { name: 'mrr', type: 'decimal', sourceType: 'numeric' },
  { name: 'tags', type: 'text', sourceType: 'text' },
  { name: 'at', type: 'timestamptz', sourceType: 'timestamptz' },
]

const mapped = activation({
  object: {
    ...person,
    fields: [
      ...person.fields,
      { name: 'mrr', type: 'float', description: 'How much.' },
      { name: 'mrr_from', type: 'float', minimum: 0, description: 'How much at least.' },
      { name: 'mrr_text', type: 'string', description: 'How much, to the letter.' },
    ],
  },
  fields: [
    field('external_id', 'id'),
    field('email', 'email'),
    field('name', 'name', 'skip'),
    field('custom_attributes.plan', 'plan', 'skip'),
    { ...field('custom_attributes.mail', 'email'), when: 'create' },
    field('mrr', 'mrr'),
    field('mrr_from', 'mrr'),
    field('mrr_text', 'mrr'),
    field('signed_up_at', 'at'),
    field('custom_attributes.at', 'at', 'skip'),
  ],
  tags: [{ column: 'tags', prefix: 'wh: ', separator: ',' }],
})

/** A row in the middle of some memory. */
function textsOf(row: Texts): RowTexts {
  const pieces = row.map((text) => Buffer.from(text ?? ''))
  const starts = new Int32Array(row.length)
  const ends = new Int32Array(row.length)
  let at = 3
  for (const [position, piece] of pieces.entries()) {
    starts[position] = at
    ends[position] = row[position] === null ? at - 1 : at + piece.length
    at += piece.length
  }
  const bytes = Buffer.concat([Buffer.from('123'), ...pieces, Buffer.from('4')])
  const seconds = (position: number) => {
    const text = row[position] ?? ''
    return text.endsWith('+00') ? (unixSeconds(text) ?? Number.NaN) : Number.NaN
  }
  return { bytes, starts, ends, seconds, value: (position) => row[position] ?? null }
}

const some = fc.oneof(
  fc.constantFrom(
    '',
    ' ',
    'a',
    'A',
    ' a',
    'a ',
    'ann@x.io',
    'Ä',
    'ä',
    '\u0000',
    'a\u00a0',
    'a'.repeat(11),
  ),
  fc.string({ unit: 'grapheme', maxLength: 12 }),
)
const number = fc.oneof(
  fc.constantFrom(
    '0',
    '-0',
    '-0.00',
    '1.50',
    'NaN',
    'Infinity',
    '-',
    '.',
    '1e5',
    '9007199254740993',
  ),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
  fc.tuple(fc.integer(), fc.nat()).map(([whole, rest]) => `${whole}.${rest}`),
)
const moment = fc.oneof(
  fc
    .date({
      min: new Date('0001-01-01T00:00:00Z'),
      max: new Date('9999-12-31T23:59:59Z'),
      noInvalidDate: true,
    })
    .map((date) => date.toISOString().replace('T', ' ').replace('.000', '').replace('Z', '+00')),
  fc.constantFrom(
    'infinity',
    '2024-02-29 13:45:00+00',
    '2023-02-29 13:45:00+00',
    '0000-01-01 00:00:00+00',
  ),
  fc.constantFrom(
    '2024-02-29 24:00:00+00',
    '2024-02-29 10:00:00.+00',
    '2024-02-29 10:00:00.5+01',
    '2024-02-29 1a:00:00+00',
  ),
)
const row = fc.tuple(
  fc.option(some),
  fc.option(some),
  fc.option(some),
  fc.option(some),
  fc.option(number),
  fc.option(fc.constantFrom('VIP', 'b,A', '["x"]', '[', '')),
  fc.option(moment),
)

describe('a row that is read directly', () => {
  test('has the fingerprint and the key of its values, and is refused where they are', () => {
    const mapping = compileMapping(mapped, columns)
    const values: FieldValue[] = []
    const [expected, found] = [digestRoom(), digestRoom()]
    let taken = 0
    fc.assert(
      fc.property(row, (texts) => {
        const refused = mapping.cast(texts, values)
        expect(mapping.direct.read(textsOf(texts), found)).toBe(refused === null)
        if (refused !== null) return
        mapping.fingerprint(values, expected)
        expect(found).toEqual(expected)
        const { direct, readKey } = mapping
        expect(readKey(direct.row, direct.values)).toEqual(readKey(texts, values))
        taken += 1
      }),
      { numRuns: 2000 },
    )
    expect(taken).toBeGreaterThan(200)
  })

  test.each([
    ['the identifier', {}],
    ['columns', { key: ['name', 'id'] }],
  ])('comes to the same plan, with %s for its key', async (_, parts) => {
    const planned = async (rows: readonly Texts[], isDirect: boolean) => {
      const sink = new Sink()
      let decoded = 0
      async function* batches(): AsyncGenerator<RowBatch> {
        yield {
          size: rows.length,
          values: (index) => {
            decoded += 1
            return rows[index] as Texts
          },
          ...(isDirect && { texts: (index) => textsOf(rows[index] as Texts) }),
        }
      }
      const totals = await planActivation({
        activation: { ...mapped, ...parts },
        columns,
        batches: batches(),
        snapshot,
        sink,
      })
      return { totals, plan: sink.plan, decoded, sink }
    }
    let snapshot = new Snapshot()
    await fc.assert(
      fc.asyncProperty(fc.array(row, { maxLength: 6 }), async (rows) => {
        snapshot = new Snapshot()
        const plain = await planned(rows, false)
        const direct = await planned(rows, true)
        expect(direct.plan).toEqual(plain.plan)
        expect(direct.totals).toEqual(plain.totals)
        // What was delivered is not even decoded.
        snapshot = snapshot.after(direct.sink.operations)
        const again = await planned(rows, true)
        const bad = again.sink.rejected.length
        if (bad === 0) expect(again.decoded).toBe(0)
        expect(again.totals.unchanged).toBe(plain.totals.create)
      }),
    )
  })
})
