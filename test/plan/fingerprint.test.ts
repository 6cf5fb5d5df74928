import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { TargetRecord } from '../../src/connector/index.ts'
import { canonicalNames, fingerprintOf, writeCanonical } from '../../src/plan/fingerprint.ts'
import { JsonBytes } from '../../src/plan/json-bytes.ts'

const scalar = fc.oneof(
  fc.constantFrom('', 'null', '1', 'true', '"', '],["b",', 1, 0, 1.5, true, false, null),
  fc.string({ unit: 'grapheme' }),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
)
const record = fc.dictionary(fc.constantFrom('a', 'b', 'c.d', '"', 'a","b'), scalar, { maxKeys: 4 })

function canonical(of: TargetRecord): string {
  const text = new JsonBytes()
  writeCanonical(canonicalNames(Object.keys(of)), Object.values(of), text)
  return Buffer.from(text.view()).toString()
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

  test('stands for one record only: its text reads back to the record', () => {
    fc.assert(
      fc.property(record, (one) => {
        const read = Object.fromEntries(JSON.parse(canonical(one)))
        const zeros = Object.entries(one).map(([name, value]) => [name, value === 0 ? 0 : value])
        expect(read).toEqual(Object.fromEntries(zeros))
      }),
    )
  })

  test('differs between records that differ', () => {
    fc.assert(
      fc.property(record, record, (one, other) => {
        const same = canonical(one) === canonical(other)
        expect(fingerprintOf(one) === fingerprintOf(other)).toBe(same)
      }),
    )
    expect(fingerprintOf({ a: '1' })).not.toBe(fingerprintOf({ a: 1 }))
    expect(fingerprintOf({ a: null })).not.toBe(fingerprintOf({}))
    expect(fingerprintOf({ a: 'null' })).not.toBe(fingerprintOf({ a: null }))
  })

  test('takes minus zero for zero', () => {
    expect(fingerprintOf({ a: -0 })).toBe(fingerprintOf({ a: 0 }))
  })

  test('stays what it is from release to release', () => {
    expect(canonical({ b: 'é"', a: 1.5, c: null, d: true })).toBe(
      '[["a",1.5],["b","é\\""],["c",null],["d",true]]',
    )
    expect(fingerprintOf({ b: 'é"', a: 1.5, c: null, d: true })).toMatchInlineSnapshot(
      `"0q7B1mbe2ml51Cj0_bsVaA"`,
    )
  })
})
