import type { Mode, Position, Problem, Removal, Scalar, TargetObject } from '../connector/index.ts'

/** One line of `fields:` after validation. */
export interface FieldMapping {
  /** The target's field: `email`, `custom_attributes.plan`. */
  readonly field: string
  /** Where the value comes from: a column of the query, or the same constant for every row. */
  readonly from: { readonly column: string } | { readonly value: Scalar }
  /** What a NULL means: clear the field in the target, or leave the field alone. */
  readonly onNull: 'clear' | 'skip'
  /** Send it whenever it changes, or only when the record is created. */
  readonly when: 'always' | 'create'
}

/** One line of `tags:`. */
export type TagRule =
  /** This tag, for every row or for those whose boolean column is true. */
  | { readonly name: string; readonly when: string | null }
  /**
   * The tags that a column names: an array, a JSON array of strings, or text with `separator` between the names.
   * `prefix` is put before each.
   */
  | { readonly column: string; readonly prefix: string; readonly separator: string }

/** One line of `companies:`: the column that holds one `company_id`, or several as in a `TagRule`. */
export interface CompanyRule {
  readonly column: string
  readonly separator: string
}

/** A share of something, or a number of things. */
export type Amount = { readonly share: number } | { readonly count: number }

/** The limits that refuse a plan; null for one that is off. */
export interface Guards {
  readonly minRows: number | null
  readonly maxChanges: Amount | null
  readonly maxRemovals: Amount | null
  readonly maxFailures: Amount | null
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
  /** How rows and snapshot are compared: by a table of all keys in memory, or both in the order of their keys. */
  readonly planBy: 'hash' | 'merge'
  /** Null where the activation has no say in tags; an empty list takes away what millrace put there. */
  readonly tags: readonly TagRule[] | null
  readonly companies: readonly CompanyRule[] | null
  readonly createMissingCompanies: boolean
  readonly createAttributes: boolean
  readonly adminId: string | null
  readonly onRemoved: Removal
  readonly onArchived: 'fail' | 'unarchive'
  readonly guards: Guards
  /** False: the state keeps hashes, ids and keys of what was sent, and never values. */
  readonly keepValues: boolean
  /** Names of activations that run before this one. */
  readonly after: readonly string[]
  /** Makes a problem at a place in the YAML file: `['fields', 'email', 'column']`. Without a path, the file's start. */
  problemAt(path: readonly (string | number)[], message: string): Problem
  /** The place of a character of `query` (from 0) in the file that the query stands in. */
  positionInQuery(offset: number): Position
}
