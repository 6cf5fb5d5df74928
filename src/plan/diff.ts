import type { List, Scalar, TargetRecord } from '../connector/index.ts'
import { isSameList } from './list-text.ts'

/** The names of the fields and lists in which a record differs from what the target holds. */
export function differingFields(record: TargetRecord, held: TargetRecord): readonly string[] {
  const differing: string[] = []
  for (const name in record) if (!isHeld(name, record[name], held)) differing.push(name)
  return differing
}

/** A list that was never delivered is as good as an empty one. */
function isHeld(name: string, wanted: Scalar | List | undefined, held: TargetRecord): boolean {
  if (isList(wanted)) {
    const list = Object.hasOwn(held, name) ? held[name] : undefined
    return isSameList(name === 'tags' ? 'tags' : 'companies', wanted, isList(list) ? list : [])
  }
  return Object.hasOwn(held, name) && held[name] === wanted
}

function isList(value: Scalar | List | undefined): value is List {
  return Array.isArray(value)
}
