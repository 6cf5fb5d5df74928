import type { Column, Value } from '../connector/index.ts'
import { castToName, cleanText } from './cast-text.ts'
import type { ListName } from './list-text.ts'
import { isRefusal, type Refusal } from './refusal.ts'

/** Reads the names that a column holds; never called with NULL. */
export type ListCast = (value: Exclude<Value, null>) => readonly string[] | Refusal

const notAList: Refusal = {
  reason: 'holds JSON that is no array of texts',
  hint: 'Make it an array of texts in the query, or text with the separator between the names.',
}

/**
 * How the names in a column are read: arrays by element, JSON documents as arrays of texts, text as a JSON array where
 * it begins like JSON and else split at `separator`. NULLs among the names are dropped. Returns a message that
 * continues "cannot become a list of ...: " where the column's type cannot hold names.
 */
export function compileListCast(
  list: ListName,
  column: Pick<Column, 'type' | 'element'>,
  separator: string,
): ListCast | string {
  switch (column.type) {
    case 'array':
      return castArray(list, column)
    case 'json':
      return (value) => namesInJson(value as string)
    case 'text':
      return (value) => namesInText(value as string, separator)
    case 'integer':
    case 'decimal':
      return list === 'companies'
        ? castOne(column)
        : 'a number is no name; turn it into text in the query'
    default:
      return 'it takes an array, a JSON array of texts, or text with a separator'
  }
}

/** One name per row: a `company_id` that is a number. */
function castOne(column: Pick<Column, 'type' | 'element'>): ListCast | string {
  const cast = castToName(column)
  if (typeof cast === 'string') return cast
  return (value) => {
    const name = cast(value)
    return isRefusal(name) ? name : [String(name)]
  }
}

const elements: readonly unknown[] = ['text', 'integer', 'decimal']

function castArray(
  list: ListName,
  { element = 'text' }: Pick<Column, 'element'>,
): ListCast | string {
  const isText = element === 'text'
  if (!elements.includes(element) || (list === 'tags' && !isText)) {
    return `its elements are no ${list === 'tags' ? 'names' : 'company ids'}; make it an array of texts in the query`
  }
  const cast = castToName({ type: element })
  if (typeof cast === 'string') return cast
  return (values) => {
    const names: string[] = []
    for (const value of values as readonly Value[]) {
      if (value === null) continue
      // An array of arrays has the element type of its innermost arrays.
      const name = Array.isArray(value) ? notAList : cast(value)
      if (isRefusal(name)) return name
      names.push(String(name))
    }
    return names
  }
}

function namesInText(text: string, separator: string): readonly string[] | Refusal {
  // What begins like JSON and is none was cut off or is another notation: its pieces are nobody's names.
  if (/^\s*[[{]/.test(text)) return namesInJson(text)
  const clean = cleanText(text)
  return isRefusal(clean) ? clean : clean.split(separator)
}

function namesInJson(text: string): readonly string[] | Refusal {
  let document: unknown
  try {
    document = JSON.parse(text)
  } catch {
    return notAList
  }
  if (document === null) return []
  if (!Array.isArray(document)) return notAList
  const names: string[] = []
  for (const name of document) {
    if (name === null) continue
    if (typeof name !== 'string') return notAList
    const clean = cleanText(name)
    if (isRefusal(clean)) return clean
    names.push(clean)
  }
  return names
}
