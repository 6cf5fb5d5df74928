import type { TargetRecord } from '../../src/connector/index.ts'

const address = /[^\s'"<>(),;]+@[^\s'"<>(),;]+/g

/** Intercom's text without what it may echo of the row: every value of the record, and anything like an email address. */
export function scrub(message: string, record: TargetRecord): string {
  const values = Object.values(record)
    .filter((value) => typeof value === 'string' || typeof value === 'number')
    .map((value) => String(value).trim())
    .filter((value) => value !== '')
    .sort((one, other) => other.length - one.length)
  const addressless = message.replace(address, '…')
  return values.reduce((text, value) => text.replace(occurrences(value), '…'), addressless)
}

/** Short values are matched as whole words, since their letters are in every text. */
function occurrences(value: string): RegExp {
  const literal = value.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  const pattern = value.length > 3 ? literal : `(?<![\\p{L}\\p{N}])${literal}(?![\\p{L}\\p{N}])`
  return new RegExp(pattern, 'giu')
}
