import type { Field } from '../../src/connector/index.ts'

/** What every custom attribute takes. Longest string: FACTS 9, "CDA string value". */
const customAttribute: Omit<Field, 'name'> = {
  type: 'any',
  description: 'A custom attribute; it has to exist in the workspace.',
  maxLength: 255,
}

/** Custom attributes, as an object's `custom`. */
export const custom = { prefix: 'custom_attributes.', field: customAttribute } as const
