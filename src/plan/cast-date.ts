import type { ColumnType } from '../connector/index.ts'
import type { Cast, Refusal } from './refusal.ts'

const infinite: Refusal = {
  reason: 'holds an infinity',
  hint: 'Turn it into NULL in the query.',
}
const outOfRange: Refusal = { reason: 'holds a date outside the years 0001 to 9999' }
const notADate: Refusal = {
  reason: 'holds text that is not a date in ISO 8601',
  hint: 'Understood are 2024-02-29 and 2024-02-29T13:45:00, with or without an offset such as Z or +01:00.',
}
const notSeconds: Refusal = {
  reason: 'holds a number that is too large for unix seconds',
  hint: 'It looks like milliseconds or microseconds: divide it in the query.',
}

/** Seconds from here on lie beyond the year 5138; in milliseconds they are the years since 1973. */
const implausible = 1e11

/** The cast to unix seconds for a column's type; a message where there is none. */
export function castToDate(type: ColumnType): Cast | string {
  switch (type) {
    case 'date':
    case 'timestamp':
    case 'timestamptz':
      return (value) => {
        const text = value as string
        return unixSeconds(text) ?? (text.endsWith('infinity') ? infinite : outOfRange)
      }
    case 'integer':
    case 'decimal':
    case 'float':
      return (value) => {
        const seconds = Math.floor(Number(value))
        if (Math.abs(seconds) < implausible) return seconds + 0
        return Number.isFinite(seconds) ? notSeconds : infinite
      }
    case 'text':
      return (value) => unixSeconds((value as string).trim()) ?? notADate
    default:
      return 'it is not a date; pick or cast one in the query'
  }
}

/**
 * Seconds since 1970-01-01T00:00:00Z of a date or time in ISO 8601; null where the text is no such thing. Without a zone
 * it is taken as UTC, and fractions of seconds are dropped.
 */
export function unixSeconds(text: string): number | null {
  const year = digits(text, 0, 4)
  const month = digits(text, 5, 2)
  const day = digits(text, 8, 2)
  if (year < 1 || month < 1 || month > 12 || day < 1) return null
  if (text.charCodeAt(4) !== dash || text.charCodeAt(7) !== dash) return null
  if (day > 28 && day > daysInMonth(year, month)) return null
  const midnight = daysSinceEpoch(year, month, day) * 86_400
  if (text.length === 10) return midnight
  const separator = text.charCodeAt(10)
  if (separator !== upperT && separator !== lowerT && separator !== space) return null
  const time = secondsOfDay(text)
  return time === null ? null : midnight + time
}

/** Seconds since midnight UTC of what stands behind the date: `HH:MM[:SS[.ffffff]]` and perhaps an offset. */
function secondsOfDay(text: string): number | null {
  const hour = digits(text, 11, 2)
  const minute = digits(text, 14, 2)
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59) return null
  if (text.charCodeAt(13) !== colon) return null
  const withoutSeconds = hour * 3600 + minute * 60
  let end = 16
  let second = 0
  if (text.charCodeAt(end) === colon) {
    second = digits(text, 17, 2)
    if (second < 0 || second > 59) return null
    end = 19
    if (text.charCodeAt(end) === point) {
      end += 1
      while (isDigit(text.charCodeAt(end))) end += 1
      if (end === 20) return null
    }
  }
  const east = secondsEast(text, end)
  return east === null ? null : withoutSeconds + second - east
}

const zone = /^ ?(?:z|([+-])(\d{2})(?::?(\d{2}))?)$/i

/** The offset that stands at the end of a time; 0 where there is none, null where something else stands there. */
function secondsEast(text: string, start: number): number | null {
  if (start === text.length) return 0
  if (start === text.length - 1 && text.charCodeAt(start) === upperZ) return 0
  const offset = zone.exec(text.slice(start))
  if (offset === null) return null
  const [, sign, hours = '0', minutes = '0'] = offset
  if (Number(hours) > 15 || Number(minutes) > 59) return null
  const seconds = Number(hours) * 3600 + Number(minutes) * 60
  return sign === '-' ? -seconds : seconds
}

const dash = 45
const point = 46
const colon = 58
const lowerT = 116
const upperT = 84
const upperZ = 90
const space = 32

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57
}

/** The number that `count` digits from `start` write; -1 where one of them is not a digit. */
function digits(text: string, start: number, count: number): number {
  let number = 0
  for (let at = start; at < start + count; at += 1) {
    const code = text.charCodeAt(at)
    if (!isDigit(code)) return -1
    number = number * 10 + code - 48
  }
  return number
}

function daysInMonth(year: number, month: number): number {
  if (month !== 2) return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28
}

/** Days from 1970-01-01 in the proleptic Gregorian calendar. Years begin in March here, so that leap days come last. */
function daysSinceEpoch(year: number, month: number, day: number): number {
  const y = month > 2 ? year : year - 1
  const marchBased = month > 2 ? month - 3 : month + 9
  const dayOfYear = Math.floor((153 * marchBased + 2) / 5) + day - 1
  return (
    y * 365 + Math.floor(y / 4) - Math.floor(y / 100) + Math.floor(y / 400) + dayOfYear - 719_468
  )
}
