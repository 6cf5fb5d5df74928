import pg from 'pg'
import type { Value } from '../../src/connector/index.ts'

type Decode = (text: string) => Value

/** How arrays are read that the server writes as `{a,"b c",NULL}`; `decode` reads their elements. */
export function arrayDecoder(decode: Decode): Decode {
  // pg's types promise a plain function, its code has `create`.
  const arrays = pg.types.arrayParser as unknown as {
    create(text: string, decode: Decode): { parse(): Value }
  }
  return (text) => flatElements(text, decode) ?? arrays.create(text, decode).parse()
}

/** The elements of an array of one dimension in which nothing is escaped; null for any other one. */
function flatElements(text: string, decode: Decode): Value[] | null {
  const last = text.length - 1
  if (text[0] !== '{' || text.includes('\\')) return null
  const elements: Value[] = []
  for (let start = 1; start < last; ) {
    let end = 0
    if (text[start] === '"') {
      end = text.indexOf('"', start + 1)
      elements.push(decode(text.slice(start + 1, end)))
      end += 1
    } else {
      if (text[start] === '{') return null
      end = text.indexOf(',', start)
      if (end < 0) end = last
      const element = text.slice(start, end)
      elements.push(element === 'NULL' ? null : decode(element))
    }
    start = end + 1
  }
  return elements
}
