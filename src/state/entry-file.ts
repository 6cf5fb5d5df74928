import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import * as z from 'zod/mini'
import type { EntryBlock } from '../plan/entry-block.ts'
import type { IndexBasis } from '../plan/interfaces.ts'
import type { EntryWriter, KeptEntries } from '../plan/merge-interfaces.ts'
import { readBlocks, sizeOf, writeBlock } from './block-file.ts'
import { headBytes, readHead, writeHead } from './file-head.ts'

const magic = 'millrace entries 1'

const headOf = z.strictObject({
  token: z.string(),
  scope: z.string(),
  rows: z.string(),
  blocks: z.int().check(z.nonnegative()),
})

type Head = z.infer<typeof headOf>

/**
 * Opens the entries in a file. `token`: that of the snapshot, see src/state/snapshot-token.ts. Null where there is no file,
 * or none that this version wrote on a machine like this one.
 */
export async function openEntryFile(
  file: string,
  token: string | null,
): Promise<KeptEntries | null> {
  let handle: FileHandle | null = null
  try {
    handle = await open(file, 'r')
    const head = await readHead(handle, magic, headOf)
    if (head !== null) return keptIn(handle, head, token)
  } catch {
    // As good as none: whatever it would have said, the snapshot says too.
  }
  await handle?.close()
  return null
}

function keptIn(handle: FileHandle, head: Head, token: string | null): KeptEntries {
  const { scope, rows, blocks } = head
  return {
    basis: { scope, rows },
    isCurrent: head.token === token,
    blocks: () => readBlocks(handle, headBytes, blocks),
    close: () => handle.close(),
  }
}

/**
 * Writes entries beside the file that they shall replace; only this user may read them. The file is replaced as a whole or
 * not at all. Nothing is synced: what a power cut leaves of it does not fit its checksums.
 */
export class EntryFileWriter implements EntryWriter {
  readonly #file: string
  readonly #basis: IndexBasis
  #handle: FileHandle | null = null
  #end = headBytes
  #blocks = 0
  /** What went wrong; nothing more is written then. */
  #error: unknown = null

  constructor(file: string, basis: IndexBasis) {
    this.#file = file
    this.#basis = basis
  }

  append(block: EntryBlock): Promise<void> {
    return this.#try(async (handle) => {
      if (block.count === 0) return
      await writeBlock(handle, this.#end, block)
      this.#end += sizeOf(block)
      this.#blocks += 1
    })
  }

  revise(change: (block: EntryBlock) => boolean): Promise<void> {
    return this.#try(async (handle) => {
      let at = headBytes
      for await (const block of readBlocks(handle, headBytes, this.#blocks)) {
        if (change(block)) await writeBlock(handle, at, block)
        at += sizeOf(block)
      }
    })
  }

  async keep(token: string): Promise<string | null> {
    await this.#try(async (handle) => {
      const head: Head = { token, ...this.#basis, blocks: this.#blocks }
      await writeHead(handle, magic, head)
      await handle.close()
      await rename(this.#unfinished, this.#file)
      this.#handle = null
    })
    const error = this.#error
    if (error === null) return null
    const code = error instanceof Error && 'code' in error ? ` (${error.code})` : ''
    return `What is kept in ${dirname(this.#file)} could not be written${code}: the next run takes longer, and does the same.`
  }

  async discard(): Promise<void> {
    const handle = this.#handle
    if (handle === null) return
    this.#handle = null
    await handle.close().catch(() => {})
    await rm(this.#unfinished, { force: true }).catch(() => {})
  }

  get #unfinished(): string {
    return `${this.#file}.new`
  }

  async #try(work: (handle: FileHandle) => Promise<void>): Promise<void> {
    if (this.#error !== null) return
    try {
      this.#handle ??= await this.#begin()
      await work(this.#handle)
    } catch (error) {
      this.#error = error
      await this.discard()
    }
  }

  async #begin(): Promise<FileHandle> {
    await mkdir(dirname(this.#file), { recursive: true, mode: 0o700 })
    await rm(this.#unfinished, { force: true })
    return await open(this.#unfinished, 'wx+', 0o600)
  }
}
