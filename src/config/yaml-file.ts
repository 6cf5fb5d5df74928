import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  parseDocument,
  type Scalar,
  type YAMLMap,
} from 'yaml'
import type { Position, Problem } from '../connector/index.ts'
import { Lines } from './lines.ts'
import type { Path, Places } from './places.ts'
import { type ScalarStyle, scalarOffsets } from './scalar-offsets.ts'
import { mask, maskedAlready, unmask } from './variables.ts'
import { complaint, strangeKeys, strayAliases, tooDeep } from './yaml-faults.ts'

/** A YAML file as data, and where each part of it stands. */
export interface YamlFile extends Places {
  /** What the file says, variables not yet replaced. */
  readonly data: unknown
}

const scalarStyles: Readonly<Record<string, ScalarStyle>> = {
  BLOCK_LITERAL: 'block',
  BLOCK_FOLDED: 'block',
  QUOTE_DOUBLE: 'double',
  QUOTE_SINGLE: 'single',
}

interface Found {
  readonly key: Node | null
  readonly value: Node | null
}

class ParsedYaml implements YamlFile {
  readonly data: unknown
  readonly #file: string
  readonly #text: string
  readonly #lines: Lines
  readonly #document: Document
  /** Of the mappings that were looked into. */
  readonly #pairs = new Map<YAMLMap, ReadonlyMap<string, Found>>()

  constructor(file: string, text: string, lines: Lines, document: Document, data: unknown) {
    this.#file = file
    this.#text = text
    this.#lines = lines
    this.#document = document
    this.data = data
  }

  has(path: Path): boolean {
    return this.#find(path).depth === path.length
  }

  value(path: Path): Position {
    const { key, value } = this.#find(path).found
    const written = isAlias(value) || (isScalar(value) && value.range?.[0] !== value.range?.[1])
    const place = written ? value : (key ?? value)
    return path.length === 0 ? this.#at(0) : this.#at(place?.range?.[0] ?? 0)
  }

  key(path: Path): Position {
    const { key, value } = this.#find(path).found
    return this.#at((key ?? value)?.range?.[0] ?? 0)
  }

  inText(path: Path, offset: number): Position {
    const { value } = this.#find(path).found
    const node = this.#target(value)
    if (!isScalar(node) || typeof node.value !== 'string') return this.value(path)
    const { start, written, style } = this.#writtenForm(node)
    const offsets = scalarOffsets(written, unmask(node.value), style)
    return this.#at(start + (offsets[Math.max(0, Math.min(offset, offsets.length - 1))] ?? 0))
  }

  #at(offset: number): Position {
    return { file: this.#file, ...this.#lines.position(offset) }
  }

  #target(node: Node | null): Node | null {
    return isAlias(node) ? (node.resolve(this.#document) ?? null) : node
  }

  /** The node at a path; the deepest one that there is, where the file stops short of it. */
  #find(path: Path): { readonly found: Found; readonly depth: number } {
    let found: Found = { key: null, value: this.#document.contents as Node | null }
    let depth = 0
    for (const step of path) {
      const inside = this.#childOf(this.#target(found.value), step)
      if (inside === null) break
      found = inside
      depth++
    }
    return { found, depth }
  }

  #childOf(parent: Node | null, step: string | number): Found | null {
    if (isMap<Node, Node | null>(parent)) return this.#pairsOf(parent).get(String(step)) ?? null
    const item = isSeq<Node>(parent) ? parent.items[Number(step)] : undefined
    return item === undefined ? null : { key: item, value: item }
  }

  #pairsOf(map: YAMLMap<Node, Node | null>): ReadonlyMap<string, Found> {
    const known = this.#pairs.get(map)
    if (known !== undefined) return known
    const pairs = new Map<string, Found>()
    for (const { key, value } of map.items) {
      if (isScalar(key)) pairs.set(unmask(String(key.value)), { key, value })
    }
    this.#pairs.set(map, pairs)
    return pairs
  }

  #writtenForm(node: Scalar) {
    const [from, to] = node.range ?? [0, 0]
    const style = scalarStyles[node.type ?? ''] ?? 'plain'
    const inset = style === 'double' || style === 'single' ? 1 : 0
    const start = style === 'block' ? this.#text.indexOf('\n', from) + 1 : from + inset
    return { start, written: this.#text.slice(start, to - inset), style }
  }
}

function plainData(data: unknown): unknown {
  if (typeof data === 'string') return unmask(data)
  if (Array.isArray(data)) return data.map(plainData)
  if (typeof data === 'object' && data !== null) {
    return Object.fromEntries(
      Object.entries(data).map(([key, value]) => [unmask(key), plainData(value)]),
    )
  }
  return data
}

/**
 * Parses the text of a YAML file. Null where it is not a YAML mapping: `problems` then says why. Of the mistakes
 * that make a text no YAML only the first is told, since the others tend to follow from it.
 */
export function parseYaml(file: string, text: string, problems: Problem[]): YamlFile | null {
  const lines = new Lines(text)
  const problem = (offset: number, message: string): null => {
    problems.push({ message, position: { file, ...lines.position(offset) } })
    return null
  }
  const reserved = maskedAlready(text)
  if (reserved !== -1) return problem(reserved, 'this character is not allowed in text; remove it')
  try {
    const document = parseDocument(mask(text), { prettyErrors: false })
    const twice = document.errors.filter((error) => error.code === 'DUPLICATE_KEY')
    const broken = document.errors.find((error) => error.code !== 'DUPLICATE_KEY')
    const first = broken ?? document.warnings[0]
    if (first?.message.includes('call stack')) return problem(0, tooDeep)
    if (first !== undefined) return problem(first.pos[0], complaint(first, text))
    for (const error of twice) problem(error.pos[0], complaint(error, text))
    if (twice.length > 0) return null
    const contents = document.contents as Node | null
    if (contents === null || (isScalar(contents) && contents.value === null)) {
      return problem(0, 'the file is empty')
    }
    if (!isMap(contents)) {
      const what = isSeq(contents) ? 'a list' : 'a single value'
      return problem(
        contents.range?.[0] ?? 0,
        `the file holds ${what}, not keys with values such as "name: people"`,
      )
    }
    const strange = strangeKeys(document)
    for (const offset of strange) problem(offset, 'a key must be a name')
    const stray = strayAliases(document)
    for (const { offset, name } of stray) {
      problem(
        offset,
        `nothing above is marked "&${name}"; write text that starts with "*" in quotes`,
      )
    }
    if (strange.length > 0 || stray.length > 0) return null
    return new ParsedYaml(file, text, lines, document, plainData(document.toJS()))
  } catch (error) {
    if (error instanceof ReferenceError) {
      return problem(0, 'too many YAML aliases (*name); write out what they stand for')
    }
    if (error instanceof RangeError) return problem(0, tooDeep)
    throw error
  }
}
