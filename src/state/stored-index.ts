import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Random } from '../connector/index.ts'
import type { IndexContent, KeptIndex, Overflow, SnapshotIndex } from '../plan/interfaces.ts'
import type { Database } from './database.ts'
import { openIndexFile, writeIndexFile } from './index-file.ts'
import { patchFile } from './index-patch.ts'
import { openOverflow } from './overflow-file.ts'
import { readToken } from './snapshot-token.ts'
import { entryFile } from './stored-entries.ts'

/** Where indexes lie, and what their tokens are made from. */
export interface IndexOptions {
  /** Beside the state, or on the machine that plans; made where it is missing. */
  readonly folder: string
  readonly random: Random
}

/** The index of an activation's snapshot: a file that may be deleted at any time. */
export class StoredIndex implements SnapshotIndex {
  readonly #database: Database
  readonly #activation: string
  readonly #folder: string

  constructor(database: Database, activation: string, folder: string) {
    this.#database = database
    this.#activation = activation
    this.#folder = folder
  }

  async open(): Promise<KeptIndex | null> {
    const token = await this.#database.read((session) => readToken(session, this.#activation))
    return await openIndexFile(this.#file(), token)
  }

  overflow(): Promise<Overflow | null> {
    return openOverflow(`${this.#file()}.overflow`)
  }

  /** Writes the index. Returns null, or why it could not be written. */
  async write(content: IndexContent, token: string): Promise<string | null> {
    try {
      const { changes = null } = content
      const isAmended = changes !== null && (await changes.kept.amend(changes, token))
      if (!isAmended) await writeIndexFile(this.#file(), content, token)
      return null
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? ` (${error.code})` : ''
      return `The index in ${this.#folder} could not be written${code}: the next run takes longer, and does the same.`
    }
  }

  #file(): string {
    return indexFile(this.#folder, this.#activation)
  }
}

/** Removes what is kept of an activation beside its snapshot. */
export async function removeIndex(folder: string, activation: string): Promise<void> {
  await rm(indexFile(folder, activation), { force: true })
  await rm(patchFile(indexFile(folder, activation)), { force: true })
  await rm(entryFile(folder, activation), { force: true })
}

function indexFile(folder: string, activation: string): string {
  return join(folder, `${activation}.index`)
}
