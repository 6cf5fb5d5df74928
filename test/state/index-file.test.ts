import {
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
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { entriesPerChunk } from '../../src/plan/digest-column.ts'
import {
  type IndexContent,
  type IndexSection,
  indexSectionNames,
  indexSections,
  type KeptIndex,
} from '../../src/plan/interfaces.ts'
import { openIndexFile, writeIndexFile } from '../../src/state/index-file.ts'

const basis = { scope: 'contacts', rows: 'as mapped' }

/** The bytes of an index, each section with bytes of its own. */
function contentOf(count: number, disorder = 0): IndexContent {
  const bytes = (section: IndexSection) =>
    Uint8Array.from({ length: count * indexSections[section] }, (_, at) => at * 7 + section.length)
  return {
    basis,
    count,
    disorder,
    async *pieces(section) {
      const all = bytes(section)
      const size = indexSections[section] * entriesPerChunk
      for (let at = 0; at < all.length; at += size) yield all.subarray(at, at + size)
    },
  }
}

async function read(index: IndexContent, section: IndexSection): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  for await (const piece of index.pieces(section)) pieces.push(piece.slice())
  return Buffer.concat(pieces)
}

describe('an index file', () => {
  let folder: string
  let file: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'millrace-index-'))
    file = join(folder, 'state.db.index', 'people.index')
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  const opened = async (token: string | null = 'now'): Promise<KeptIndex> => {
    const index = await openIndexFile(file, token)
    if (index === null) throw new Error('the file was not opened')
    return index
  }

  it.each([0, 1, entriesPerChunk, entriesPerChunk * 9 + 5])('gives back %i keys', async (count) => {
    const content = contentOf(count)
    await writeIndexFile(file, content, 'now')
    const index = await opened()
    expect(index).toMatchObject({ basis, count, isCurrent: true })
    for (const section of indexSectionNames) {
      expect((await read(index, section)).equals(await read(content, section))).toBe(true)
    }
    await index.close()
  })

  it('says how many runs have found another order, and nothing of it where an older release wrote it', async () => {
    await writeIndexFile(file, contentOf(3, 5), 'now')
    const index = await opened()
    expect(index.disorder).toBe(5)
    await index.close()
    const { disorder: _, ...older } = contentOf(3)
    await writeIndexFile(file, older as IndexContent, 'now')
    expect(readFileSync(file, 'latin1')).not.toContain('disorder')
    const old = await opened()
    expect(old).toMatchObject({ count: 3, disorder: 0, isCurrent: true })
    await old.close()
  })

  it('hands out pieces of whole chunks', async () => {
    await writeIndexFile(file, contentOf(entriesPerChunk * 9 + 5), 'now')
    const index = await opened()
    const sizes: number[] = []
    for await (const piece of index.pieces('keys')) sizes.push(piece.length / 16)
    expect(sizes).toEqual([...Array.from({ length: 9 }, () => entriesPerChunk), 5])
    await index.close()
  })

  it.each([null, 'later'])('is old where the snapshot has the token %o', async (token) => {
    await writeIndexFile(file, contentOf(3), 'now')
    const index = await opened(token)
    expect(index.isCurrent).toBe(false)
    await index.close()
  })

  it('is open to its owner alone', async () => {
    await writeIndexFile(file, contentOf(3), 'now')
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(statSync(join(file, '..')).mode & 0o777).toBe(0o700)
  })

  it('takes the place of another, and of one that was not finished', async () => {
    await writeIndexFile(file, contentOf(3), 'before')
    writeFileSync(`${file}.new`, 'half an', { mode: 0o644 })
    await writeIndexFile(file, contentOf(5), 'now')
    const index = await opened()
    expect(index).toMatchObject({ count: 5, isCurrent: true })
    await index.close()
    expect(existsSync(`${file}.new`)).toBe(false)
    expect(statSync(file).mode & 0o777).toBe(0o600)
  })

  it('stays what it was where the new one could not be made', async () => {
    await writeIndexFile(file, contentOf(3), 'before')
    const broken: IndexContent = {
      ...contentOf(5),
      // biome-ignore lint/correctness/useYield: it fails before.
      async *pieces() {
        throw new Error('the old index is damaged')
      },
    }
    await expect(writeIndexFile(file, broken, 'now')).rejects.toThrow('damaged')
    const index = await opened('before')
    expect(index.count).toBe(3)
    await index.close()
    expect(existsSync(`${file}.new`)).toBe(false)
  })

  it('shows every changed byte before it is trusted', async () => {
    await writeIndexFile(file, contentOf(40), 'now')
    const whole = readFileSync(file)
    const head = 1024
    const padding = whole.subarray(0, head).lastIndexOf(10) + 1
    for (let at = 0; at < whole.length; at += at < padding ? 1 : 97) {
      const damaged = Buffer.from(whole)
      damaged[at] = (damaged[at] ?? 0) ^ 1
      writeFileSync(file, damaged)
      const index = await openIndexFile(file, 'now')
      expect(index === null).toBe(at < padding)
      const broken: string[] = []
      for (const section of index === null ? [] : indexSectionNames) {
        await read(index as KeptIndex, section).catch(() => broken.push(section))
      }
      expect(broken).toHaveLength(at < head ? 0 : 1)
      await index?.close()
    }
  })

  it.each([0, 1, 500, 1023, 1024, 1025, 1700])(
    'is as good as none when cut off after %i bytes',
    async (bytes) => {
      await writeIndexFile(file, contentOf(40), 'now')
      truncateSync(file, bytes)
      expect(await openIndexFile(file, 'now')).toBe(null)
    },
  )

  it('is as good as none where it is something else, or is not there', async () => {
    expect(await openIndexFile(file, 'now')).toBe(null)
    await writeIndexFile(file, contentOf(1), 'now')
    writeFileSync(file, readFileSync(file).toString('latin1').replace('index', 'other'), 'latin1')
    expect(await openIndexFile(file, 'now')).toBe(null)
    expect(await openIndexFile(folder, 'now')).toBe(null)
  })
})
