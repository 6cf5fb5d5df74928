import type { Activation, CompanyRule, TagRule } from '../config/activation.ts'
import type { Column, List, Problem, Value } from '../connector/index.ts'
import { castToBoolean } from './cast-number.ts'
import { findColumn } from './columns.ts'
import { compileListCast } from './list-cast.ts'
import { type ListName, listOf } from './list-text.ts'
import { isRefusal, type Refusal } from './refusal.ts'

/** A column whose value was refused. */
export interface RefusedColumn {
  readonly column: Column
  readonly refusal: Refusal
}

/** One list of an activation: how a row says what it shall hold. */
export interface CompiledList {
  readonly name: ListName
  /** The columns that it is read from. */
  readonly columns: readonly string[]
  /** Where that column stands, if it is a single one; else -1. */
  readonly position: number
  read(row: readonly Value[]): List | RefusedColumn
}

/** Adds to `names` what one rule says of a row. */
type ReadRule = (row: readonly Value[], names: string[]) => RefusedColumn | null

/** The lists that an activation keeps, compiled for the columns of its query. Adds what is wrong to `problems`. */
export function compileLists(
  activation: Activation,
  columns: readonly Column[],
  problems: Problem[],
): readonly CompiledList[] {
  const lists: CompiledList[] = []
  const { tags, companies } = activation
  const compile = <Rule>(
    name: ListName,
    rules: readonly Rule[],
    compileRule: (rule: Rule) => ReadRule | string,
    columnsOf: (rule: Rule) => readonly (string | null)[],
  ) => {
    const readers: ReadRule[] = []
    for (const [index, rule] of rules.entries()) {
      const reader = compileRule(rule)
      if (typeof reader !== 'string') readers.push(reader)
      else problems.push(activation.problemAt([name, index], reader))
    }
    const used = rules.flatMap(columnsOf).filter((column) => column !== null)
    const position = used.length === 1 ? columns.findIndex((one) => one.name === used[0]) : -1
    lists.push({ name, columns: used, position, read: readerOf(name, readers) })
  }
  if (tags !== null) {
    compile(
      'tags',
      tags,
      (rule) => compileTag(rule, columns),
      (rule) => ['name' in rule ? rule.when : rule.column],
    )
  }
  if (companies !== null) {
    compile(
      'companies',
      companies,
      (rule) => compileNames('companies', rule, '', columns),
      (rule) => [rule.column],
    )
  }
  return lists
}

function readerOf(list: ListName, readers: readonly ReadRule[]): CompiledList['read'] {
  return (row) => {
    const names: string[] = []
    for (const read of readers) {
      const refused = read(row, names)
      if (refused !== null) return refused
    }
    return listOf(list, names)
  }
}

function compileTag(rule: TagRule, columns: readonly Column[]): ReadRule | string {
  if ('column' in rule) return compileNames('tags', rule, rule.prefix, columns)
  const { name, when } = rule
  const always: ReadRule = (_, names) => {
    names.push(name)
    return null
  }
  if (when === null) return always
  const found = findColumn(columns, when)
  if (typeof found === 'string') return found
  const { column, position } = found
  const cast = castToBoolean(column.type)
  if (typeof cast === 'string') {
    return `Column "${column.name}" (${column.sourceType}) cannot decide on the tag "${name}": ${cast}.`
  }
  return (row, names) => {
    const value = row[position]
    if (value === null || value === undefined) return null
    const holds = cast(value)
    if (isRefusal(holds)) return { column, refusal: holds }
    if (holds === true) names.push(name)
    return null
  }
}

function compileNames(
  list: ListName,
  rule: CompanyRule,
  prefix: string,
  columns: readonly Column[],
): ReadRule | string {
  const found = findColumn(columns, rule.column)
  if (typeof found === 'string') return found
  const { column, position } = found
  const cast = compileListCast(list, column, rule.separator)
  if (typeof cast === 'string') {
    return `Column "${column.name}" (${column.sourceType}) cannot become a list of ${list}: ${cast}.`
  }
  return (row, names) => {
    const value = row[position]
    if (value === null || value === undefined) return null
    const read = cast(value)
    if (isRefusal(read)) return { column, refusal: read }
    for (const name of read) {
      // A prefix alone is no name.
      const trimmed = name.trim()
      if (trimmed !== '') names.push(prefix + trimmed)
    }
    return null
  }
}
