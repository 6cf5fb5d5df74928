const formats = new Map<string, Intl.DateTimeFormat>()

/** The calendar day of a moment in a time zone, as a number that grows by days: 20260131. */
export function dayOf(seconds: number, timezone: string): number {
  let format = formats.get(timezone)
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-CA', {
      timeZone: timezone,
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
    })
    formats.set(timezone, format)
  }
  return Number(format.format(seconds * 1000).replaceAll('-', ''))
}
