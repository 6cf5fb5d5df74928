import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { arrayDecoder } from '../../../connectors/postgres/arrays.ts'
import type { Value } from '../../../src/connector/index.ts'

const decode = arrayDecoder((text) => text)

/** As the server writes it: https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO */
function written(value: Value): string {
  if (value === null) return 'NULL'
  if (Array.isArray(value)) return `{${value.map(written).join(',')}}`
  const text = String(value)
  const isPlain = /^[^\s{},"\\]+$/.test(text) && text.toUpperCase() !== 'NULL'
  return isPlain ? text : `"${text.replace(/["\\]/g, '\\$&')}"`
}

const element = fc.option(
  fc.oneof(
    fc.constantFrom('', 'NULL', 'null', ',', '{', '}', '{}', ' a b ', 'a"b', '\\', 'ä'),
    fc.string({ unit: 'grapheme', maxLength: 8 }),
  ),
)

describe('arrays', () => {
  it('are read as they were before they were written', () => {
    fc.assert(
      fc.property(fc.array(element, { maxLength: 5 }), (values) => {
        expect(decode(written(values))).toEqual(values)
      }),
      { numRuns: 1000 },
    )
  })

  it('have arrays in them where they have several dimensions', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(element, element), { minLength: 1, maxLength: 3 }),
        (values) => {
          expect(decode(written(values))).toEqual(values)
        },
      ),
    )
    expect(decode('[0:1]={a,b}')).toEqual(['a', 'b'])
  })

  it('have elements that are decoded', () => {
    expect(arrayDecoder(Number)('{1,NULL,"2"}')).toEqual([1, null, 2])
  })
})
