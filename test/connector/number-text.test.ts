import fc from 'fast-check'
import { expect, it } from 'vitest'
import { plainNumber } from '../../src/connector/index.ts'

function read(text: string): number {
  const bytes = Buffer.from(`9${text}9`)
  return plainNumber(bytes, 1, bytes.length - 1)
}

it('is what Number makes of the text, wherever it is anything', () => {
  let taken = 0
  const digits = fc.string({ unit: fc.constantFrom(...'0123456789'), maxLength: 10 })
  const texts = fc.oneof(
    fc
      .tuple(fc.constantFrom('', '-'), digits, fc.constantFrom('', '.'), digits)
      .map((p) => p.join('')),
    fc.double().map(String),
    fc.maxSafeInteger().map(String),
    fc.string({ maxLength: 5 }),
  )
  fc.assert(
    fc.property(texts, (text) => {
      const number = read(text)
      if (Number.isNaN(number)) return
      taken += 1
      expect(number).toBe(Number(text))
    }),
    { numRuns: 2000 },
  )
  expect(taken).toBeGreaterThan(500)
})

it.each([
  ['0', 0],
  ['-0', -0],
  ['-12.50', -12.5],
  ['960.62', 960.62],
  ['9007199254740991', Number.MAX_SAFE_INTEGER],
  ['0.1234567890123', 0.1234567890123],
])('reads %s', (text, number) => {
  expect(read(text)).toBe(number)
})

it.each(['', '-', '.', '-.5', '+1', '1.2.3', '1e5', 'NaN', 'Infinity', ' 1', '9007199254740992'])(
  'leaves %j to a closer look',
  (text) => {
    expect(read(text)).toBeNaN()
  },
)
