// DuckDB's marks for infinity: https://github.com/duckdb/duckdb/blob/main/src/include/duckdb/common/types/timestamp.hpp
const infiniteTime = 2n ** 63n - 1n
const infiniteDay = 2 ** 31 - 1

/** `YYYY-MM-DD`; years outside 0 to 9999 as ISO 8601 expands them: `+012024-01-01`. */
export function dateText(days: number): string {
  if (days === infiniteDay) return 'infinity'
  if (days === -infiniteDay) return '-infinity'
  // Days to date in the proleptic Gregorian calendar: https://howardhinnant.github.io/date_algorithms.html#civil_from_days
  const shifted = days + 719_468
  const era = Math.floor(shifted / 146_097)
  const dayOfEra = shifted - era * 146_097
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  )
  const dayOfYear =
    dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153)
  const day = dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  return `${yearText(year)}-${pad(month)}-${pad(day)}`
}

/**
 * `YYYY-MM-DDTHH:MM:SS[.fraction]` and the zone, or `infinity` / `-infinity`.
 * `ticks` counts from the Unix epoch, in units of 10 to the minus `digits` seconds.
 */
export function timestampText(ticks: bigint, digits: 0 | 3 | 6 | 9, zone = ''): string {
  if (ticks === infiniteTime) return 'infinity'
  if (ticks === -infiniteTime) return '-infinity'
  const { seconds, fraction } = split(ticks, 10 ** digits)
  const days = Math.floor(seconds / 86_400)
  const second = seconds - days * 86_400
  const time = `${pad(Math.floor(second / 3600))}:${pad(Math.floor(second / 60) % 60)}:${pad(second % 60)}`
  const decimals =
    fraction === 0 ? '' : `.${String(fraction).padStart(digits, '0').replace(/0+$/, '')}`
  return `${dateText(days)}T${time}${decimals}${zone}`
}

/** Whole seconds, rounded down, and the ticks left over. */
function split(ticks: bigint, perSecond: number): { seconds: number; fraction: number } {
  const exact = Number(ticks)
  if (Number.isSafeInteger(exact)) {
    const seconds = Math.floor(exact / perSecond)
    return { seconds, fraction: exact - seconds * perSecond }
  }
  const divisor = BigInt(perSecond)
  const fraction = ((ticks % divisor) + divisor) % divisor
  return { seconds: Number((ticks - fraction) / divisor), fraction: Number(fraction) }
}

function pad(value: number): string {
  return value < 10 ? `0${value}` : String(value)
}

function yearText(year: number): string {
  if (year >= 0 && year <= 9999) return String(year).padStart(4, '0')
  return `${year < 0 ? '-' : '+'}${String(Math.abs(year)).padStart(6, '0')}`
}
