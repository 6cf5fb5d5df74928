import type { Failure, TargetRecord } from '../../src/connector/index.ts'

/** What single fields take beyond their type, and which values they do not. */
const rules: readonly {
  readonly field: string
  readonly fits: (value: string) => boolean
  readonly reason: string
  readonly hint: string
}[] = [
  {
    field: 'owner_id',
    fits: (value) => /^\d{1,18}$/.test(value),
    reason: 'it is not a number',
    hint: 'owner_id is the Intercom id of a teammate, digits only; GET /admins lists them.',
  },
  {
    field: 'avatar',
    fits: (value) => /^https?:\/\/\S+$/i.test(value) && URL.canParse(value),
    reason: 'it is not the http or https URL of a picture',
    hint: 'Send the whole URL, or NULL to clear the picture.',
  },
]

/** The first value that Intercom could not take, so that no request is spent on it; null where all fit. */
export function wrongValue(record: TargetRecord): Failure | null {
  for (const { field, fits, reason, hint } of rules) {
    const value = record[field]
    if (typeof value !== 'string' || fits(value)) continue
    return { code: 'invalid_value', field, message: `${field} cannot be sent: ${reason}.`, hint }
  }
  return null
}
