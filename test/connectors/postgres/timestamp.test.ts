import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isoAt, unixSecondsAt } from '../../../connectors/postgres/timestamp.ts'
import { unixSeconds } from '../../../src/plan/cast-date.ts'

/** Microseconds from the Unix epoch to that of Postgres. */
const epoch = 946_684_800_000_000n

/** As the server sends it, in the middle of other bytes. */
function sent(microseconds: bigint): Buffer {
  const bytes = Buffer.alloc(12, 0xa5)
  bytes.writeBigInt64BE(microseconds, 2)
  return bytes
}

/** From the beginning of the Julian days to the end of 294276, which is all that Postgres has. */
const anyTime = fc.bigInt({ min: -211_813_488_000_000_000n, max: 9_223_371_331_199_999_999n })

/** What `Date` has. */
const timeOfDate = fc.bigInt({ min: -211_813_488_000_000_000n, max: 8_639_053_315_200_000_000n })

const timeOfFourDigits = fc.bigInt({
  min: -62_135_596_800_000_000n - epoch,
  max: 253_402_300_799_999_999n - epoch,
})

describe('a binary timestamp', () => {
  it.each([
    [0n, '2000-01-01T00:00:00'],
    [-1n, '1999-12-31T23:59:59.999999'],
    [1n, '2000-01-01T00:00:00.000001'],
    [120_000n, '2000-01-01T00:00:00.12'],
    [-epoch, '1970-01-01T00:00:00'],
    [-62_135_596_800_000_000n - epoch, '0001-01-01T00:00:00'],
    [-62_135_596_800_000_001n - epoch, '0000-12-31T23:59:59.999999'],
    [-62_167_219_200_000_001n - epoch, '-000001-12-31T23:59:59.999999'],
    [253_402_300_799_999_999n - epoch, '9999-12-31T23:59:59.999999'],
    [253_402_300_800_000_000n - epoch, '+010000-01-01T00:00:00'],
    [8_640_000_000_000_000_000n - epoch, '+275760-09-13T00:00:00'],
    [8_640_000_000_000_000_001n - epoch, '+275760-09-13T00:00:00.000001'],
    [9_223_371_331_199_999_999n, '+294276-12-31T23:59:59.999999'],
    [-211_813_488_000_000_000n, '-004713-11-24T00:00:00'],
    [2n ** 63n - 1n, 'infinity'],
    [-(2n ** 63n), '-infinity'],
  ])('of %d microseconds is %s', (microseconds, iso) => {
    expect(isoAt(sent(microseconds), 2, '')).toBe(iso)
    const isInfinite = iso.endsWith('infinity')
    expect(isoAt(sent(microseconds), 2, 'Z')).toBe(isInfinite ? iso : `${iso}Z`)
  })

  it('is what `Date` says, and the microseconds', () => {
    fc.assert(
      fc.property(timeOfDate, (microseconds) => {
        const unix = microseconds + epoch
        const rest = ((unix % 1_000_000n) + 1_000_000n) % 1_000_000n
        const date = new Date(Number((unix - rest) / 1000n)).toISOString().slice(0, -5)
        const fraction = rest === 0n ? '' : `.${String(rest).padStart(6, '0')}`.replace(/0+$/, '')
        expect(isoAt(sent(microseconds), 2, '')).toBe(date + fraction)
      }),
    )
  })

  it('has seconds where its text has some', () => {
    fc.assert(
      fc.property(fc.oneof(anyTime, timeOfFourDigits), (microseconds) => {
        const bytes = sent(microseconds)
        const expected = unixSeconds(isoAt(bytes, 2, 'Z')) ?? Number.NaN
        expect(unixSecondsAt(bytes, 2)).toBe(expected)
      }),
    )
  })

  it('has no seconds at an infinity', () => {
    expect(unixSecondsAt(sent(2n ** 63n - 1n), 2)).toBeNaN()
    expect(unixSecondsAt(sent(-(2n ** 63n)), 2)).toBeNaN()
  })
})
