import type { Activation } from '../config/activation.ts'
import type { Column } from '../connector/index.ts'
import { digest, digestRoom, formatDigest } from './digest.ts'
import type { IndexBasis } from './interfaces.ts'
import { nativeId } from './key.ts'
import type { Scope } from './scope.ts'

/**
 * The version of the way from a row to its key and its fingerprint: casts, keys, lists, canonical bytes. Whoever changes
 * what comes out for any row counts on; what was kept before then decides nothing any more.
 */
const mappingVersion = 2

/** The version of the digests of keys. Whoever changes them counts on: keys of an older index are found no more. */
const keyVersion = 2

/**
 * What an index of an activation's rows depends on. Null where hashes are of no use: the source has none, or the ids
 * in the rows have to be looked at.
 */
export function indexBasis(
  activation: Activation,
  columns: readonly Column[],
  hashedAs: string | undefined,
  scope: Scope,
): IndexBasis | null {
  const { name, object, mode, identifier, key, fields, tags, companies, onRemoved } = activation
  if (hashedAs === undefined || readsIds(identifier, onRemoved)) return null
  const mapping = [mode, identifier, key, fields, tags, companies, object]
  return {
    scope: digestOf([keyVersion, name, object.name, scope.effect]),
    rows: digestOf([mappingVersion, hashedAs, columns, mapping]),
  }
}

/** Whether the target's ids in the rows are remembered: a record may have got another key while it kept its id. */
export function readsIds(
  identifier: Activation['identifier'],
  onRemoved: Activation['onRemoved'],
): boolean {
  return identifier === nativeId && onRemoved !== 'keep'
}

function digestOf(parts: readonly unknown[]): string {
  const words = digestRoom()
  digest(JSON.stringify(parts), words)
  return formatDigest(words)
}
