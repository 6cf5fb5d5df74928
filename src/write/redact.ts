import type { Failure, TargetRecord } from '../connector/index.ts'

/** Shorter values are too common in ordinary words for hiding them to help anybody. */
const shortestHidden = 4

/** A failure whose message and hint hold none of the record's own values: a target may echo what it refused. */
export function withoutValues(failure: Failure, record: TargetRecord): Failure {
  let { message, hint } = failure
  for (const value of Object.values(record)) {
    for (const part of typeof value === 'object' && value !== null ? value : [value]) {
      const text = String(part)
      if (typeof part === 'boolean' || part === null || text.length < shortestHidden) continue
      message = message.replaceAll(text, '***')
      hint = hint?.replaceAll(text, '***')
    }
  }
  return message === failure.message && hint === failure.hint
    ? failure
    : { ...failure, message, hint }
}
