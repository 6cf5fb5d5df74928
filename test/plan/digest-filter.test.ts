import { expect, test } from 'vitest'
import { digest, digestRoom } from '../../src/plan/digest.ts'
import { DigestColumn } from '../../src/plan/digest-column.ts'
import { DigestFilter } from '../../src/plan/digest-filter.ts'

function wordsOf(number: number): Int32Array {
  const room = digestRoom()
  digest(`key ${number}`, room)
  return room
}

test.each([1, 7, 100, 20_000])(
  'denies nothing that was added, and most of all else (%i)',
  (count) => {
    const column = new DigestColumn()
    for (let entry = 0; entry < count; entry += 1) column.set(entry, wordsOf(entry))
    const filter = new DigestFilter(count)
    const first = Math.floor(count / 2)
    filter.addFirst(column, first)
    for (let entry = first; entry < count; entry += 1) filter.add(wordsOf(entry))
    for (let entry = 0; entry < count; entry += 1) expect(filter.mayHave(wordsOf(entry))).toBe(true)
    let doubtful = 0
    for (let other = 0; other < 10_000; other += 1) {
      if (filter.mayHave(wordsOf(count + other))) doubtful += 1
    }
    expect(doubtful).toBeLessThan(10_000 / 150)
  },
)

test('takes more than it was made for, and denies less then', () => {
  const filter = new DigestFilter(10)
  for (let entry = 0; entry < 5000; entry += 1) filter.add(wordsOf(entry))
  for (let entry = 0; entry < 5000; entry += 1) expect(filter.mayHave(wordsOf(entry))).toBe(true)
})
