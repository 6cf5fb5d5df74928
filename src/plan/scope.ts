import type { Mode } from '../connector/index.ts'
import { digestLength, digestRoom, formatDigest, lastingDigest } from './digest.ts'

/** What a mode leaves behind in the target. */
export type Effect = 'held' | 'deleted' | 'archived'

/** Where a snapshot's entry comes from: an effect on the same object, or another object altogether. */
export type Origin = Effect | 'foreign'

const effects: readonly Effect[] = ['held', 'deleted', 'archived']
const suffixLength = 4

/**
 * What a fingerprint is of, beside its record: the object and the effect. They stand behind the digest as four
 * characters, so that after a change of mode or object nothing that was confirmed before is taken for done.
 */
export class Scope {
  readonly effect: Effect
  /** What stands behind the digest. */
  readonly signature: string
  readonly #origins: ReadonlyMap<string, Effect>

  /** `object`: its name. */
  constructor(object: string, mode: Mode) {
    this.effect = mode === 'delete' ? 'deleted' : mode === 'archive' ? 'archived' : 'held'
    this.signature = suffixOf(object, this.effect)
    this.#origins = new Map(effects.map((effect) => [suffixOf(object, effect), effect]))
  }

  /** A fingerprint as the snapshot keeps it. */
  sign(digest: string): string {
    return digest + this.signature
  }

  /** The origin of an entry by its fingerprint; without one, or in a form that is not known, nothing speaks against it. */
  originOf(fingerprint: string | null): Origin {
    if (fingerprint === null || fingerprint.length !== digestLength + suffixLength) {
      return this.effect
    }
    return this.#origins.get(fingerprint.slice(digestLength)) ?? 'foreign'
  }

  /** The digest in a fingerprint; null where it is of another effect or object, or in a form that is not known. */
  digestIn(fingerprint: string | null): string | null {
    return fingerprint?.endsWith(this.signature) === true &&
      fingerprint.length === digestLength + suffixLength
      ? fingerprint.slice(0, digestLength)
      : null
  }
}

function suffixOf(object: string, effect: Effect): string {
  const words = digestRoom()
  lastingDigest(`${effect} ${object}`, words)
  return formatDigest(words).slice(0, suffixLength)
}
