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
  const compared: string[] = []
  for (const untrimmed of names) {
    const name = untrimmed.trim()
    if (name !== '') insert(found, compared, name, comparedAs(list, name))
  }
  return found
}

/** Puts a name in its place, `compared` being what the names in `found` are compared as. */
function insert(found: string[], compared: string[], name: string, as: string): void {
  let start = 0
  let end = found.length
  while (start < end) {
    const middle = (start + end) >>> 1
    if ((compared[middle] as string) < as) start = middle + 1
    else end = middle
  }
  if (start === found.length) {
    found.push(name)
    compared.push(as)
  } else if (compared[start] !== as) {
    found.splice(start, 0, name)
    compared.splice(start, 0, as)
  } else if (name < (found[start] as string)) found[start] = name
}

/** Whether two lists hold the same things, whatever their order. */
export function isSameList(list: ListName, one: List, other: List): boolean {
  if (one.length === other.length && one.every((name, index) => name === other[index])) return true
  const names = new Set(one.map((name) => comparedAs(list, name)))
  const others = new Set(other.map((name) => comparedAs(list, name)))
  return names.size === others.size && [...names].every((name) => others.has(name))
}
