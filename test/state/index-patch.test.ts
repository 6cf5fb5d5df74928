import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { entriesPerChunk } from '../../src/plan/digest-column.ts'
import {
  type IndexChanges,
  type IndexContent,
  type IndexSection,
  indexFlag,
  indexSectionNames,
  indexSections,
  type KeptIndex,
} from '../../src/plan/interfaces.ts'
import { openIndexFile, writeIndexFile } from '../../src/state/index-file.ts'

const basis = { scope: 'contacts', rows: 'as mapped' }

/** Entries by their numbers, each with bytes of its own; null for one that is gone. */
type Entries = readonly (number | null)[]

function bytesOf(entries: Entries, section: IndexSection): Buffer {
  const width = indexSections[section]
  const bytes = Buffer.alloc(entries.length * width)
  for (const [place, entry] of entries.entries()) {
    if (entry === null) {
      if (section === 'flags') bytes[place] = indexFlag.gone
    } else if (section === 'flags') bytes[place] = entry % 4
    else bytes.fill(`${section} ${entry} `, place * width, (place + 1) * width)
  }
  return bytes
}

async function* pieces(entries: Entries, section: IndexSection): AsyncGenerator<Uint8Array> {
  const bytes = bytesOf(entries, section)
  const size = entriesPerChunk * indexSections[section]
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

function contentOf(entries: Entries): IndexContent {
  return {
    basis,
    count: entries.length,
    disorder: 0,
    pieces: (section) => pieces(entries, section),
  }
}

function changesTo(
  kept: KeptIndex,
  gone: readonly number[],
  added: Entries,
  disorder = 0,
): IndexChanges {
  return {
    kept,
    gone: Uint32Array.from(gone),
    added: added.length,
    disorder,
    sections: async () =>
      new Map(indexSectionNames.map((section) => [section, bytesOf(added, section)])),
  }
}

const numbers = (count: number, first = 0) => Array.from({ length: count }, (_, at) => first + at)

describe('the patch of an index file', () => {
  let folder: string
  let file: string
  let patch: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'millrace-patch-'))
    file = join(folder, 'people.index')
    patch = `${file}.patch`
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  const opened = async (token: string | null): Promise<KeptIndex> => {
    const index = await openIndexFile(file, token)
    if (index === null) throw new Error('the file was not opened')
    return index
  }

  /** Holds what is in the files against what has to be there, as a whole and in pieces. */
  const expectEntries = async (token: string, entries: Entries, isCurrent = true) => {
    const index = await opened(token)
    expect(index).toMatchObject({ basis, count: entries.length, isCurrent })
    for (const section of indexSectionNames) {
      const expected = bytesOf(entries, section)
      const room = new Uint8Array(expected.length)
      await index.fill(section, room)
      expect(expected.equals(room)).toBe(true)
      const read: Uint8Array[] = []
      for await (const piece of index.pieces(section)) read.push(piece.slice())
      expect(expected.equals(Buffer.concat(read))).toBe(true)
      const size = entriesPerChunk * indexSections[section]
      expect(read.slice(0, -1).every((piece) => piece.length === size)).toBe(true)
    }
    await index.close()
  }

  const amend = async (
    before: string,
    token: string,
    gone: readonly number[],
    added: Entries,
  ): Promise<boolean> => {
    const index = await opened(before)
    const isAmended = await index.amend(changesTo(index, gone, added), token)
    await index.close()
    return isAmended
  }

  const without = (entries: Entries, gone: readonly number[]) =>
    entries.map((entry, at) => (gone.includes(at) ? null : entry))

  it('takes entries away and adds others, over several reads of the file', async () => {
    const count = entriesPerChunk * 17 + 5
    await writeIndexFile(file, contentOf(numbers(count)), 'one')
    const written = readFileSync(file)
    const gone = [0, 1, entriesPerChunk * 8 - 1, entriesPerChunk * 8, count - 1]
    expect(await amend('one', 'two', gone, [7, 8, 9])).toBe(true)
    await expectEntries('two', [...without(numbers(count), gone), 7, 8, 9])
    expect(readFileSync(file).equals(written)).toBe(true)
    expect(statSync(patch).mode & 0o777).toBe(0o600)
  })

  it('says after every change what the index has come to, or leaves it to be written anew', async () => {
    const step = fc.record({
      gone: fc.uniqueArray(fc.nat(260), { maxLength: 5 }),
      added: fc.nat(5),
    })
    let amended = 0
    let rewritten = 0
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 6 }), async (steps) => {
        let entries: Entries = numbers(200)
        let next = 1000
        let token = 'first'
        await writeIndexFile(file, contentOf(entries), token)
        for (const [number, step] of steps.entries()) {
          const gone = step.gone
            .filter((at) => entries[at] !== undefined && entries[at] !== null)
            .sort((a, b) => a - b)
          const added = numbers(step.added, next)
          next += step.added
          const later = `after ${number}`
          const isAmended = await amend(token, later, gone, added)
          const left = [...without(entries, gone), ...added]
          token = later
          // Of what was added to the file and left again nothing stays.
          if (isAmended) entries = left.filter((entry, at) => at < 200 || entry !== null)
          else {
            entries = left.filter((entry) => entry !== null)
            await writeIndexFile(file, contentOf(entries), token)
            rewritten += 1
            await expectEntries(token, entries)
            return
          }
          amended += 1
          await expectEntries(token, entries)
        }
      }),
      { numRuns: 60, seed: 20_261_121 },
    )
    expect(amended).toBeGreaterThan(60)
    expect(rewritten).toBeGreaterThan(5)
  })

  it('is not made where too much has changed, and all stays as it is', async () => {
    await writeIndexFile(file, contentOf(numbers(100)), 'one')
    expect(await amend('one', 'two', [3, 4, 5], [7, 8])).toBe(true)
    expect(await amend('two', 'three', [6, 7, 8], [])).toBe(false)
    expect(await amend('two', 'three', [], [1, 2, 3, 4])).toBe(false)
    await expectEntries('two', [...without(numbers(100), [3, 4, 5]), 7, 8])
  })

  it('says how many runs have found another order, even where nothing else has changed', async () => {
    await writeIndexFile(file, contentOf(numbers(100)), 'one')
    const written = readFileSync(file)
    for (const disorder of [1, 2, 0]) {
      const index = await opened('one')
      expect(await index.amend(changesTo(index, [], [], disorder), 'one')).toBe(true)
      await index.close()
      const later = await opened('one')
      expect(later).toMatchObject({ disorder, isCurrent: true })
      await later.close()
      await expectEntries('one', numbers(100))
    }
    expect(readFileSync(file).equals(written)).toBe(true)
  })

  it('goes when the index is written anew', async () => {
    await writeIndexFile(file, contentOf(numbers(100)), 'one')
    await amend('one', 'two', [3], [])
    await writeIndexFile(file, contentOf(numbers(50)), 'three')
    expect(existsSync(patch)).toBe(false)
    await expectEntries('three', numbers(50))
  })

  it('replaces one that was not finished', async () => {
    await writeIndexFile(file, contentOf(numbers(100)), 'one')
    writeFileSync(`${patch}.new`, 'half a', { mode: 0o644 })
    await amend('one', 'two', [3], [])
    expect(existsSync(`${patch}.new`)).toBe(false)
    await expectEntries('two', without(numbers(100), [3]))
  })

  describe('that says nothing of this file', () => {
    beforeEach(async () => {
      await writeIndexFile(file, contentOf(numbers(100)), 'one')
      await amend('one', 'two', [3], [7])
    })

    it('is not used once it is damaged: the file is old then', async () => {
      const whole = readFileSync(patch)
      const padding = whole.subarray(0, 1024).lastIndexOf(10) + 1
      for (let at = 0; at < whole.length; at += 1) {
        if (at >= padding && at < 1024) continue
        const damaged = Buffer.from(whole)
        damaged[at] = (damaged[at] ?? 0) ^ 1
        writeFileSync(patch, damaged)
        const index = await opened('two')
        expect([index.count, index.isCurrent]).toEqual([100, false])
        await index.close()
      }
    })

    it.each([0, 1, 500, 1023, 1024, 1025, 1076])(
      'is not used when cut off after %i bytes',
      async (bytes) => {
        expect(statSync(patch).size).toBe(1024 + 4 + 49)
        truncateSync(patch, bytes)
        await expectEntries('two', numbers(100), false)
      },
    )

    it('is not used when it is longer than it was', async () => {
      writeFileSync(patch, Buffer.concat([readFileSync(patch), Buffer.alloc(1)]))
      await expectEntries('two', numbers(100), false)
    })

    it('is not used without the file', async () => {
      rmSync(file)
      expect(await openIndexFile(file, 'two')).toBe(null)
    })

    it('is not used with another file, even one of the same token and size', async () => {
      copyFileSync(patch, join(folder, 'copy'))
      await writeIndexFile(file, contentOf(numbers(100, 1)), 'one')
      copyFileSync(join(folder, 'copy'), patch)
      await expectEntries('two', numbers(100, 1), false)
      await expectEntries('one', numbers(100, 1))
    })

    it('is not used where the file alone is what the snapshot is', async () => {
      await expectEntries('one', numbers(100))
      await amend('one', 'three', [5], [9])
      await expectEntries('three', [...without(numbers(100), [5]), 9])
    })

    it('is old together with the file under any other token', async () => {
      await expectEntries('three', [...without(numbers(100), [3]), 7], false)
      const index = await opened(null)
      expect(index.isCurrent).toBe(false)
      await index.close()
    })

    it('does not hide that the file is damaged', async () => {
      const damaged = readFileSync(file)
      // In the key that is gone.
      damaged[1024 + 3 * 16] = 1
      writeFileSync(file, damaged)
      const index = await opened('two')
      await expect(index.fill('keys', new Uint8Array(101 * 16))).rejects.toThrow('damaged')
      await index.close()
    })
  })
})
