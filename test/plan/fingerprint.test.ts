import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { TargetRecord } from '../../src/connector/index.ts'
import { CanonicalBytes } from '../../src/plan/canonical-bytes.ts'
import { canonicalNames, fingerprintOf, writeCanonical } from '../../src/plan/fingerprint.ts'

const text = fc.oneof(
  fc.constantFrom('', 'null', '1', 'true', 'ÿ', 'þ', '\u0000', 'a'.repeat(24), 'a'.repeat(25)),
  fc.string({ unit: 'grapheme', maxLength: 40 }),
)
const scalar = fc.oneof(
  fc.constantFrom(1, 0, -0, 1.5, true, false, null),
  text,
  fc.double({ noNaN: true, noDefaultInfinity: true }),
)
const field = fc.oneof(scalar, fc.array(text, { maxLength: 3 }))
const record: fc.Arbitrary<TargetRecord> = fc.dictionary(
  fc.constantFrom('a', 'b', 'c.d', '"', 'a","b', 'ä', 'custom_attributes.a'),
  field,
  { maxKeys: 4 },
)

const room = new CanonicalBytes(16)

function canonical(of: TargetRecord): string {
  writeCanonical(canonicalNames(Object.keys(of)), Object.values(of), room)
  return Buffer.from(room.view()).toString('hex')
}

/** The same text for the same fields with the same values: JSON reads back to what it was made from. */
function asJson(of: TargetRecord): string {
  return JSON.stringify(Object.entries(of).sort(([a], [b]) => (a < b ? -1 : 1)))
}

describe('fingerprint', () => {
  test('does not depend on the order of the fields', () => {
    fc.assert(
      fc.property(record, fc.func(fc.integer()), (one, order) => {
        const entries = Object.entries(one).sort(([a], [b]) => order(a) - order(b))
        expect(fingerprintOf(Object.fromEntries(entries))).toBe(fingerprintOf(one))
      }),
    )
  })

  test('stands for one record only', () => {
    fc.assert(
      fc.property(record, record, (one, other) => {
        const isSame = asJson(one) === asJson(other)
        expect(canonical(one) === canonical(other)).toBe(isSame)
        expect(fingerprintOf(one) === fingerprintOf(other)).toBe(isSame)
      }),
      { numRuns: 500 },
    )
  })

  test('differs between records that differ little', () => {
    fc.assert(
      fc.property(record, fc.constantFrom('a', 'b', 'ä'), field, (one, name, value) => {
        const other = { ...one, [name]: value }
        expect(canonical(one) === canonical(other)).toBe(asJson(one) === asJson(other))
      }),
      { numRuns: 500 },
    )
    expect(fingerprintOf({ a: '1' })).not.toBe(fingerprintOf({ a: 1 }))
    expect(fingerprintOf({ a: null })).not.toBe(fingerprintOf({}))
    expect(fingerprintOf({ a: 'null' })).not.toBe(fingerprintOf({ a: null }))
    expect(fingerprintOf({ a: ['b', 'c'] })).not.toBe(fingerprintOf({ a: ['bc'] }))
    expect(fingerprintOf({ a: [''] })).not.toBe(fingerprintOf({ a: [] }))
    expect(fingerprintOf({ a: ['b'] })).not.toBe(fingerprintOf({ a: 'b' }))
  })

  test('leaves out what the record leaves out', () => {
    fc.assert(
      fc.property(record, fc.constantFrom('x', 'A'), (one, name) => {
        const values = [...Object.values(one), undefined]
        writeCanonical(canonicalNames([...Object.keys(one), name]), values, room)
        expect(Buffer.from(room.view()).toString('hex')).toBe(canonical(one))
      }),
    )
  })

  test('takes the letter case of tags for nothing, and of nothing else', () => {
    expect(fingerprintOf({ tags: ['A'] })).toBe(fingerprintOf({ tags: ['a'] }))
    expect(fingerprintOf({ companies: ['A'] })).not.toBe(fingerprintOf({ companies: ['a'] }))
  })

  test('takes minus zero for zero', () => {
    expect(fingerprintOf({ a: -0 })).toBe(fingerprintOf({ a: 0 }))
  })

  test('stays what it is from release to release', () => {
    expect(fingerprintOf({ b: 'é"', a: 1.5, c: null, d: true })).toMatchInlineSnapshot(
      `"dPGy_WnPdSWoS-zldbeQKg"`,
    )
  })
})
