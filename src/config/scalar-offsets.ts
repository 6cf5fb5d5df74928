const escapes: Readonly<Record<string, string>> = {
  '0': '\0',
  a: '\x07',
  b: '\b',
  t: '\t',
  '\t': '\t',
  n: '\n',
  v: '\v',
  f: '\f',
  r: '\r',
  e: '\x1b',
  ' ': ' ',
  '"': '"',
  '/': '/',
  '\\': '\\',
  N: '\x85',
  _: '\xa0',
  L: '\u2028',
  P: '\u2029',
}
const escapeLengths: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 }

export type ScalarStyle = 'block' | 'plain' | 'single' | 'double'

/** One piece of the written form: what it stands for, or null for space that may have been folded away. */
interface Piece {
  readonly text: string | null
  readonly length: number
}

function pieceAt(written: string, offset: number, style: ScalarStyle): Piece {
  const character = written[offset] ?? ''
  if (style === 'single' && character === "'") return { text: "'", length: 2 }
  if (style === 'double' && character === '\\') {
    const kind = written[offset + 1] ?? ''
    const digits = escapeLengths[kind]
    if (digits !== undefined) {
      const code = Number.parseInt(written.slice(offset + 2, offset + 2 + digits), 16)
      return { text: String.fromCodePoint(code), length: 2 + digits }
    }
    if (kind === '\n' || kind === '\r') return { text: '', length: kind === '\r' ? 3 : 2 }
    return { text: escapes[kind] ?? kind, length: 2 }
  }
  if (' \t\r\n'.includes(character)) return { text: null, length: 1 }
  return { text: character, length: 1 }
}

const blankLine = /^[ \t\r]*$/

/** The indentation that a block scalar loses: its first line with text tells, since YAML takes it from there. */
function indentation(written: string, value: string): number {
  const leading = (text: string) =>
    (text.split('\n').find((line) => !blankLine.test(line)) ?? '').search(/[^ ]|$/)
  return Math.max(0, leading(written) - leading(value))
}

/** How many characters of a line's start are the indentation of its block; a blank line may have fewer. */
function indentLength(written: string, lineStart: number, indent: number): number {
  const lead = written.slice(lineStart, lineStart + indent).search(/[^ ]/)
  return lead === -1 ? Math.min(indent, written.length - lineStart) : lead
}

/**
 * Where each character of a YAML scalar stands in its written form (without quotes, without the header line of a
 * block). One entry more than characters, for the end. Exact for everything but space that YAML folded.
 */
export function scalarOffsets(
  written: string,
  value: string,
  style: ScalarStyle,
): readonly number[] {
  const offsets: number[] = []
  const indent = style === 'block' ? indentation(written, value) : 0
  let at = indentLength(written, 0, indent)
  let end = at
  while (at < written.length && offsets.length < value.length) {
    const { text, length } = pieceAt(written, at, style)
    if (text === null) {
      const character = written[at]
      const next = value[offsets.length]
      if (next === character || (character === '\n' && next === ' ')) {
        offsets.push(at)
        end = at + 1
      }
      at += 1
      if (character === '\n') at += indentLength(written, at, indent)
      continue
    }
    // Space of the value that has none of its own in the written form: it was folded.
    const found = value.indexOf(text, offsets.length)
    while (offsets.length < found) offsets.push(end)
    for (let unit = 0; unit < text.length; unit++) offsets.push(at)
    at += length
    end = at
  }
  while (offsets.length <= value.length) offsets.push(end)
  return offsets
}
