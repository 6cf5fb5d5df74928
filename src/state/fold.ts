import { setImmediate } from 'node:timers/promises'
import { takeIn } from './confirmations.ts'
import type { Cell, Database } from './database.ts'
import { runOverKeys } from './key-lists.ts'

/** Steps are short, so that a lock renewal, and other processes, get their turn in between. */
const keysPerStep = 2_000

const rowsPerSample = 512
const samplesPerRange = 64

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
  const last = await lastConfirmed(database, activation)
  if (last === null) return
  for (const range of await rangesOfKeys(database, activation)) {
    const ids = await newestInOrder(database, activation, range)
    for (let start = 0; start < ids.length; start += keysPerStep) {
      const step = ids.slice(start, start + keysPerStep)
      await database.stage((session) => runOverKeys(session, takeIn, [], step))
      // Requests, timers and what frees memory come to their turn.
      await setImmediate()
    }
  }
  await database.write((session) =>
    session.run('delete from confirmations where activation_id = ? and id <= ?', [
      activation,
      last,
    ]),
  )
}

async function lastConfirmed(database: Database, activation: number): Promise<number | null> {
  if (!database.phrases.appendsConfirmed) return null
  const [row] = await database.read((session) =>
    session.all<{ last: number | null }>(
      'select max(id) as last from confirmations where activation_id = ?',
      [activation],
    ),
  )
  return row?.last ?? null
}

/** All keys from the one to the other, which is part of it. */
interface KeyRange {
  readonly after: string | null
  readonly to: string | null
}

/** Ranges of some ten thousand confirmations, which are sorted in memory. */
async function rangesOfKeys(database: Database, activation: number): Promise<readonly KeyRange[]> {
  const some = await database.read((session) =>
    session.all<{ key: string }>(
      `select key from confirmations where activation_id = ? and id % ${rowsPerSample} = 0 order by key`,
      [activation],
    ),
  )
  const bounds = some
    .filter((_, index) => index % samplesPerRange === samplesPerRange - 1)
    .map(({ key }) => key)
  return [...bounds, null].map((to, index) => ({ after: bounds[index - 1] ?? null, to }))
}

/** The newest confirmation of each key, in the order of the keys. */
async function newestInOrder(
  database: Database,
  activation: number,
  { after, to }: KeyRange,
): Promise<readonly number[]> {
  const bindings: Cell[] = [activation]
  let within = ''
  if (after !== null) {
    within = 'and key > ?'
    bindings.push(after)
  }
  if (to !== null) {
    within += ' and key <= ?'
    bindings.push(to)
  }
  const [row] = await database.read((session) =>
    session.all<{ ids: string }>(
      `select ${database.phrases.jsonArray('id')} as ids from (
        select max(id) as id from confirmations where activation_id = ? ${within} group by key order by key) as newest`,
      bindings,
    ),
  )
  return JSON.parse(row?.ids ?? '[]')
}
