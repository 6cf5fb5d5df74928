import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ColumnType, FieldType, Scalar, Value } from '../../src/connector/index.ts'
import { compileCast, type FieldRules } from '../../src/plan/cast.ts'
import { unixSeconds } from '../../src/plan/cast-date.ts'
import { isRefusal } from '../../src/plan/refusal.ts'

const refused = Symbol('refused')

function cast(
  column: ColumnType,
  rules: FieldType | FieldRules,
  value: Value,
  element?: ColumnType,
) {
  const type = element === undefined ? { type: column } : { type: column, element }
  const compiled = compileCast(type, typeof rules === 'string' ? { type: rules } : rules)
  if (typeof compiled === 'string') throw new Error(compiled)
  if (value === null) throw new Error('NULL never reaches a cast')
  const result = compiled(value)
  return isRefusal(result) ? refused : result
}

type Case = readonly [ColumnType, Value, Scalar | typeof refused]

const cases: Record<FieldType, readonly Case[]> = {
  string: [
    ['text', ' as is ', ' as is '],
    ['text', '', ''],
    ['text', 'a\0b', refused],
    ['text', 'half \ud83d', refused],
    ['text', 'half \ude00', refused],
    ['text', 'whole 😀', 'whole 😀'],
    ['integer', 12, '12'],
    ['integer', 9007199254740993n, '9007199254740993'],
    ['decimal', '12.30', '12.30'],
    ['decimal', 'NaN', refused],
    ['decimal', '-Infinity', refused],
    ['float', 0.1, '0.1'],
    ['float', -0, '0'],
    ['float', Number.NaN, refused],
    ['boolean', true, 'true'],
    ['date', '2024-02-29', '2024-02-29'],
    ['date', '-infinity', refused],
    ['timestamp', '2024-02-29T10:00:00.5', '2024-02-29T10:00:00.5'],
    ['timestamptz', '2024-02-29T10:00:00Z', '2024-02-29T10:00:00Z'],
    ['timestamptz', 'infinity', refused],
    ['json', '{"a": 1}', '{"a": 1}'],
  ],
  integer: [
    ['integer', 12, 12],
    ['integer', -0, 0],
    ['integer', 9007199254740993n, refused],
    ['decimal', '12', 12],
    ['decimal', '12.00', 12],
    ['decimal', '12.50', refused],
    ['decimal', '90071992547409930', refused],
    ['decimal', 'NaN', refused],
    ['float', 12, 12],
    ['float', 12.5, refused],
    ['float', Number.POSITIVE_INFINITY, refused],
    ['float', 1e300, refused],
    ['text', ' 12 ', 12],
    ['text', '+12.0', 12],
    ['text', '12.5', refused],
    ['text', '', refused],
    ['text', '0x10', refused],
    ['text', '1e3', refused],
    ['text', 'twelve', refused],
  ],
  float: [
    ['integer', 12, 12],
    ['integer', 9007199254740993n, refused],
    ['decimal', '12.30', 12.3],
    ['decimal', '0.12345678901234567890123', 0.12345678901234568],
    ['decimal', 'Infinity', refused],
    ['float', 0.1, 0.1],
    ['float', -0, 0],
    ['float', Number.NaN, refused],
    ['text', '-1.5e3', -1500],
    ['text', '.5', 0.5],
    ['text', '1e999', refused],
    ['text', 'Infinity', refused],
    ['text', '', refused],
    ['text', '1,5', refused],
  ],
  boolean: [
    ['boolean', false, false],
    ['integer', 1, true],
    ['integer', 0, false],
    ['integer', 2, refused],
    ['integer', 9007199254740993n, refused],
    ['decimal', '1.0', true],
    ['decimal', 'NaN', refused],
    ['float', 0, false],
    ...['true', 'T', ' Yes', 'y', 'ON', '1'].map((text): Case => ['text', text, true]),
    ...['false', 'f', 'NO', 'n', 'off', '0'].map((text): Case => ['text', text, false]),
    ['text', '', refused],
    ['text', 'maybe', refused],
  ],
  date: [
    ['date', '1970-01-02', 86_400],
    ['date', '0001-01-01', -62_135_596_800],
    ['date', '10000-01-01', refused],
    ['date', '0044-03-15 BC', refused],
    ['date', 'infinity', refused],
    ['timestamp', '1970-01-01T00:01:00.999999', 60],
    ['timestamp', '1969-12-31T23:59:59.5', -1],
    ['timestamptz', '2024-02-29T10:00:00.123456Z', 1_709_200_800],
    ['timestamptz', '-infinity', refused],
    ['integer', 1_700_000_000, 1_700_000_000],
    ['integer', 1_700_000_000_000, refused],
    ['integer', -1, -1],
    ['integer', 9007199254740993n, refused],
    ['decimal', '1700000000.9', 1_700_000_000],
    ['decimal', 'NaN', refused],
    ['float', -0.5, -1],
    ['float', Number.NaN, refused],
    ['text', '2024-02-29', 1_709_164_800],
    ['text', '2023-02-29', refused],
    ['text', '2024-02-29 10:00:00+01:00', 1_709_197_200],
    ['text', '2024-02-29T10:00-0530', 1_709_220_600],
    ['text', '2024-02-29T10:00:00.z', refused],
    ['text', '2024-02-29T24:00:00Z', refused],
    ['text', '29/02/2024', refused],
    ['text', '1700000000', refused],
    ['text', '', refused],
    ['text', '2024-02-29x', refused],
  ],
  any: [
    ['boolean', true, true],
    ['integer', 12, 12],
    ['integer', 9007199254740993n, refused],
    ['decimal', '12.30', 12.3],
    ['float', 0.5, 0.5],
    ['float', Number.NaN, refused],
    ['date', '1970-01-01', 0],
    ['timestamp', '1970-01-01T00:00:01.5', 1],
    ['timestamptz', '1970-01-01T00:00:01Z', 1],
    ['text', '12', '12'],
    ['text', 'a\0', refused],
    ['json', '[1]', '[1]'],
  ],
}

