import type { Outcome } from '../connector/index.ts'
import type { Arrivals } from './arrivals.ts'
import { digest, digestRoom } from './digest.ts'
import { TableContent } from './index-content.ts'
import type {
  IndexBasis,
  IndexContent,
  KeptIndex,
  PlanDraft,
  SnapshotReader,
} from './interfaces.ts'
import type { KeyTable } from './key-table.ts'
import { isOurs } from './known-keys.ts'
import { mark } from './marks.ts'
import type { Scope } from './scope.ts'

/** Keys whose operations did not end well, beyond which the next run had better look at the snapshot itself. */
export const mostDoubtful = 10_000

/** The share of the keys of an index whose rows have to be found elsewhere than expected for it to be in another order. */
const leastAstray = 1 / 16

/** What is true of a key whose record the target has taken. */
const held = (1 << mark.confirmed) | (1 << mark.inSnapshot) | (1 << mark.ours)

export interface DraftOptions {
  readonly table: KeyTable
  readonly kept: KeptIndex | null
  readonly isKept: boolean
  readonly basis: IndexBasis
  readonly scope: Scope
  readonly snapshot: SnapshotReader
  readonly arrivals: Arrivals
  /** How many keys of the index had their row elsewhere than expected. */
  readonly astray: number
}

/**
 * What an index can keep of a plan. It hears how each operation ends: a row is recognised by its hash only where the
 * target has confirmed just what that row says.
 */
export class IndexDraft implements PlanDraft {
  readonly #options: DraftOptions
  readonly #keyDigest = digestRoom()
  /** Keys of which the snapshot has to say what became of them. */
  #doubtful: string[] = []
  #isGivenUp = false
  #isChanged = false

  constructor(options: DraftOptions) {
    this.#options = options
  }

  /** Hears how an operation ended. */
  note({ key, status, removal }: Pick<Outcome, 'key' | 'status' | 'removal'>): void {
    this.#isChanged = true
    if (status !== 'applied') {
      if (this.#doubtful.length < mostDoubtful) this.#doubtful.push(key)
      else this.#isGivenUp = true
      return
    }
    const entry = this.#find(key)
    if (removal) this.#forget(entry)
    else this.#options.table.markAll(entry, held)
  }

  /** What to keep, once every operation has ended; null where what is kept says it all, or too much is not known. */
  async content(): Promise<IndexContent | null> {
    if (this.#isGivenUp) return null
    await this.#askForDoubtful()
    const { table, kept, arrivals, basis, isKept } = this.#options
    const disorder = this.#disorder()
    const isSame = isKept && !this.#isChanged && disorder === (kept?.disorder ?? 0)
    if (isSame && !this.#hasNews()) return null
    const isRewritten = isPowerOfTwo(disorder)
    return new TableContent({ table, kept, arrivals, basis, disorder, isRewritten })
  }

  /** How many runs in a row have found their rows in another order than the kept index has. */
  #disorder(): number {
    const { table, kept, astray } = this.#options
    return kept !== null && astray > table.reserved * leastAstray ? kept.disorder + 1 : 0
  }

  /** Whether a row that was read, and so lies behind what the index has, turned out to be what the target has. */
  #hasNews(): boolean {
    const { table } = this.#options
    for (let entry = table.reserved; entry < table.size; entry += 1) {
      if (table.isMarked(entry, mark.confirmed)) return true
    }
    return false
  }

  /** To be called in the end, whatever became of it. */
  async close(): Promise<void> {
    await this.#options.kept?.close()
    await this.#options.arrivals.hashes.close()
  }

  async #askForDoubtful(): Promise<void> {
    const { snapshot, scope, table } = this.#options
    const keys = this.#doubtful
    if (keys.length === 0) return
    this.#doubtful = []
    const entries = await snapshot.entries(keys)
    for (const key of keys) {
      const entry = this.#forget(this.#find(key))
      const now = entries.get(key)
      if (now === undefined || scope.originOf(now.fingerprint) === 'foreign') {
        table.unmark(entry, mark.inSnapshot)
        continue
      }
      table.mark(entry, mark.inSnapshot)
      if (isOurs({ ...now, delivered: now.sent !== null }, scope)) table.mark(entry, mark.ours)
    }
  }

  #find(key: string): number {
    digest(key, this.#keyDigest)
    const entry = this.#options.table.find(this.#keyDigest)
    if (entry < 0) throw new Error('an operation ended that was not planned')
    return entry
  }

  /** From now on only the snapshot knows what the target has of the entry's key. Returns the entry that it has now. */
  #forget(found: number): number {
    const { table, kept, arrivals } = this.#options
    let entry = found
    if (kept !== null && found < table.reserved) {
      // What comes from an index stays as it is there, or makes place.
      entry = table.supersede(found)
      if (table.isMarked(entry, mark.seen)) arrivals.order.add(entry)
    }
    table.hashes.clear(entry)
    const { ours, confirmed, fingerprintKnown, fingerprintKept } = mark
    for (const one of [ours, confirmed, fingerprintKnown, fingerprintKept]) table.unmark(entry, one)
    return entry
  }
}

/**
 * After which of some runs in a row with rows in another order the index is written in theirs: after the first one, and
 * ever more seldom as long as that does not help.
 */
function isPowerOfTwo(runs: number): boolean {
  return runs > 0 && (runs & (runs - 1)) === 0
}
