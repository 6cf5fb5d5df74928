import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { murmur128 } from '../../src/connector/index.ts'
import {
  digest,
  digestRoom,
  formatDigest,
  lastingDigest,
  parseDigest,
} from '../../src/plan/digest.ts'
import { DigestColumn } from '../../src/plan/digest-column.ts'
import { DigestIndex } from '../../src/plan/digest-index.ts'
import { KeyTable } from '../../src/plan/key-table.ts'
import { mark } from '../../src/plan/marks.ts'
import { RowOrder } from '../../src/plan/row-order.ts'

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
        fc.array(
          fc.record({
            // Zeros stand for no key.
            key: words.filter((key) => key.some((one) => one !== 0)),
            fingerprint: words,
            mark: fc.nat(15),
            change: fc.nat(70),
            supersede: fc.boolean(),
          }),
          { maxLength: 400 },
        ),
        (steps) => {
          const table = new KeyTable(71)
          const model = new Map<
            string,
            { fingerprint: Int32Array; marks: Set<number>; ordinal: number; changes: Set<number> }
          >()
          let entries = 0
          for (const [ordinal, step] of steps.entries()) {
            const { key, fingerprint, mark, change, supersede } = step
            const known = model.get(key.join())
            const found = table.find(key)
            expect(found >= 0).toBe(known !== undefined)
            const isNew = found < 0 || supersede
            if (isNew) entries += 1
            const entry = found < 0 ? table.add(key) : supersede ? table.supersede(found) : found
            if (isNew) expect(table.ordinal(entry)).toBe(-1)
            table.fingerprints.set(entry, fingerprint)
            table.setOrdinal(entry, ordinal)
            const marks = known?.marks ?? new Set()
            if (marks.delete(mark)) table.unmark(entry, mark)
            else {
              marks.add(mark)
              table.mark(entry, mark)
            }
            const changes = isNew ? new Set<number>() : (known?.changes ?? new Set())
            changes.add(change)
            table.markChange(entry, change)
            model.set(key.join(), { fingerprint, marks, ordinal, changes })
          }
          expect(table.size).toBe(entries)
          for (const [text, { fingerprint, marks, ordinal, changes }] of model) {
            const entry = table.find(Int32Array.from(text.split(',').map(Number)))
            expect(table.fingerprints.equals(entry, fingerprint)).toBe(true)
            expect(table.ordinal(entry)).toBe(ordinal)
            for (let mark = 0; mark <= 15; mark += 1) {
              expect(table.isMarked(entry, mark)).toBe(marks.has(mark))
            }
            for (let change = 0; change <= 70; change += 1) {
              expect(table.changes(entry, change)).toBe(changes.has(change))
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

  test('gives a new entry no ordinal, no marks, no hash and a fingerprint of zeros', () => {
    const table = new KeyTable(40)
    const entry = table.add(Int32Array.of(1, 2, 3, 4))
    expect(table.ordinal(entry)).toBe(-1)
    expect(table.isMarked(entry, 15)).toBe(false)
    expect(table.changes(entry, 39)).toBe(false)
    expect(table.hashes.isEmpty(entry)).toBe(true)
    expect(table.fingerprints.equals(entry, digestRoom())).toBe(true)
  })

  test('finds entries that were filled in from elsewhere by key and by hash', () => {
    const table = new KeyTable(1)
    table.reserve(20_000)
    for (let entry = 0; entry < 20_000; entry += 1) {
      table.keys.set(entry, Int32Array.of(entry, 1, 2, 3))
      if (entry % 2 === 0) table.hashes.set(entry, Int32Array.of(7, 7, 7, entry + 1))
    }
    const hash = Int32Array.of(7, 7, 7, 19_999)
    expect(table.findHash(hash)).toBe(-1)
    table.indexHashes()
    expect(table.findHash(hash)).toBe(-1)
    for (let astray = 1; astray <= 34; astray += 1) {
      const entry = (astray * 7919) % 20_000
      expect(table.find(Int32Array.of(entry, 1, 2, 3))).toBe(entry)
      expect(table.isMissed(entry, Int32Array.of(7, 7, 7, entry + 1))).toBe(entry % 2 === 0)
    }
    expect(table.findHash(hash)).toBe(19_998)
    expect(table.findHash(digestRoom())).toBe(-1)
    expect(table.find(Int32Array.of(12_345, 1, 2, 3))).toBe(12_345)

    const successor = table.supersede(19_998)
    expect(successor).toBe(20_000)
    expect(table.findHash(hash)).toBe(-1)
    expect(table.find(Int32Array.of(19_998, 1, 2, 3))).toBe(successor)
  })

  test('counts the entries that were found elsewhere than expected', () => {
    const table = new KeyTable(1)
    table.reserve(3000)
    for (let entry = 0; entry < 3000; entry += 1) {
      table.keys.set(entry, Int32Array.of(entry, 1, 2, 3))
      table.hashes.set(entry, Int32Array.of(entry, 4, 5, 6))
    }
    table.indexHashes()
    const find = (entry: number) => {
      const found = table.findHash(Int32Array.of(entry, 4, 5, 6))
      const isFound = found >= 0 || table.find(Int32Array.of(entry, 1, 2, 3)) === entry
      if (found < 0) table.isMissed(entry, Int32Array.of(entry, 4, 5, 6))
      expect(isFound).toBe(true)
    }
    // Two runs of entries by turns, with gaps.
    for (let entry = 0; entry < 1000; entry += 5) {
      find(entry)
      find(entry + 1500)
    }
    expect(table.astray).toBe(1)
    for (let entry = 2999; entry > 2900; entry -= 1) find(entry)
    expect(table.astray).toBe(100)
    table.mark(700, mark.seen)
    find(700)
    expect(table.astray).toBe(100)
  })

  test('finds keys that are there and keys that are not, in whatever order they are looked for', () => {
    const table = new KeyTable(1)
    const count = 20_000
    table.reserve(count)
    for (let entry = 0; entry < count; entry += 1) table.keys.set(entry, wordsOf(entry))
    // As many that are not there as a filter can deny, then so many that are that an index is made.
    for (let number = 0; number < 3000; number += 1) {
      expect(table.find(wordsOf(count + number))).toBe(-1)
      if (number % 3 === 0) expect(table.add(wordsOf(count + number))).toBe(count + number / 3)
    }
    for (let number = 0; number < 3000; number += 1) {
      expect(table.find(wordsOf(count + number))).toBe(number % 3 === 0 ? count + number / 3 : -1)
      const entry = (number * 7919) % count
      expect(table.find(wordsOf(entry))).toBe(entry)
    }
  })

  test('finds keys that are nowhere, whether they were searched for or looked up', () => {
    const table = new KeyTable(1)
    table.reserve(20_000)
    for (let entry = 0; entry < 20_000; entry += 1) table.keys.set(entry, wordsOf(entry))
    for (let number = 0; number < 100; number += 1) {
      expect(table.find(wordsOf(20_000 + number))).toBe(-1)
      expect(table.add(wordsOf(20_000 + number))).toBe(20_000 + number)
      expect(table.find(wordsOf(number * 150))).toBe(number * 150)
      expect(table.find(wordsOf(20_000 + number))).toBe(20_000 + number)
    }
  })
})

function wordsOf(number: number): Int32Array {
  const room = digestRoom()
  digest(`key ${number}`, room)
  return room
}

describe('DigestIndex', () => {
  test('takes entries whose numbers outgrow its slots', () => {
    const column = new DigestColumn()
    const index = new DigestIndex(column, 10)
    const numbers = [0, 1, 1022, 1023, 1024, 5000, 70_000]
    for (const number of numbers) {
      column.set(number, wordsOf(number))
      index.add(number)
    }
    for (const number of numbers) expect(index.find(wordsOf(number))).toBe(number)
    column.set(200_000, wordsOf(1022))
    index.replace(1022, 200_000)
    expect(index.find(wordsOf(1022))).toBe(200_000)
    column.set(300_000, wordsOf(1022))
    index.add(300_000)
    expect([...index.findAll(wordsOf(1022))]).toEqual([200_000, 300_000])
    expect(index.find(wordsOf(2))).toBe(-1)
  })
})

test('RowOrder gives back entries in the order in which they were added', () => {
  const run = fc.record({ start: fc.nat(100), length: fc.integer({ min: 1, max: 5 }) })
  fc.assert(
    fc.property(fc.array(run), fc.nat(20), (runs, pause) => {
      const order = new RowOrder()
      const added: number[] = []
      for (const [number, { start, length }] of runs.entries()) {
        if (number === pause) expect(allOf(order)).toEqual(added)
        for (let entry = start; entry < start + length; entry += 1) {
          order.add(entry)
          added.push(entry)
        }
      }
      expect(allOf(order)).toEqual(added)
      for (const first of [0, 1, 30, 70]) {
        expect(allOf(order, first)).toEqual(added.filter((entry) => entry >= first))
      }
    }),
  )
  const long = new RowOrder()
  const entries = Array.from({ length: 50_000 }, (_, at) => (at * 7919) % 50_000)
  for (const entry of entries) long.add(entry)
  expect(allOf(long)).toEqual(entries)
})

function allOf(order: RowOrder, first = 0): number[] {
  const next = order.reader(first)
  const all: number[] = []
  for (let entry = next(); entry >= 0; entry = next()) all.push(entry)
  return all
}

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

  test('of texts are those of their UTF-8', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 2000 }), (text) => {
        const [one, other] = [digestRoom(), digestRoom()]
        const bytes = Buffer.from(text)
        digest(text, one)
        murmur128(new DataView(bytes.buffer, bytes.byteOffset), 0, bytes.length, other)
        expect(one).toEqual(other)
      }),
    )
  })

  test('that last are the first half of the SHA-256', () => {
    const room = digestRoom()
    lastingDigest('abc', room)
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

test('DigestColumn takes over the room of another one, and leaves what lies behind it', () => {
  const [from, into] = [new DigestColumn(), new DigestColumn()]
  const entries = 8192 + 5
  from.reserve(entries).fill(1)
  from.set(entries, wordsOf(1))
  const room = into.takeRoomOf(from)
  expect(room.length).toBe(entries * 16)
  room.fill(2)
  expect(from.isEmpty(0)).toBe(true)
  expect(from.equals(entries, wordsOf(1))).toBe(true)
  for (const entry of [0, 8191, 8192, entries - 1]) expect(into.word(entry, 3)).toBe(0x02020202)
  expect(into.isEmpty(entries)).toBe(true)
})
