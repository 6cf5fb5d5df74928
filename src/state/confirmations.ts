import type { Cell, Database, Session } from './database.ts'
import { allOverKeys, runOverKeys } from './key-lists.ts'
import { hashOfKey, KeyPlaces } from './key-places.ts'

/** What a confirmation says, as both tables name it. */
const columns = 'activation_id, key, fingerprint, target_id, sent, removed, confirmed_at, run_id'

const confirmInto = (rows: string) => `insert into snapshot (${columns}) ${rows}
  on conflict (activation_id, key) do update set fingerprint = excluded.fingerprint, target_id = excluded.target_id,
  sent = excluded.sent, removed = excluded.removed, unanswered_since = null, confirmed_at = excluded.confirmed_at, run_id = excluded.run_id`

const confirm = confirmInto('values (?, ?, ?, ?, ?, ?, ?, ?)')

/** For the newest confirmations of different keys. */
export const takeIn = confirmInto(
  `select ${columns} from confirmations where id in (:keys) order by activation_id, key`,
)

/** To hand over many rows at once takes half the time of as many calls. */
const rowsAtOnce = 10

const append = appendOf(1)
const appendMany = appendOf(rowsAtOnce)

function appendOf(rows: number): string {
  const row = '(?, ?, ?, ?, ?, ?, ?, ?, ?)'
  return `insert into confirmations (${columns}, key_hash) values ${Array(rows).fill(row).join(', ')}`
}

const hashesPerPage = 20_000

const areAny = 'select 1 as one from confirmations where activation_id = ? and id > ? limit 1'

/** A confirmed operation, whole: what its key holds from now on. Texts are as columns hold them. */
export interface Confirmation {
  readonly key: string
  readonly fingerprint: string | null
  readonly id: string | null
  readonly sent: string
  readonly removed: string | null
}

/** What was looked for by its keys. */
interface Found<Row> {
  readonly confirmed: readonly (Row & { readonly key: string })[]
  readonly others: readonly string[]
}

/** By whom and when operations were confirmed. */
interface Confirming {
  readonly activation: number
  readonly run: number
  readonly now: number
}

/**
 * What was confirmed and is not in `snapshot` yet. Keys come in random order, so that each would cost there a page of its
 * own and the way to it; here they follow one another, and `fold` takes them into the snapshot, many at once, in its
 * order. Of a key that is in both, the newest row here counts; whatever reads or changes `snapshot` folds first, or asks here first.
 *
 * It is never asked for by its keys on disk, where an index of them would cost what is spared: their hashes are held in
 * memory, and read as far as they are not known yet. Where writing in random order costs no more, nothing is ever in it.
 */
export class Confirmations {
  readonly #database: Database
  readonly #places = new Map<number, KeyPlaces>()

  constructor(database: Database) {
    this.#database = database
  }

  /** Records operations of different keys as confirmed. */
  async add(
    session: Session,
    { activation, run, now }: Confirming,
    confirmed: readonly Confirmation[],
  ): Promise<void> {
    if (!this.#database.phrases.appendsConfirmed) {
      await session.runEach(
        confirm,
        confirmed.map(({ key, fingerprint, id, sent, removed }) => {
          return [activation, key, fingerprint, id, sent, removed, now, run]
        }),
      )
      return
    }
    for (let start = 0; start < confirmed.length; ) {
      const rows = confirmed.length - start < rowsAtOnce ? 1 : rowsAtOnce
      const bindings: Cell[] = []
      for (let at = start; at < start + rows; at += 1) {
        const { key, fingerprint, id, sent, removed } = confirmed[at] as Confirmation
        bindings.push(activation, key, fingerprint, id, sent, removed, now, run, hashOfKey(key))
      }
      await session.run(rows === 1 ? append : appendMany, bindings)
      start += rows
    }
  }

  /**
   * The newest row of each of those keys that is here, `selected` of it and its key, and the other keys: these are to be
   * looked for in `snapshot`, afterwards.
   */
  async find<Row extends object>(
    session: Session,
    activation: number,
    keys: readonly string[],
    selected: string,
  ): Promise<Found<Row>> {
    const places = await this.#read(session, activation)
    if (places.last === 0) return { confirmed: [], others: keys }
    const confirmed = new Map<string, Row & { readonly key: string }>()
    let sought = keys.flatMap((key) => placeOf(places, key))
    while (sought.length > 0) {
      const rows = await allOverKeys<Row & { readonly id: number; readonly key: string }>(
        session,
        `select id, key, ${selected} from confirmations where id in (:keys)`,
        [],
        [...new Set(sought.map(({ place }) => place))],
      )
      const byPlace = new Map(rows.map((row) => [row.id, row]))
      sought = sought.flatMap(({ key, place }) => {
        const row = byPlace.get(place)
        // Another key has the same hash, or the row was folded meanwhile.
        if (row?.key !== key) return placeOf(places, key, place)
        confirmed.set(key, row)
        return []
      })
    }
    const others = confirmed.size === 0 ? keys : keys.filter((key) => !confirmed.has(key))
    return { confirmed: [...confirmed.values()], others }
  }

  /** Takes what is here of some keys into `snapshot`, within the caller's transaction. */
  async settle(session: Session, activation: number, keys: readonly string[]): Promise<void> {
    if (keys.length === 0) return
    const { confirmed: newest } = await this.find<{ id: number }>(session, activation, keys, 'id')
    if (newest.length === 0) return
    const places = await this.#read(session, activation)
    const older = newest.flatMap(({ key }) => {
      const all = []
      const hash = hashOfKey(key)
      for (let at = places.newest(hash); at !== null; at = places.newest(hash, at)) all.push(at)
      return all
    })
    const settled = new Set(newest.map(({ key }) => key))
    const rows = await allOverKeys<{ id: number; key: string }>(
      session,
      'select id, key from confirmations where id in (:keys)',
      [],
      [...new Set(older)],
    )
    await runOverKeys(
      session,
      takeIn,
      [],
      newest.map(({ id }) => id),
    )
    await runOverKeys(
      session,
      'delete from confirmations where id in (:keys)',
      [],
      rows.filter(({ key }) => settled.has(key)).map(({ id }) => id),
    )
  }

  /** To be called where a transaction failed: what was read in it may not be there. */
  forget(activation: number): void {
    this.#places.delete(activation)
  }

  /** Where the keys of an activation are, those included that were added since the last time. */
  async #read(session: Session, activation: number): Promise<KeyPlaces> {
    const places = this.#places.get(activation) ?? new KeyPlaces()
    const { appendsConfirmed, jsonArray } = this.#database.phrases
    if (!appendsConfirmed) return places
    this.#places.set(activation, places)
    // Nearly always nothing was, and then this costs less.
    const since = [activation, places.last]
    if ((await session.all(areAny, since)).length === 0) return places
    for (let added = hashesPerPage; added === hashesPerPage; ) {
      const [page] = await session.all<{ ids: string; hashes: string }>(
        `select ${jsonArray('id')} as ids, ${jsonArray('key_hash')} as hashes from (
          select id, key_hash from confirmations where activation_id = ? and id > ? order by id limit ${hashesPerPage}) as page`,
        [activation, places.last],
      )
      const ids: number[] = JSON.parse(page?.ids ?? '[]')
      const hashes: number[] = JSON.parse(page?.hashes ?? '[]')
      for (const [index, id] of ids.entries()) places.add(hashes[index] as number, id)
      added = ids.length
    }
    return places
  }
}

function placeOf(places: KeyPlaces, key: string, below?: number) {
  const place = places.newest(hashOfKey(key), below)
  return place === null ? [] : [{ key, place }]
}
