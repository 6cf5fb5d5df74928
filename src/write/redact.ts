import type { Failure, TargetRecord } from '../connector/index.ts'

/** Shorter values are too common in ordinary words for hiding them to help anybody. */
const shortestHidden = 4

/**
 * A failure whose message holds none of the record's own values: a target may echo what it refused. What it hints at
 * is the connector's own text, where a value such as "lead" would only hide what to do.
 */
export function withoutValues(failure: Failure, record: TargetRecord): Failure {
  let { message } = failure
  for (const value of Object.values(record)) {
    for (const part of typeof value === 'object' && value !== null ? value : [value]) {
      const text = String(part)
      if (typeof part === 'boolean' || part === null) continue
      if (text.length < shortestHidden || text === failure.field) continue
      message = message.replaceAll(wholeWords(text), '***')
    }
  }
  return message === failure.message ? failure : { ...failure, message }
}

/** What matches a text where it is not part of a longer word or of a field's name. */
function wholeWords(text: string): RegExp {
  const literal = text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  const before = /^[\p{L}\p{N}_]/u.test(text) ? '(?<![\\p{L}\\p{N}_.])' : ''
  const after = /[\p{L}\p{N}_]$/u.test(text) ? '(?![\\p{L}\\p{N}_])' : ''
  return new RegExp(before + literal + after, 'gu')
}
