import { takeIn } from './confirmations.ts'
import type { Database } from './database.ts'
import { runOverKeys } from './key-lists.ts'

/** Steps are short, so that a lock renewal, and other processes, get their turn in between. */
const keysPerStep = 2_000

/** To fold writes the state anew in the worst case: this many rows for each of its pages make that cheap. */
const rowsPerPage = 3
const bytesPerPage = 8_192
/** What is not worth folding, and what may wait at most: its hashes are held in memory, and a fold ends in seconds. */
const [fewest, most] = [20_000, 250_000]

/** The confirmations of an activation that wait to be folded, which happens as soon as they are enough for what it costs. */
export class Unfolded {
  readonly #database: Database
  readonly #activation: number
  #count: number | null = null

  constructor(database: Database, activation: number) {
    this.#database = database
    this.#activation = activation
  }

  /** To be called when so many at most were added. */
  async grow(added: number): Promise<void> {
    if (added === 0 || !this.#database.phrases.appendsConfirmed) return
    this.#count = this.#count === null ? await this.#counted() : this.#count + added
    if (this.#count < fewest || this.#count < (await this.#enough())) return
    await fold(this.#database, this.#activation)
    this.#count = 0
  }

  async #counted(): Promise<number> {
    const [row] = await this.#database.read((session) =>
      session.all<{ count: number }>(
        'select count(*) as count from confirmations where activation_id = ?',
        [this.#activation],
      ),
    )
    return Number(row?.count ?? 0)
  }

  async #enough(): Promise<number> {
    const { phrases } = this.#database
    const [size] = await this.#database.read((session) =>
      session.all<{ bytes: number }>(phrases.size),
    )
    return Math.min(most, (Number(size?.bytes ?? 0) / bytesPerPage) * rowsPerPage)
  }
}

/**
 * Takes all that was confirmed into the snapshot of an activation. What a reader finds is the same at every moment: as
 * long as a confirmation is there it counts, and it goes when the snapshot says the same. So anybody may call this, also beside a run, and
 * what was broken off is begun anew.
 */
export async function fold(database: Database, activation: number): Promise<void> {
  if (!database.phrases.appendsConfirmed) return
  const ids = await newestInOrder(database, activation)
  if (ids.length === 0) return
  for (let start = 0; start < ids.length; start += keysPerStep) {
    const step = ids.slice(start, start + keysPerStep)
    await database.stage((session) => runOverKeys(session, takeIn, [], step))
  }
  const last = ids.reduce((greatest, id) => Math.max(greatest, id), 0)
  await database.write((session) =>
    session.run('delete from confirmations where activation_id = ? and id <= ?', [
      activation,
      last,
    ]),
  )
}

/** The newest confirmation of each key, in the order of the keys. */
async function newestInOrder(database: Database, activation: number): Promise<readonly number[]> {
  const [row] = await database.read((session) =>
    session.all<{ ids: string }>(
      `select ${database.phrases.jsonArray('id')} as ids from (
        select max(id) as id from confirmations where activation_id = ? group by key order by key) as newest`,
      [activation],
    ),
  )
  return JSON.parse(row?.ids ?? '[]')
}
