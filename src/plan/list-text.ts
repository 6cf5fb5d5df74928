import type { List } from '../connector/index.ts'

/** Names under which a record holds lists. */
export type ListName = 'tags' | 'companies'

/** A name as it is compared: letter case does not matter in tags. */
export function comparedAs(list: ListName, name: string): string {
  return list === 'tags' ? name.toLowerCase() : name
}

/**
 * Some names as a list: without the space around them, blank ones dropped, each once, in an order that depends on
 * nothing but the names. Of several spellings of a tag the first in the order of their characters stays.
 */
export function listOf(list: ListName, names: Iterable<string>): List {
  const found: string[] = []
  let isInOrder = true
  let last = ''
  for (const untrimmed of names) {
    const name = untrimmed.trim()
    if (name === '') continue
    const compared = comparedAs(list, name)
    isInOrder &&= found.length === 0 || last < compared
    last = compared
    found.push(name)
  }
  return isInOrder ? found : inOrder(list, found)
}

function inOrder(list: ListName, names: readonly string[]): List {
  const spellings = new Map<string, string>()
  for (const name of names) {
    const compared = comparedAs(list, name)
    const other = spellings.get(compared)
    if (other === undefined || name < other) spellings.set(compared, name)
  }
  return [...spellings].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, name]) => name)
}

/** Whether two lists hold the same things, whatever their order. */
export function isSameList(list: ListName, one: List, other: List): boolean {
  const names = new Set(one.map((name) => comparedAs(list, name)))
  const others = new Set(other.map((name) => comparedAs(list, name)))
  return names.size === others.size && [...names].every((name) => others.has(name))
}
