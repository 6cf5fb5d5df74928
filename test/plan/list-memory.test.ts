import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ListMemory } from '../../src/plan/list-memory.ts'

const text = fc.oneof(
  fc.string({ maxLength: 3 }),
  fc.constantFrom(
    '{VIP}',
    '{vip}',
    '{VIP,beta}',
    'x'.repeat(256),
    'x'.repeat(257),
    `${'x'.repeat(256)}y`,
  ),
)

test('finds what was read from the same text last, or nothing', () => {
  let found = 0
  fc.assert(
    fc.property(fc.array(text, { minLength: 20, maxLength: 600 }), (texts) => {
      const memory = new ListMemory()
      for (const one of texts) {
        const bytes = Buffer.from(`<<${one}>>`)
        const end = bytes.length - 2
        const list = memory.find(bytes, 2, end)
        if (list === undefined) memory.keep(bytes, 2, end, [one])
        else expect(list).toEqual([one])
        if (list !== undefined) found += 1
        // The memory of a row is used again.
        bytes.fill(0)
      }
    }),
  )
  expect(found).toBeGreaterThan(300)
})

test('remembers no long texts', () => {
  const memory = new ListMemory()
  const bytes = Buffer.from('x'.repeat(300))
  for (const size of [256, 257]) memory.keep(bytes, 0, size, [`${size}`])
  expect(memory.find(bytes, 0, 256)).toEqual(['256'])
  expect(memory.find(bytes, 0, 257)).toBeUndefined()
})
