import { type Document, isPair, isScalar, type Node, visit, type YAMLError } from 'yaml'

/** What is told of brackets within brackets without end. */
export const tooDeep = 'the file is nested too deeply'

/** A parser's complaint in our words; what the file holds is left out, since it may be a secret. */
export function complaint(error: YAMLError, text: string): string {
  const [start, end] = error.pos
  if (error.code === 'DUPLICATE_KEY') {
    const key = /^[\w.-]+/.exec(text.slice(start, Math.max(end, start + 80)))?.[0]
    return key === undefined
      ? 'this key appears twice; keep one of them'
      : `the key "${key}" appears twice; keep one of them`
  }
  if (error.code === 'TAB_AS_INDENT') return 'a tab is no indentation in YAML; use spaces'
  if (error.code === 'MULTIPLE_DOCS') {
    return 'a file holds one YAML document; put what follows "---" into a file of its own'
  }
  const message = error.message.split('\n')[0]?.replace(/: ".*"$/, '') ?? ''
  return `this is not valid YAML: ${message}`
}

/** Aliases of anchors that the file does not have. */
export function strayAliases(document: Document): readonly { offset: number; name: string }[] {
  const found: { offset: number; name: string }[] = []
  // To resolve an alias, the library goes through all that stands before it.
  const anchors = new Set<string>()
  visit(document, {
    Value(_, { anchor }) {
      if (anchor !== undefined) anchors.add(anchor)
    },
    Alias(_, { source, range }) {
      if (!anchors.has(source)) found.push({ offset: range?.[0] ?? 0, name: source })
    },
  })
  return found
}

/** Keys that are no names: they could not be told apart from others, or would be lost. */
export function strangeKeys(document: Document): readonly number[] {
  const offsets: number[] = []
  visit(document, {
    Pair(_, pair) {
      const key = isPair(pair) ? (pair.key as Node | null) : null
      if (!isScalar(key) || key.value === null || key.value === '__proto__') {
        offsets.push(key?.range?.[0] ?? 0)
      }
    },
  })
  return offsets
}
