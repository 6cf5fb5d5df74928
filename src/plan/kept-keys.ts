import { type IndexBasis, indexFlag, type KeptIndex } from './interfaces.ts'
import type { KeyTable } from './key-table.ts'
import { mark } from './marks.ts'

/** The columns of a table that an index has too. */
type Column = 'keys' | 'hashes' | 'fingerprints'

/**
 * Reads into an empty table what of an index is of use, and says what that is:
 * `hashes`: the snapshot is as it was, the rows are read as they were; fingerprints stay where they are.
 * `fingerprints`: the snapshot is as it was, the rows are read otherwise.
 * `old`: fingerprints that the snapshot had once, marked as kept; `settleOld` has to follow once the snapshot was asked which
 * entries are as they were, and these marked as being there.
 * `nothing`: the index is of something else, or damaged; the table is of no use then.
 */
export async function readIndex(
  kept: KeptIndex,
  basis: IndexBasis,
  table: KeyTable,
): Promise<'hashes' | 'fingerprints' | 'old' | 'nothing'> {
  const isSameRows = kept.basis.rows === basis.rows
  if (kept.basis.scope !== basis.scope || !(kept.isCurrent || isSameRows)) return 'nothing'
  table.reserve(kept.count)
  // All at once, so that one is read while another is checked.
  const filled = await Promise.allSettled([
    fill(kept, table, 'keys'),
    fill(kept, table, kept.isCurrent && isSameRows ? 'hashes' : 'fingerprints'),
    markKnown(kept, table, isSameRows ? mark.fingerprintKept : mark.fingerprintKnown),
  ])
  // Whatever is wrong with it, the snapshot says the same.
  if (filled.some(({ status }) => status === 'rejected')) return 'nothing'
  if (!kept.isCurrent) return 'old'
  return isSameRows ? 'hashes' : 'fingerprints'
}

/**
 * Makes a table that was read from an old index what it would be from one of the snapshot as it is: with the hashes of the
 * entries that are as they were, and without their fingerprints. False where the hashes are damaged.
 */
export async function settleOld(kept: KeptIndex, table: KeyTable): Promise<boolean> {
  try {
    await kept.fill('hashes', table.hashes.takeRoomOf(table.fingerprints))
  } catch {
    return false
  }
  for (let entry = 0; entry < table.reserved; entry += 1) {
    if (table.isMarked(entry, mark.inSnapshot)) continue
    table.hashes.clear(entry)
    forgetKept(table, entry)
  }
  return true
}

/** Takes the marks that an entry has from an index. */
export function forgetKept(table: KeyTable, entry: number): void {
  table.unmark(entry, mark.ours)
  table.unmark(entry, mark.fingerprintKept)
}

/** Reads into a table that was read from an index the fingerprints that stayed there. False where they are damaged. */
export async function recallFingerprints(kept: KeptIndex, table: KeyTable): Promise<boolean> {
  try {
    let number = 0
    for await (const piece of kept.pieces('fingerprints')) {
      // Behind them may be some that were written since.
      const chunk = table.fingerprints.chunk(number)
      new Uint8Array(chunk.buffer, chunk.byteOffset, piece.length).set(piece)
      number += 1
    }
  } catch {
    return false
  }
  for (let entry = 0; entry < table.reserved; entry += 1) {
    if (!table.isMarked(entry, mark.fingerprintKept)) continue
    table.unmark(entry, mark.fingerprintKept)
    table.mark(entry, mark.fingerprintKnown)
  }
  return true
}

async function fill(kept: KeptIndex, table: KeyTable, column: Column): Promise<void> {
  await kept.fill(column, table[column].reserve(kept.count))
}

async function markKnown(kept: KeptIndex, table: KeyTable, fingerprint: number): Promise<void> {
  const there = kept.isCurrent ? 1 << mark.inSnapshot : 0
  const marks = Uint16Array.from({ length: 256 }, (_, flags) => marksOf(flags, fingerprint, there))
  let chunk = 0
  for await (const flags of kept.pieces('flags')) {
    table.setMarks(chunk, flags, marks)
    chunk += 1
  }
}

/**
 * The marks of an entry with these flags; `fingerprint`: the mark where its fingerprint is known; `there`: those of any that
 * is not gone.
 */
function marksOf(flags: number, fingerprint: number, there: number): number {
  if ((flags & indexFlag.gone) !== 0) return 0
  const ours = (flags & indexFlag.ours) === 0 ? 0 : 1 << mark.ours
  const known = (flags & indexFlag.fingerprintKnown) === 0 ? 0 : 1 << fingerprint
  return there | ours | known
}
