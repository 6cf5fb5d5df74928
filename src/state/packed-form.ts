import type { Operation } from '../connector/index.ts'

/** In the first byte of an operation, beside the place of its kind among `operationKinds`. */
export const flag = {
  /** Its key is a value of its record. */
  keyInRecord: 0x08,
  /** Its fingerprint is a digest and the signature that was named last. */
  digest: 0x10,
  id: 0x20,
  /** What is held has fields that the record may have too. */
  held: 0x40,
  more: 0x80,
} as const
export const kindBits = 0x07

/** In the place of an operation: names of fields, and a signature, for those behind it. */
export const naming = 0x07

/** What most operations have in common, and what is therefore left out of them. */
export const usual = { removal: false, unansweredSince: null, archivedByUs: false } as const

/** What an operation has beyond that; `changed` and `held` only where they do not follow from the record. */
export type More = {
  -readonly [Name in
    | keyof typeof usual
    | 'again'
    | 'unansweredRequest'
    | 'changed'
    | 'held']?: Operation[Name]
}
