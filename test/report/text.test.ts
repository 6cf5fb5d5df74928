import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { pad, truncate, width, wrap } from '../../src/report/layout.ts'
import { count, countOf, duration, printable, time } from '../../src/report/text.ts'

describe('numbers and times', () => {
  it('separates thousands', () => {
    expect(count(1_234_567)).toBe('1,234,567')
    expect(countOf(1, 'row')).toBe('1 row')
    expect(countOf(0, 'row')).toBe('0 rows')
    expect(countOf(2, 'company', 'companies')).toBe('2 companies')
  })

  it.each([
    [0, '0 ms'],
    [-5, '0 ms'],
    [999, '999 ms'],
    [1000, '1.0 s'],
    [59_900, '59.9 s'],
    [59_960, '1 min 0 s'],
    [200_000, '3 min 20 s'],
    [3_599_600, '1 h 0 min'],
    [7_500_000, '2 h 5 min'],
    [273_600_000, '3 d 4 h'],
  ])('says %d milliseconds as %s', (milliseconds, text) => {
    expect(duration(milliseconds)).toBe(text)
  })

  it('gives times in UTC to the second', () => {
    expect(time(Date.UTC(2026, 10, 21, 8, 0, 5, 999))).toBe('2026-11-21 08:00:05 UTC')
  })
})

describe('printable', () => {
  it('shows control characters escaped and leaves letters alone', () => {
    expect(printable('a\u001b[31mred\u001b[0m\nb\tc\r\u0000\u009b2J')).toBe(
      'a\\u001b[31mred\\u001b[0m\\nb\\tc\\r\\u0000\\u009b2J',
    )
    expect(printable('\u202egnp.exe\u2066\u2028')).toBe('\\u202egnp.exe\\u2066\\u2028')
    expect(printable('Zoë 北京 👩‍🚀')).toBe('Zoë 北京 👩‍🚀')
  })

  it('lets nothing through that a terminal obeys', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
        expect(printable(text)).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e]/)
      }),
    )
  })
})

describe('layout', () => {
  it('counts wide characters as two columns', () => {
    expect(width('北京')).toBe(4)
    expect(pad('北京', 6)).toBe('北京  ')
    expect(truncate('北京市', 5)).toBe('北京…')
    expect(truncate('short', 5)).toBe('short')
  })

  it('wraps between words, and inside those that are too long', () => {
    expect(wrap('one two three', 7)).toEqual(['one two', 'three'])
    expect(wrap('abcdefghij', 4)).toEqual(['abcd', 'efgh', 'ij'])
  })

  it('never makes a line wider than it may be', () => {
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 2, max: 40 }), (text, columns) => {
        for (const line of wrap(printable(text), columns))
          expect(width(line)).toBeLessThanOrEqual(columns)
        expect(width(truncate(printable(text), columns))).toBeLessThanOrEqual(columns)
      }),
    )
  })
})
