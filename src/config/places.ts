import type { Position } from '../connector/index.ts'

/** Keys and list indexes from the top of a file to a part of it. */
export type Path = readonly (string | number)[]

/** Where the parts of a configuration stand. Where a path leads nowhere, the deepest part on the way to it counts. */
export interface Places {
  has(path: Path): boolean
  /** Where a text, number or the like starts; for a mapping or list the key that it belongs to. */
  value(path: Path): Position
  key(path: Path): Position
  /** Where a character of a text stands, counted from 0 in the text after YAML was read. */
  inText(path: Path, offset: number): Position
}

/** A name for a path in sets. */
export function pathName(path: readonly PropertyKey[]): string {
  return JSON.stringify(path.map(String))
}
