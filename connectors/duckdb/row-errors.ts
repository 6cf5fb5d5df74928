/** How DuckDB's messages begin that need more words than their type has, and those words. */
const known: readonly (readonly [start: RegExp, words: string])[] = [
  [/^Malformed JSON/, 'text is not JSON'],
  [/^Could not parse string/, 'text does not follow the format that it is read with'],
  [/^Unknown TimeZone/, 'there is no such time zone'],
  [/^extract specifier/, 'there is no such part of a date'],
  [/^JSON path error/, 'a JSON path is not well-formed'],
  [/^Overflow in addition/, 'overflow in an addition'],
  [/^Overflow in subtraction/, 'overflow in a subtraction'],
  [/^Overflow in multiplication/, 'overflow in a multiplication'],
  [/^More than one row returned by a subquery/, 'a subquery that stands for one value has several'],
  [/^Map keys must be unique/, 'keys of a map are not unique'],
]

const words: Readonly<Record<string, string>> = {
  Conversion: 'a value cannot be converted',
  'Out of Range': 'a value is out of range',
  'Invalid Input': 'a function does not take a value that it was given',
  'Not implemented': 'a function does not know a value that it was given',
}

/** What DuckDB calls types in its errors. */
const types = [
  'U?INT(?:8|16|32|64|128)',
  'U?(?:TINY|SMALL|BIG|HUGE)?INT(?:EGER)?',
  'BOOL(?:EAN)?',
  'FLOAT|DOUBLE|DATE|TIME|TIMESTAMP|TIMESTAMPTZ|INTERVAL|UUID',
  String.raw`DECIMAL\(\d+,\d+\)`,
].join('|')

const target = new RegExp(
  String.raw`\bto (?:the destination type )?'?((?:${types})(?:\[\])*)(?![\w(\[])`,
)

/**
 * An error that broke out while the query ran, in words of our own: what DuckDB says of it may hold values of rows
 * in any place. Of names only those are taken over that occur in `sayable`: the query's text, its columns' names.
 */
export function rowError(
  exceptionType: string,
  message: string,
  sayable: readonly string[],
): string {
  const fact =
    known.find(([start]) => start.test(message))?.[1] ??
    words[exceptionType] ??
    'the query cannot be carried out'
  const to = exceptionType === 'Conversion' ? targetOf(message) : ''
  const named = /^[\w ]{1,30}$/.test(exceptionType) ? `${exceptionType} Error` : 'error'
  return `DuckDB: ${named}: ${fact}${to}${placeOf(message, sayable)}. What DuckDB says beyond that is left out, since it may hold values of rows.${cure(exceptionType)}`
}

function targetOf(message: string): string {
  const type = target.exec(message)?.[1]
  return type === undefined ? '' : ` to ${type}`
}

/** The line of a file, and the column where its name is not a row's. */
function placeOf(message: string, sayable: readonly string[]): string {
  const line =
    /^(?:CSV Error on Line:|Malformed JSON in file ".*", at byte \d+ in line) (\d+)/.exec(
      message,
    )?.[1]
  const column =
    /when casting from source column (.+)$/.exec(message)?.[1] ??
    /^Error when converting column "(.+?)"\./m.exec(message)?.[1]
  const parts = [
    ...(line === undefined ? [] : [`line ${line} of the file`]),
    ...(column === undefined || !sayable.some((text) => names(text, column))
      ? []
      : [`column "${column}"`]),
  ]
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`
}

/** Whether a name stands in a text as a word of its own. */
function names(text: string, name: string): boolean {
  const literal = name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  return new RegExp(`(?<![\\p{L}\\p{N}_])${literal}(?![\\p{L}\\p{N}_])`, 'iu').test(text)
}

function cure(exceptionType: string): string {
  return exceptionType === 'Conversion'
    ? ' Rows with such values are those where try_cast(... as ...) is null and the value is not.'
    : ''
}
