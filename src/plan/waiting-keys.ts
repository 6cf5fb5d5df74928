import { createHash } from 'node:crypto'
import type { Activation } from '../config/activation.ts'
import { type DigestWords, digest, digestRoom, parseDigest } from './digest.ts'
import type { SnapshotReader } from './interfaces.ts'
import { KeyTable } from './key-table.ts'
import type { Scope } from './scope.ts'

/** The keys that a failure holds back, with what failed: some 50 bytes each. */
export class WaitingKeys {
  readonly #table = new KeyTable(0)
  readonly #scope: Scope
  readonly #keyDigest = digestRoom()
  readonly #fingerprint = digestRoom()

  private constructor(scope: Scope) {
    this.#scope = scope
  }

  /** Takes those keys that would be delivered as they were when they failed. */
  static async load(
    snapshot: SnapshotReader,
    scope: Scope,
    activation: Activation,
  ): Promise<WaitingKeys> {
    const waiting = new WaitingKeys(scope)
    const settings = settingsOf(activation)
    for await (const keys of snapshot.waiting()) {
      for (const one of keys) {
        if (one.settings === settings) waiting.#add(one.key, one.fingerprint)
      }
    }
    return waiting
  }

  get isEmpty(): boolean {
    return this.#table.size === 0
  }

  /** Whether the key waits with just this record. */
  has(key: DigestWords, fingerprint: DigestWords): boolean {
    const entry = this.#table.find(key)
    return entry >= 0 && this.#table.fingerprints.equals(entry, fingerprint)
  }

  /** The same, with a fingerprint as the snapshot keeps it. */
  hasSigned(key: string, fingerprint: string): boolean {
    const text = this.#scope.digestIn(fingerprint)
    if (text === null || !parseDigest(text, this.#fingerprint)) return false
    digest(key, this.#keyDigest)
    return this.has(this.#keyDigest, this.#fingerprint)
  }

  #add(key: string, fingerprint: string): void {
    const text = this.#scope.digestIn(fingerprint)
    if (text === null || !parseDigest(text, this.#fingerprint)) return
    digest(key, this.#keyDigest)
    this.#table.fingerprints.set(this.#table.add(this.#keyDigest), this.#fingerprint)
  }
}

/**
 * Stands for what decides, beside the record, how an activation's rows are delivered (16 characters). A row that was
 * refused under other settings is worth another try.
 */
export function settingsOf(activation: Activation): string {
  const { target, mode, identifier, onRemoved, onArchived } = activation
  const { createMissingCompanies, createAttributes, adminId } = activation
  const settings = [target, mode, identifier, onRemoved, onArchived]
  const text = JSON.stringify([...settings, createMissingCompanies, createAttributes, adminId])
  return createHash('sha256').update(text).digest('hex').slice(0, 16)
}
