import type { Column, ColumnType } from '../../src/connector/index.ts'
import type { Attribute, AttributeType } from './attribute-list.ts'

const times: readonly ColumnType[] = ['date', 'timestamp', 'timestamptz']

/** Columns of which no value can ever be one of the attribute's; what text and numbers hold is seen row by row. */
const neverFit: Readonly<Record<AttributeType, readonly ColumnType[]>> = {
  string: times,
  options: times,
  integer: ['boolean', ...times],
  float: ['boolean', ...times],
  boolean: times,
  date: ['boolean'],
}

/** What each type holds, for messages. */
export const typeNames: Readonly<Record<AttributeType, string>> = {
  string: 'text',
  options: 'one of a list of options',
  integer: 'whole numbers',
  float: 'numbers',
  boolean: 'true or false',
  date: 'dates',
}

/** Whether a column can hold values of the attribute. A constant (null) is seen when it is sent. */
export function mayFit(attribute: Attribute, column: Column | null): boolean {
  if (attribute.type === null || column === null) return true
  return !neverFit[attribute.type].includes(column.type)
}

/** The type of attribute that a column's values are kept in; null for columns that no attribute takes. */
export function typeFor(column: Column): Exclude<AttributeType, 'options'> | null {
  switch (column.type) {
    case 'integer':
      return 'integer'
    case 'decimal':
    case 'float':
      return 'float'
    case 'boolean':
      return 'boolean'
    case 'date':
    case 'timestamp':
    case 'timestamptz':
      return 'date'
    case 'text':
    case 'json':
      return 'string'
    case 'array':
    case 'bytes':
      return null
  }
}
