import { join } from 'node:path'
import type { IndexBasis } from '../plan/interfaces.ts'
import type { EntryWriter, KeptEntries, SortedEntries } from '../plan/merge-interfaces.ts'
import type { Database } from './database.ts'
import { EntryFileWriter, openEntryFile } from './entry-file.ts'
import { readToken } from './snapshot-token.ts'

/** The keys of an activation's snapshot in order: a file that may be deleted at any time. */
export class StoredEntries implements SortedEntries {
  readonly #database: Database
  readonly #activation: string
  readonly #file: string

  constructor(database: Database, activation: string, folder: string) {
    this.#database = database
    this.#activation = activation
    this.#file = entryFile(folder, activation)
  }

  async open(): Promise<KeptEntries | null> {
    const token = await this.#database.read((session) => readToken(session, this.#activation))
    return await openEntryFile(this.#file, token)
  }

  async begin(basis: IndexBasis): Promise<EntryWriter> {
    return new EntryFileWriter(this.#file, basis)
  }
}

/** The file in which the entries of an activation are kept. */
export function entryFile(folder: string, activation: string): string {
  return join(folder, `${activation}.merge`)
}