describe.each(Object.entries(cases))('to %s', (type, rows) => {
  test.each(rows)('%s %o', (column, value, expected) => {
    expect(cast(column, type as FieldType, value)).toBe(expected)
  })
})

describe('arrays as text', () => {
  test.each<[ColumnType, readonly Value[], string]>([
    ['text', ['a"b', null], '["a\\"b",null]'],
    ['integer', [1, 9007199254740993n], '[1,9007199254740993]'],
    ['decimal', ['1.50', 'NaN'], '[1.50,"NaN"]'],
    ['float', [0.5, Number.NaN], '[0.5,"NaN"]'],
    ['boolean', [true, [false]], '[true,[false]]'],
    ['json', ['{"a":1}'], '[{"a":1}]'],
    ['date', ['2024-02-29'], '["2024-02-29"]'],
  ])('of %s', (element, value, expected) => {
    expect(cast('array', 'string', value, element)).toBe(expected)
  })

  test('escape what text by itself may not hold', () => {
    expect(cast('array', 'string', ['\ud83d'], 'text')).toBe('["\\ud83d"]')
  })
})

describe('casts that no value can pass', () => {
  test.each<[ColumnType, FieldType]>([
    ['bytes', 'string'],
    ['bytes', 'any'],
    ['bytes', 'date'],
    ['array', 'any'],
    ['array', 'integer'],
    ['array', 'boolean'],
    ['json', 'integer'],
    ['json', 'float'],
    ['json', 'boolean'],
    ['json', 'date'],
    ['boolean', 'integer'],
    ['boolean', 'date'],
    ['date', 'float'],
    ['timestamptz', 'integer'],
    ['date', 'boolean'],
  ])('%s to %s', (column, type) => {
    expect(compileCast({ type: column }, { type })).toBeTypeOf('string')
  })

  test('arrays of bytes to text', () => {
    expect(compileCast({ type: 'array', element: 'bytes' }, { type: 'string' })).toBeTypeOf(
      'string',
    )
  })
})

describe('limits', () => {
  test.each<[FieldRules, Value, Scalar | typeof refused]>([
    [{ type: 'string', maxLength: 3 }, 'abc', 'abc'],
    [{ type: 'string', maxLength: 3 }, 'abcd', refused],
    [{ type: 'string', maxLength: 3 }, '😀😀😀', '😀😀😀'],
    [{ type: 'string', maxLength: 3 }, '😀😀😀😀', refused],
    [{ type: 'string', choices: ['user', 'lead'] }, 'lead', 'lead'],
    [{ type: 'string', choices: ['user', 'lead'] }, 'Lead', refused],
    [{ type: 'string', choices: ['lead'], caseInsensitive: true }, ' Lead ', 'lead'],
    [{ type: 'string', maxLength: 3, caseInsensitive: true }, ' ABC ', 'abc'],
    [{ type: 'integer', minimum: 1 }, '0', refused],
    [{ type: 'integer', minimum: 1 }, '1', 1],
    [{ type: 'float', maximum: 1 }, '1', 1],
    [{ type: 'float', maximum: 1 }, '1.1', refused],
  ])('%o %o', (rules, value, expected) => {
    expect(cast('text', rules, value)).toBe(expected)
  })
})

describe('dates', () => {
  test('agree with Date for every second of the years 0001 to 9999', () => {
    const milliseconds = fc.integer({ min: -62_135_596_800_000, max: 253_402_300_799_999 })
    fc.assert(
      fc.property(milliseconds, fc.integer({ min: -15 * 60, max: 15 * 60 }), (time, offset) => {
        const text = new Date(time).toISOString()
        expect(unixSeconds(text)).toBe(Math.floor(time / 1000))
        const sign = offset < 0 ? '-' : '+'
        const clock = new Date(Math.abs(offset) * 60_000).toISOString().slice(11, 16)
        expect(unixSeconds(`${text.slice(0, 19)}${sign}${clock}`)).toBe(
          Math.floor(time / 1000) - offset * 60,
        )
      }),
    )
  })

  test('agree with Date on which days there are', () => {
    const days = fc.tuple(fc.integer({ min: 1, max: 9999 }), fc.nat(13), fc.nat(32))
    fc.assert(
      fc.property(days, ([year, month, day]) => {
        const pad = (number: number, width: number) => String(number).padStart(width, '0')
        const text = `${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}`
        const time = new Date(`${text}T00:00:00Z`)
        const exists = !Number.isNaN(time.getTime()) && time.toISOString().startsWith(text)
        expect(unixSeconds(text)).toBe(exists ? time.getTime() / 1000 : null)
      }),
    )
  })
})

test('numbers keep their value whatever column they come from', () => {
  fc.assert(
    fc.property(fc.integer({ min: -(10 ** 9), max: 10 ** 9 }), (number) => {
      for (const type of ['integer', 'float', 'any'] as const) {
        expect(cast('integer', type, number)).toBe(number + 0)
        expect(cast('decimal', type, `${number}.0`)).toBe(number + 0)
        expect(cast('float', type, number)).toBe(number + 0)
      }
      expect(cast('text', 'integer', `${number}`)).toBe(number + 0)
      expect(cast('text', 'float', `${number}`)).toBe(number + 0)
    }),
  )
})
