import type { Scalar, Value } from '../connector/index.ts'

/** Why a value cannot be cast: made once, when the mapping is compiled, and so without any value in it. */
export interface Refusal {
  /** Continues "column NAME (TYPE) ...": `holds a number with a fraction`. */
  readonly reason: string
  readonly hint?: string
}

/** Turns a value of one column type, never null, into a value of one field type. */
export type Cast = (value: Exclude<Value, null>) => Exclude<Scalar, null> | Refusal

/** Whether a cast refused. Of all that a cast returns, only a refusal is an object and no array. */
export function isRefusal(
  result: Scalar | readonly string[] | Refusal | undefined,
): result is Refusal {
  return typeof result === 'object' && result !== null && !Array.isArray(result)
}
