import { wordAt } from './frame.ts'

// In binary a timestamp is an integer of eight bytes: microseconds since 2000-01-01, in UTC. `timestamp_send`:
// https://github.com/postgres/postgres/blob/REL_15_STABLE/src/backend/utils/adt/timestamp.c
// 2^32 of them are 4,294 seconds and 967,296 microseconds, by which all is counted: a number has no room for the integer.
const secondsPerHighWord = 4294
const microsecondsPerHighWord = 967_296
const microsecondsPerSecond = 1_000_000

/** 2000-01-01 in Unix seconds. */
const epoch = 946_684_800

const year1 = -62_135_596_800
const year10000 = 253_402_300_800

/** The last second that a `Date` can have. */
const lastOfDate = 8_640_000_000_000

// The calendar repeats itself every 400 years.
const yearsPerCycle = 400
const secondsPerCycle = 12_622_780_800

const highest = 0x7fffffff
const lowest = -0x80000000

/** Microseconds of a binary timestamp, beyond the seconds that its first word says. */
function microsecondsAt(bytes: Buffer, at: number): number {
  return wordAt(bytes, at) * microsecondsPerHighWord + (wordAt(bytes, at + 4) >>> 0)
}

function secondsAt(bytes: Buffer, at: number): number {
  const carried = Math.floor(microsecondsAt(bytes, at) / microsecondsPerSecond)
  return epoch + wordAt(bytes, at) * secondsPerHighWord + carried
}

/** The Unix seconds of a binary timestamp, rounded down; NaN for the infinities, and outside the years 1 to 9999. */
export function unixSecondsAt(bytes: Buffer, at: number): number {
  const seconds = secondsAt(bytes, at)
  return seconds >= year1 && seconds < year10000 ? seconds : Number.NaN
}

/**
 * A binary timestamp in ISO 8601, without a zone: `2024-02-29T13:45:00.5`, with expanded years where they are not 0 to 9999;
 * or `infinity` or `-infinity`.
 */
export function isoAt(bytes: Buffer, at: number, zone: '' | 'Z'): string {
  const high = wordAt(bytes, at)
  if (high === highest && wordAt(bytes, at + 4) === -1) return 'infinity'
  if (high === lowest && wordAt(bytes, at + 4) === 0) return '-infinity'
  const time = isoSeconds(secondsAt(bytes, at))
  const over = microsecondsAt(bytes, at) % microsecondsPerSecond
  const rest = over < 0 ? over + microsecondsPerSecond : over
  if (rest === 0) return `${time}${zone}`
  const fraction = String(rest).padStart(6, '0').replace(/0+$/, '')
  return `${time}.${fraction}${zone}`
}

function isoSeconds(seconds: number): string {
  const cycles = Math.max(0, Math.ceil((seconds - lastOfDate) / secondsPerCycle))
  const text = new Date((seconds - cycles * secondsPerCycle) * 1000).toISOString().slice(0, -5)
  if (cycles === 0) return text
  const year = Number(text.slice(1, 7)) + cycles * yearsPerCycle
  return `+${year}${text.slice(7)}`
}
