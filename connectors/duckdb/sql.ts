import { resolve } from 'node:path'

// Comments; dollar-quoted, quoted and double-quoted text; words; space; any other character.
const token =
  /--[^\n]*|\/\*.*?\*\/|\$(\w*)\$.*?\$\1\$|[eE]?'(?:[^']|'')*'|"(?:[^"]|"")*"|[\p{L}_][\p{L}\p{N}_]*|\s+|./gsu

const readers =
  /^(?:read_(?:csv|csv_auto|json\w*|ndjson\w*|parquet|text|blob|duckdb)|parquet_\w+|sniff_csv|glob)$/

const dataFile = /\.(?:csv|tsv|txt|parquet|json|jsonl|ndjson|db|duckdb)(?:\.(?:gz|zst))?$/i

const startsReading = new Set(
  'select from with values table pivot unpivot describe desc show summarize ('.split(' '),
)

interface Token {
  readonly text: string
  /** Characters from the start of the query. */
  readonly start: number
}

function significantTokens(query: string): Token[] {
  const tokens: Token[] = []
  for (const match of query.matchAll(token)) {
    const [text] = match
    if (/^(?:\s|--|\/\*)/.test(text)) continue
    tokens.push({ text, start: match.index })
  }
  return tokens
}

/** The word that a query starts with, in capitals, where it is none that a reading statement starts with; else null. */
export function writingWord(query: string): string | null {
  const first = significantTokens(query).find(({ text }) => text !== ';')
  if (first === undefined || startsReading.has(first.text.toLowerCase())) return null
  // What is no word at all is for DuckDB's parser to refuse.
  return /^\w+$/.test(first.text) && statements.has(first.text.toLowerCase())
    ? first.text.toUpperCase()
    : null
}

/** A query without the semicolons and comments after it. */
export function withoutEnd(query: string): string {
  const last = significantTokens(query).findLast(({ text }) => text !== ';')
  return last === undefined ? '' : query.slice(0, last.start + last.text.length)
}

// DuckDB makes the folder of EXPORT DATABASE while it prepares the statement, so these are told apart before.
const statements = new Set(
  'alter analyze attach begin call checkpoint comment commit copy create deallocate delete detach drop execute explain export import insert install load merge pragma prepare reset rollback set truncate update use vacuum'.split(
    ' ',
  ),
)

/** A query whose relative paths start at the project folder, and the way back to the text that the user wrote. */
export interface Located {
  readonly text: string
  /** The place in the user's text that a place in `text` stands for; both count characters from 0. */
  original(offset: number): number
}

/**
 * Makes the paths of files absolute: `from 'x.csv'` and the first argument of `read_csv` and its like.
 * DuckDB itself looks in the process's folder first, wherever that is.
 */
export function locateFiles(query: string, folder: string): Located {
  // In such a folder's name DuckDB would see a pattern.
  if (/[*?[\]]/.test(folder)) return { text: query, original: (offset) => offset }
  const edits: { readonly start: number; readonly added: number }[] = []
  let text = ''
  let copied = 0
  for (const { start, text: literal } of fileLiterals(query)) {
    const path = literal.slice(1, -1).replaceAll("''", "'")
    const absolute = `'${resolve(folder, path).replaceAll("'", "''")}'`
    text += query.slice(copied, start) + absolute
    copied = start + literal.length
    edits.push({ start, added: absolute.length - literal.length })
  }
  return {
    text: text + query.slice(copied),
    original(offset) {
      let shifted = 0
      for (const { start, added } of edits) {
        if (offset <= start + shifted) break
        shifted += added
      }
      return Math.max(0, offset - shifted)
    },
  }
}

type Bracket = 'call' | 'list' | 'other'

function fileLiterals(query: string): Token[] {
  const found: Token[] = []
  const brackets: Bracket[] = []
  let previous = ''
  for (const current of significantTokens(query)) {
    const { text } = current
    const within = brackets.at(-1)
    if ('([{'.includes(text)) brackets.push(bracketOf(text, previous, within))
    else if (')]}'.includes(text)) brackets.pop()
    else if (isRelative(text) && isPath(text, previous, within)) found.push(current)
    previous = text.toLowerCase()
  }
  return found
}

/** A `call` has a path as its first argument, a `list` has paths as its items. */
function bracketOf(text: string, previous: string, within: Bracket | undefined): Bracket {
  if (text === '(' && readers.test(previous)) return 'call'
  if (text === '[' && within === 'call' && previous === '(') return 'list'
  return 'other'
}

function isPath(literal: string, previous: string, within: Bracket | undefined): boolean {
  if (previous === 'from' || previous === 'join') return dataFile.test(literal.slice(1, -1))
  if (within === 'call') return previous === '('
  return within === 'list' && (previous === '[' || previous === ',')
}

/** Whether a token is a text literal that can be a path below a folder. */
function isRelative(literal: string): boolean {
  return /^'(?![/\\~]|[a-z][a-z0-9+.-]*:)./i.test(literal) && literal.length > 2
}
