import type { TargetRecord } from '../../src/connector/index.ts'

const address = /[^\s'"<>(),;]+@[^\s'"<>(),;]+/g

/** Shorter values are parts of too many words: hiding them would hide what is wrong, and nobody. */
const shortestHidden = 4

/**
 * Intercom's text without what it may echo of the row: the record's values, and anything like an email address.
 * The names of the record's fields stay, whatever its values are.
 */
export function scrub(message: string, record: TargetRecord): string {
  const fields = Object.keys(record).flatMap((name) => [name, name.slice(name.indexOf('.') + 1)])
  const values = Object.values(record)
    .flat()
    .filter((value) => typeof value === 'string' || typeof value === 'number')
    .map((value) => String(value).trim())
    .filter((value) => value.length >= shortestHidden)
  const addressless = message.replace(address, '…')
  const longestFirst = [...fields, ...values].sort((one, other) => other.length - one.length)
  if (longestFirst.length === 0) return addressless
  const kept = new Set(fields)
  const found = new RegExp(longestFirst.map(wholeWords).join('|'), 'giu')
  return addressless.replace(found, (text) => (kept.has(text) ? text : '…'))
}

/** What matches a text where it is not part of a longer word or number. */
function wholeWords(text: string): string {
  const before = /^[\p{L}\p{N}_]/u.test(text) ? '(?<![\\p{L}\\p{N}_])' : ''
  const after = /[\p{L}\p{N}_]$/u.test(text) ? '(?![\\p{L}\\p{N}_])' : ''
  return before + text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&') + after
}
