import { didYouMean } from '../config/suggest.ts'
import type { Column } from '../connector/index.ts'

/** A column with its place in a row. */
export interface PlacedColumn {
  readonly column: Column
  readonly position: number
}

/** The column of this name; a message where the query returns none, or several. */
export function findColumn(columns: readonly Column[], name: string): PlacedColumn | string {
  const position = columns.findIndex((column) => column.name === name)
  const column = columns[position]
  if (column === undefined) {
    const all = columns.map((candidate) => candidate.name)
    return `The query returns no column "${name}"${didYouMean(name, all) || '.'}`
  }
  if (columns.findLastIndex((candidate) => candidate.name === name) !== position) {
    return `The query returns several columns "${name}"; give each a name of its own with "as".`
  }
  return { column, position }
}
