import type { Outcome } from '../connector/index.ts'
import { compareKeyAt, compareKeys, type EntryBlock, entryFlag } from './entry-block.ts'
import type { EntryOutput } from './entry-output.ts'
import { mostDoubtful } from './index-draft.ts'
import type { PlanDraft, SnapshotReader } from './interfaces.ts'
import type { KnownEntries } from './known-entries.ts'
import { isOurs } from './known-keys.ts'
import type { EntryWriter } from './merge-interfaces.ts'
import type { Scope } from './scope.ts'

const keysPerLookUp = 500

export interface MergeDraftOptions {
  readonly output: EntryOutput
  readonly known: KnownEntries
  readonly scope: Scope
  readonly snapshot: SnapshotReader
  /** Keys that the output has as removed, and that are let be. */
  readonly spared: readonly string[]
  /** How many operations the plan has. */
  readonly operations: number
}

/** A key of which the snapshot had to say what became of it. */
interface Doubted {
  readonly key: Uint8Array
  readonly flags: number
}

/**
 * What a plan that merged leaves to be kept. It was written down as if every operation ended well; it hears of those that
 * did not, and asks the snapshot about them.
 */
export class MergeDraft implements PlanDraft {
  readonly #options: MergeDraftOptions
  readonly #doubtful: string[]
  #noted = 0

  constructor(options: MergeDraftOptions) {
    this.#options = options
    this.#doubtful = [...options.spared]
  }

  /** Hears how an operation ended. */
  note({ key, status }: Pick<Outcome, 'key' | 'status' | 'removal'>): void {
    this.#noted += 1
    if (status === 'applied') return
    if (this.#doubtful.length <= mostDoubtful) this.#doubtful.push(key)
  }

  /** What to keep, once every operation has ended; null where what is kept says it all, or too much is not known. */
  async content(): Promise<EntryWriter | null> {
    const { output, operations } = this.#options
    if (this.#doubtful.length > mostDoubtful || this.#noted !== operations) return null
    const writer = await output.finish()
    if (writer !== null && this.#doubtful.length > 0) {
      const doubted = await this.#ask()
      let next = 0
      await writer.revise((block) => {
        const before = next
        next = correct(block, doubted, next)
        return next > before
      })
    }
    return writer
  }

  /** To be called in the end, whatever became of it. */
  async close(): Promise<void> {
    await this.#options.output.discard()
    await this.#options.known.close()
  }

  /** What the snapshot says of the doubtful keys, in the order of entries. */
  async #ask(): Promise<readonly Doubted[]> {
    const { snapshot, scope } = this.#options
    const doubted: Doubted[] = []
    for (let start = 0; start < this.#doubtful.length; start += keysPerLookUp) {
      const keys = this.#doubtful.slice(start, start + keysPerLookUp)
      const entries = await snapshot.entries(keys)
      for (const key of keys) {
        const now = entries.get(key)
        const isThere = now !== undefined && scope.originOf(now.fingerprint) !== 'foreign'
        const ours = isThere && isOurs({ ...now, delivered: now.sent !== null }, scope)
        const flags = isThere ? (ours ? entryFlag.ours : 0) : entryFlag.absent
        doubted.push({ key: Buffer.from(key), flags })
      }
    }
    return doubted.sort((a, b) => compareKeys(a.key, b.key))
  }
}

/** Corrects the entries of doubted keys in a block, from the one at `next` on; returns which one is the next after it. */
function correct(block: EntryBlock, doubted: readonly Doubted[], next: number): number {
  let at = next
  let one = doubted[at]
  if (one === undefined || block.count === 0) return at
  if (compareKeyAt(block, block.count - 1, one.key) < 0) return at
  for (let index = 0; index < block.count && one !== undefined; index += 1) {
    const order = compareKeyAt(block, index, one.key)
    if (order < 0) continue
    if (order > 0) throw new Error('an operation ended that was not planned')
    block.hashes.fill(0, index * 4, index * 4 + 4)
    block.fingerprints.fill(0, index * 4, index * 4 + 4)
    block.flags[index] = one.flags
    at += 1
    one = doubted[at]
  }
  return at
}
