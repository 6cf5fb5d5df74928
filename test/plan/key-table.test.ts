import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { digest, digestRoom, formatDigest, parseDigest } from '../../src/plan/digest.ts'
import { KeyTable } from '../../src/plan/key-table.ts'

// Few distinct low bits, so that most digests compete for the same slots.
const word = fc.oneof(
  fc.integer({ min: 0, max: 3 }),
  fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
)
const words = fc.tuple(word, word, word, word).map((four) => Int32Array.from(four))

describe('KeyTable', () => {
  test('holds what a Map would, however the digests collide', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ key: words, fingerprint: words, mark: fc.nat(70) }), {
          maxLength: 400,
        }),
        (steps) => {
          const table = new KeyTable(71)
          const model = new Map<
            string,
            { fingerprint: Int32Array; marks: Set<number>; ordinal: number }
          >()
          for (const [ordinal, { key, fingerprint, mark }] of steps.entries()) {
            const known = model.get(key.join())
            const found = table.find(key)
            expect(found >= 0).toBe(known !== undefined)
            const entry = found < 0 ? table.add(key) : found
            table.setFingerprint(entry, fingerprint)
            table.setOrdinal(entry, ordinal)
            const marks = known?.marks ?? new Set()
            if (marks.delete(mark)) table.unmark(entry, mark)
            else {
              marks.add(mark)
              table.mark(entry, mark)
            }
            model.set(key.join(), { fingerprint, marks, ordinal })
          }
          expect(table.size).toBe(model.size)
          for (const [text, { fingerprint, marks, ordinal }] of model) {
            const entry = table.find(Int32Array.from(text.split(',').map(Number)))
            expect(table.hasFingerprint(entry, fingerprint)).toBe(true)
            expect(table.ordinal(entry)).toBe(ordinal)
            for (let mark = 0; mark <= 70; mark += 1) {
              expect(table.isMarked(entry, mark)).toBe(marks.has(mark))
            }
          }
        },
      ),
      { numRuns: 60 },
    )
  })

  test.each([0, 100_000])('grows past its first size (%i expected)', (expected) => {
    const table = new KeyTable(8, expected)
    const room = digestRoom()
    for (let number = 0; number < 50_000; number += 1) {
      digest(`key ${number}`, room)
      expect(table.find(room)).toBe(-1)
      expect(table.add(room)).toBe(number)
      table.setOrdinal(number, number * 2)
    }
    expect(table.size).toBe(50_000)
    for (let number = 0; number < 50_000; number += 1) {
      digest(`key ${number}`, room)
      const entry = table.find(room)
      if (entry !== number || table.ordinal(entry) !== number * 2) expect.fail(`lost key ${number}`)
    }
  })

  test('gives a new entry no ordinal, no marks and a fingerprint of zeros', () => {
    const table = new KeyTable(40)
    const entry = table.add(Int32Array.of(1, 2, 3, 4))
    expect(table.ordinal(entry)).toBe(-1)
    expect(table.isMarked(entry, 39)).toBe(false)
    expect(table.hasFingerprint(entry, digestRoom())).toBe(true)
  })
})

describe('digests', () => {
  test('are written as Buffer writes base64url, and read back', () => {
    fc.assert(
      fc.property(words, (digestWords) => {
        const bytes = Buffer.alloc(16)
        for (const [index, value] of digestWords.entries()) bytes.writeInt32BE(value, index * 4)
        const text = formatDigest(digestWords)
        expect(text).toBe(bytes.toString('base64url'))
        const room = digestRoom()
        expect(parseDigest(text, room)).toBe(true)
        expect([...room]).toEqual([...digestWords])
      }),
    )
  })

  test('are the first half of the SHA-256', () => {
    const room = digestRoom()
    digest('abc', room)
    expect(formatDigest(room)).toBe(
      Buffer.from('ba7816bf8f01cfea414140de5dae2223', 'hex').toString('base64url'),
    )
  })

  test.each(['', 'short', `${'A'.repeat(21)}B`, `${'A'.repeat(20)}=Q`, 'A'.repeat(23)])(
    'refuse the text %j',
    (text) => {
      expect(parseDigest(text, digestRoom())).toBe(false)
    },
  )
})
