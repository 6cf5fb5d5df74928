import type { Mode, Position, Problem, Scalar, TargetObject } from '../connector/index.ts'

/** One line of `fields:` after validation. */
export interface FieldMapping {
  /** The target's field: `email`, `custom_attributes.plan`. */
  readonly field: string
  /** Where the value comes from: a column of the query, or the same constant for every row. */
  readonly from: { readonly column: string } | { readonly value: Scalar }
  /** What a NULL means: clear the field in the target, or leave the field alone. */
  readonly onNull: 'clear' | 'skip'
}

/** One activation after validation, with every name resolved and every default filled in. */
export interface Activation {
  readonly name: string
  /** The YAML file, relative to the project folder. */
  readonly file: string
  /** The name of its source in the project file. */
  readonly source: string
  readonly query: string
  /** The name of its target in the project file. */
  readonly target: string
  /** What of the target it writes: contact, company. */
  readonly object: TargetObject
  readonly mode: Mode
  readonly identifier: string | null
  /** Columns that make the key, where the identifier's value is not the key; null for the default. */
  readonly key: readonly string[] | null
  readonly fields: readonly FieldMapping[]
  /** Names of activations that run before this one. */
  readonly after: readonly string[]
  /** Makes a problem at a place in the YAML file: `['fields', 'email', 'column']`. Without a path, the file's start. */
  problemAt(path: readonly (string | number)[], message: string): Problem
  /** The place of a character of `query` (from 0) in the file that the query stands in. */
  positionInQuery(offset: number): Position
}
