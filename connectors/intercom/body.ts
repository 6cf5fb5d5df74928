import type { List, Scalar, TargetRecord } from '../../src/connector/index.ts'

export const customPrefix = 'custom_attributes.'

const notInBodies = new Set(['id', 'tags', 'companies'])

/** A request body for a contact or a company. */
export type Body = Readonly<Record<string, unknown>>

/** What has to be known of a workspace to write bodies. */
export interface BodyOptions {
  /** Before 2.16 `owner_id` is a number (FACTS 1.3). */
  readonly numericOwner: boolean
}

/**
 * The body that makes Intercom hold a record: `custom_attributes.plan` becomes a property of the object
 * `custom_attributes`. The id stands in the path of a request, and lists have requests of their own. Null clears (FACTS 4.3), except `external_id: null`, which Intercom ignores, and is left out.
 */
export function bodyOf(record: TargetRecord, options: BodyOptions): Body {
  const fields: [string, unknown][] = []
  const attributes: [string, Scalar | List][] = []
  for (const [field, value] of Object.entries(record)) {
    if (notInBodies.has(field)) continue
    if (field.startsWith(customPrefix)) {
      const name = field.slice(customPrefix.length)
      attributes.push([name, value])
    } else if (field === 'owner_id' && options.numericOwner && value !== null) {
      fields.push([field, Number(value)])
    } else if (!(field === 'external_id' && value === null)) {
      fields.push([field, value])
    }
  }
  if (attributes.length > 0) fields.push(['custom_attributes', Object.fromEntries(attributes)])
  return Object.fromEntries(fields)
}
