import type { TargetRecord } from '../connector/index.ts'
import type { PackedReader } from './packed-reader.ts'

/**
 * Reads a record that was packed as a value for each of these names, or that there is none. `known`: what fields have of
 * which it says that they are the same there.
 */
export function readRecord(
  reader: PackedReader,
  names: readonly string[],
  known: TargetRecord = {},
): TargetRecord {
  const record: Record<string, TargetRecord[string]> = {}
  // Assigned one by one: `Object.fromEntries` takes ten times as long.
  for (let index = 0; index < names.length; index += 1) {
    const name = names[index] as string
    const value = reader.value(known[name])
    if (value !== undefined) setField(record, name, value)
  }
  return record
}

function setField(
  record: Record<string, TargetRecord[string]>,
  name: string,
  value: TargetRecord[string],
): void {
  if (name !== '__proto__') record[name] = value
  else Object.defineProperty(record, name, { value, enumerable: true })
}
