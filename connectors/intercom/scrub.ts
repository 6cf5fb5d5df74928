import type { TargetRecord } from '../../src/connector/index.ts'
import { errorWords } from './words.ts'

/** A word with what belongs to it, such as `can't`, `external_id` or `custom_attributes.plan`. */
const word = /[^\s"“”<>(){}[\],;:!?=*#`|/\\]+/gu

/** What may stand around a word and is no part of it. */
const edges = /^['‘’.\-–…]+|['‘’.\-–…]+$/gu

/** Words hidden one after the other. */
const hiddenRun = /…(?:\s+…)+/gu

/**
 * Intercom's text with nothing but words that are known to be its own, and the names of the record's fields. It may echo
 * any value: of the row, of another one of the same request, of a contact that is in the way. None of them is known
 * here, so that everything else is left out.
 */
export function scrub(message: string, record: TargetRecord): string {
  const fields = Object.keys(record).flatMap((name) => [name, name.slice(name.indexOf('.') + 1)])
  const known = new Set(fields.map((name) => name.toLowerCase()))
  const shown = message.replace(word, (found) => {
    const bare = found.replace(edges, '')
    const plain = bare.toLowerCase().replace('’', "'")
    if (bare === '' || errorWords.has(plain) || known.has(plain)) return found
    return found.replace(bare, '…')
  })
  return shown.replace(hiddenRun, '…')
}
