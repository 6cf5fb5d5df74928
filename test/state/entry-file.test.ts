import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { BlockBuilder, type EntryBlock, keyAt } from '../../src/plan/entry-block.ts'
import type { KeptEntries } from '../../src/plan/merge-interfaces.ts'
import { EntryFileWriter, openEntryFile } from '../../src/state/entry-file.ts'

const basis = { scope: 'contacts', rows: 'as mapped' }

/** A block of keys whose numbers begin at `first`. */
function blockOf(first: number, count: number): EntryBlock {
  const builder = new BlockBuilder()
  for (let number = first; number < first + count; number += 1) {
    const words = Int32Array.of(number, -number, number * 7, 1)
    const key = Buffer.from(`ключ ${'x'.repeat(number % 100)}${number}`)
    builder.add(key, words, words.toReversed(), number & 3)
  }
  return builder.take()
}

/** What a block holds, comparable. */
function contentOf(block: EntryBlock) {
  return Array.from({ length: block.count }, (_, index) => ({
    key: Buffer.from(keyAt(block, index)).toString(),
    hash: [...block.hashes.subarray(index * 4, index * 4 + 4)],
    fingerprint: [...block.fingerprints.subarray(index * 4, index * 4 + 4)],
    flags: block.flags[index],
  }))
}

async function read(entries: KeptEntries) {
  const all: ReturnType<typeof contentOf> = []
  for await (const block of entries.blocks()) all.push(...contentOf(block))
  return all
}

describe('a file of entries', () => {
  let folder: string
  let file: string
  let open: KeptEntries[] = []
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'millrace-entries-'))
    file = join(folder, 'state.db.index', 'people.merge')
  })
  afterEach(async () => {
    for (const entries of open) await entries.close()
    open = []
    rmSync(folder, { recursive: true })
  })

  const write = async (counts: readonly number[], token = 'now') => {
    const writer = new EntryFileWriter(file, basis)
    let first = 0
    for (const count of counts) {
      await writer.append(blockOf(first, count))
      first += count
    }
    return { writer, keep: () => writer.keep(token) }
  }
  const opened = async (token = 'now'): Promise<KeptEntries> => {
    const entries = await openEntryFile(file, token)
    if (entries === null) throw new Error('the file was not opened')
    open.push(entries)
    return entries
  }

  it.each([[[]], [[1]], [[3, 0, 8192, 5]]])(
    'has what was written: blocks of %j',
    async (counts) => {
      expect(await (await write(counts)).keep()).toBe(null)
      const entries = await opened()
      expect(entries.basis).toEqual(basis)
      expect(entries.isCurrent).toBe(true)
      const expected = counts.flatMap((count, at) => {
        const first = counts.slice(0, at).reduce((sum, one) => sum + one, 0)
        return contentOf(blockOf(first, count))
      })
      expect(await read(entries)).toEqual(expected)
      // Once more, beside another reader.
      const [some, others] = [entries.blocks(), entries.blocks()]
      const [one, other] = [await some.next(), await others.next()]
      if (!one.done && !other.done) expect(contentOf(one.value)).toEqual(contentOf(other.value))
      await entries.close()
      expect((await opened('later')).isCurrent).toBe(false)
      expect(statSync(file).mode & 0o777).toBe(0o600)
      expect(readdirSync(join(folder, 'state.db.index'))).toEqual(['people.merge'])
    },
  )

  it('is revised in place', async () => {
    const { writer, keep } = await write([3, 4])
    await writer.revise((block) => {
      if (block.count === 3) return false
      block.flags.fill(4)
      block.hashes.fill(0)
      return true
    })
    await keep()
    const all = await read(await opened())
    expect(all.slice(0, 3)).toEqual(contentOf(blockOf(0, 3)))
    expect(all.slice(3).map(({ flags, hash }) => [flags, ...hash])).toEqual(
      Array.from({ length: 4 }, () => [4, 0, 0, 0, 0]),
    )
    expect(all.map(({ key }) => key)).toEqual(contentOf(blockOf(0, 7)).map(({ key }) => key))
  })

  it('replaces the one before when it is kept, and never before', async () => {
    await (await write([2])).keep()
    const { writer } = await write([5])
    expect(await read(await opened())).toHaveLength(2)
    await writer.discard()
    expect(await read(await opened())).toHaveLength(2)
    expect(readdirSync(join(folder, 'state.db.index'))).toEqual(['people.merge'])
    await (await write([5])).keep()
    expect(await read(await opened())).toHaveLength(5)
  })

  it('begins anew where a run died', async () => {
    const { writer } = await write([2])
    await (await write([3])).keep()
    expect(await read(await opened())).toHaveLength(3)
    await writer.discard()
  })

  it('says why it could not be written, and leaves nothing behind', async () => {
    writeFileSync(join(folder, 'state.db.index'), 'in the way')
    const problem = await (await write([2])).keep()
    expect(problem).toMatch(/could not be written \(\w+\)/)
    rmSync(join(folder, 'state.db.index'))
    mkdirSync(file, { recursive: true })
    writeFileSync(join(file, 'in the way'), '')
    expect(await (await write([2])).keep()).toMatch(/could not be written \(\w+\)/)
    expect(existsSync(`${file}.new`)).toBe(false)
  })

  it('is as good as none where another version wrote it, or nobody did', async () => {
    expect(await openEntryFile(file, 'now')).toBe(null)
    await (await write([2])).keep()
    const bytes = readFileSync(file)
    writeFileSync(file, bytes.subarray(0, 50))
    expect(await openEntryFile(file, 'now')).toBe(null)
    bytes[9] = (bytes[9] as number) + 1
    writeFileSync(file, bytes)
    expect(await openEntryFile(file, 'now')).toBe(null)
    expect(await openEntryFile(folder, 'now')).toBe(null)
  })

  it('hands out no block that is damaged, and every one before it', async () => {
    await (await write([2, 3])).keep()
    const bytes = readFileSync(file)
    const second = 1024 + 12 + 2 * 37 + blockOf(0, 2).keys.length
    for (let at = second; at < bytes.length; at += 7) {
      const damaged = Buffer.from(bytes)
      damaged[at] = (damaged[at] as number) ^ 0x10
      writeFileSync(file, damaged)
      const blocks = (await opened()).blocks()
      const first = await blocks.next()
      expect(first.done === true ? [] : contentOf(first.value)).toEqual(contentOf(blockOf(0, 2)))
      await expect(blocks.next()).rejects.toThrow('damaged')
    }
    writeFileSync(file, bytes)
    truncateSync(file, bytes.length - 1)
    await expect(read(await opened())).rejects.toThrow('damaged')
    truncateSync(file, second)
    await expect(read(await opened())).rejects.toThrow('damaged')
  })
})
