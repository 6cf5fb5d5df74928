import type { Clock, TargetRecord } from '../connector/index.ts'
import type { KnownKey, SnapshotEntry, SnapshotReader, WaitingKey } from '../plan/interfaces.ts'
import { isAdopted } from './adopted.ts'
import type { Confirmations } from './confirmations.ts'
import { countKeys } from './count-keys.ts'
import type { Cell, Database, Phrases, Session } from './database.ts'
import { fold } from './fold.ts'
import { allOverKeys } from './key-lists.ts'
import { findActivation } from './lock.ts'
import { fromColumn, toColumn } from './text.ts'

/** Keys per step of a full scan: steps short enough that a lock renewal never waits for one. */
const keysPerPage = 2_000

/** Keys that have wanted ids, per step: each step looks through all keys that follow. */
const idsPerPage = 20_000

/** The keys of a page that is one row with a JSON text for each column. */
function columnOfKeys<Row extends { readonly keys: string }>([row]: readonly Row[]): string[] {
  return JSON.parse(row?.keys ?? '[]')
}

function keysOfRows<Row extends { readonly key: string }>(rows: readonly Row[]): string[] {
  return rows.map(({ key }) => key)
}

/** What a run of a full pass has to send whatever is confirmed. */
export interface FullPass {
  /** What runs from this one on have confirmed, the pass has come to. */
  readonly firstRun: number
  /** False: only what failed. */
  readonly everything: boolean
}

interface EntryRow {
  readonly key: string
  readonly fingerprint: string | null
  readonly target_id: string | null
  /** As JSON. */
  readonly sent: string | null
  readonly removed: SnapshotEntry['removed']
  readonly unanswered_since: number | null
  readonly unanswered_request: string | null
  readonly again: number
  readonly adopted: number
}

/** Some entries, one JSON text per column: handing over rows one by one takes longer. */
interface EntryPage {
  readonly keys: string
  readonly fingerprints: string
  readonly ids: string
  readonly sent: string
  /** How many of them need a closer look. */
  readonly unusual: number
}

/** In SQL: a column of JSON texts as one JSON array, as text. */
const sentArray = `'[' || coalesce(string_agg(coalesce(sent, 'null'), ','), '') || ']'`

/** In SQL: what the open failure of a key in doubt says of the request that was not answered. */
const unansweredRequest = `case when unanswered_since is null then null else (select request_id from failures
  where failures.activation_id = snapshot.activation_id and failures.key = snapshot.key
  and failures.resolved_at is null and failures.status = 'in_doubt') end as unanswered_request`

/** The snapshot of one activation; an empty one where it never ran. */
export class StoredSnapshot implements SnapshotReader {
  readonly #database: Database
  readonly #confirmations: Confirmations
  readonly #name: string
  readonly #clock: Clock
  readonly #pass: FullPass | null
  /** In SQL: 1 where a row is to be sent again whatever it says. */
  readonly #again: string
  readonly #lookUp: ReturnType<typeof lookUpBy>
  #activation: number | null = null

  /** As in `SnapshotReader`. */
  readonly keysAtOnce: number

  constructor(
    database: Database,
    confirmations: Confirmations,
    activation: string,
    clock: Clock,
    pass: FullPass | null,
  ) {
    this.keysAtOnce = database.phrases.keysAtOnce
    this.#database = database
    this.#confirmations = confirmations
    this.#name = activation
    this.#clock = clock
    this.#pass = pass
    this.#again = pass?.everything ? `case when run_id >= ${pass.firstRun} then 0 else 1 end` : '0'
    this.#lookUp = lookUpBy(database.phrases, this.#again)
  }

  async count(): Promise<number> {
    const activation = await this.#folded()
    if (activation === null) return 0
    return await this.#database.read((session) => countKeys(session, activation))
  }

  async *fingerprints(after?: string): AsyncGenerator<readonly KnownKey[]> {
    const activation = await this.#folded()
    if (activation === null) return
    // A page comes as one JSON text per column: handing over rows one by one costs twice the time.
    const { jsonArray } = this.#database.phrases
    const sql = (condition: string) =>
      `select ${jsonArray('key')} as keys, ${jsonArray('fingerprint')} as fingerprints, ${jsonArray('removed')} as removed,
        ${jsonArray('delivered')} as delivered, ${jsonArray('again')} as again from (
        select key, fingerprint, removed, case when sent is null then 0 else 1 end as delivered, ${this.#again} as again from snapshot where activation_id = ? ${condition} order by key limit ${keysPerPage}
      ) as page`
    type Row = Record<'keys' | 'fingerprints' | 'removed' | 'delivered' | 'again', string>
    const last = after === undefined ? null : toColumn(after)
    const pages = this.#pages(sql, [activation], keysPerPage, columnOfKeys<Row>, last)
    for await (const { keys, rows } of pages) {
      const [row] = rows
      const fingerprints: (string | null)[] = JSON.parse(row?.fingerprints ?? '[]')
      const removed: SnapshotEntry['removed'][] = JSON.parse(row?.removed ?? '[]')
      const delivered: number[] = JSON.parse(row?.delivered ?? '[]')
      const again: number[] = JSON.parse(row?.again ?? '[]')
      yield keys.map((key, index) => ({
        key: fromColumn(key),
        fingerprint: fingerprints[index] ?? null,
        removed: removed[index] ?? null,
        delivered: delivered[index] === 1,
        again: again[index] === 1,
      }))
    }
  }

  async *keys(): AsyncGenerator<readonly string[]> {
    const activation = await this.#folded()
    if (activation === null) return
    const sql = (condition: string) =>
      `select ${this.#database.phrases.jsonArray('key')} as keys from (
        select key from snapshot where activation_id = ? ${condition} order by key limit ${keysPerPage}
      ) as page`
    type Row = { readonly keys: string }
    const pages = this.#pages(sql, [activation], keysPerPage, columnOfKeys<Row>)
    for await (const { keys } of pages) yield keys.map(fromColumn)
  }

  async *keysOf(
    ids: readonly string[],
  ): AsyncGenerator<readonly Pick<SnapshotEntry, 'key' | 'id'>[]> {
    const activation = await this.#folded()
    if (activation === null || ids.length === 0) return
    const wanted = JSON.stringify(ids.map(toColumn))
    const sql = (condition: string) =>
      `select key, target_id from snapshot where activation_id = ? and target_id in (
        select value from ${this.#database.phrases.jsonTexts}
      ) ${condition} order by key limit ${idsPerPage}`
    type Row = Pick<EntryRow, 'key' | 'target_id'>
    const pages = this.#pages(sql, [activation, wanted], idsPerPage, keysOfRows<Row>)
    for await (const { rows } of pages) {
      yield rows.map(({ key, target_id }) => ({
        key: fromColumn(key),
        id: target_id === null ? null : fromColumn(target_id),
      }))
    }
  }

  async entries(keys: readonly string[]): Promise<ReadonlyMap<string, SnapshotEntry>> {
    const entries = new Map<string, SnapshotEntry>()
    const activation = await this.#number()
    if (activation === null) return entries
    await this.#database.read((session) =>
      this.#read(session, activation, keys.map(toColumn), entries),
    )
    return entries
  }

  async #read(
    session: Session,
    activation: number,
    keys: readonly string[],
    into: Map<string, SnapshotEntry>,
  ): Promise<void> {
    const { page, unusual, confirmed } = this.#lookUp
    const found = await this.#confirmations.find<EntryRow>(session, activation, keys, confirmed)
    for (const row of found.confirmed) addEntry(row, into)
    let isUsual = page !== null
    if (page !== null) {
      for (const one of await allOverKeys<EntryPage>(session, page, [activation], found.others)) {
        addPage(one, into)
        isUsual &&= one.unusual === 0
      }
    }
    if (isUsual) return
    for (const row of await allOverKeys<EntryRow>(session, unusual, [activation], found.others)) {
      addEntry(row, into)
    }
  }

  async *waiting(): AsyncGenerator<readonly WaitingKey[]> {
    const activation = await this.#number()
    if (activation === null || this.#pass !== null) return
    const now = this.#clock.now()
    const sql = (condition: string) =>
      `select key, fingerprint, settings from failures where activation_id = ? and resolved_at is null
      and fingerprint is not null and (next_retry is null or next_retry > ?) ${condition} order by key limit ${keysPerPage}`
    const pages = this.#pages(sql, [activation, now], keysPerPage, keysOfRows<WaitingKey>)
    for await (const { rows } of pages) {
      yield rows.map((row) => ({ ...row, key: fromColumn(row.key) }))
    }
  }

  /**
   * Reads page after page, in the order of the keys, until one is not full. `sql`: that of a page, with a condition whose
   * value is bound last; `keysIn`: the keys of a page, as the column has them; `last`: the key to begin behind.
   */
  async *#pages<Row extends object>(
    sql: (condition: string) => string,
    bindings: readonly Cell[],
    limit: number,
    keysIn: (rows: readonly Row[]) => readonly string[],
    last: string | null = null,
  ): AsyncGenerator<{ readonly keys: readonly string[]; readonly rows: readonly Row[] }> {
    let behind = last
    do {
      const rows = await this.#database.read((session) =>
        behind === null
          ? session.all<Row>(sql(''), bindings)
          : session.all<Row>(sql('and key > ?'), [...bindings, behind]),
      )
      const keys = keysIn(rows)
      behind = keys.length === limit ? (keys.at(-1) ?? null) : null
      if (keys.length > 0) yield { keys, rows }
    } while (behind !== null)
  }

  /** The activation, when its snapshot has taken in all that was confirmed. */
  async #folded(): Promise<number | null> {
    const activation = await this.#number()
    if (activation !== null) await fold(this.#database, activation)
    return activation
  }

  async #number(): Promise<number | null> {
    this.#activation ??= await this.#database.read((session) => findActivation(session, this.#name))
    return this.#activation
  }
}

/** The SQL by which entries are looked for. `again`: 1 where a row is to be sent again whatever it says. */
function lookUpBy({ jsonArray }: Phrases, again: string) {
  const columns = `fingerprint, target_id, sent, removed, ${again} as again`
  const some = 'from snapshot where activation_id = ? and key in (:keys)'
  const isUnusual =
    again === '0' ? 'removed is not null or unanswered_since is not null or sent is null' : '1 = 1'
  const page = `select ${jsonArray('key')} as keys, ${jsonArray('fingerprint')} as fingerprints, ${jsonArray('target_id')} as ids,
      ${sentArray} as sent, count(case when ${isUnusual} then 1 end) as unusual ${some}`
  return {
    /** Null where all of them need a closer look. */
    page: again === '0' ? page : null,
    unusual: `select key, ${columns}, unanswered_since, ${unansweredRequest}, case when ${isAdopted} then 1 else 0 end as adopted
      ${some} and (${isUnusual})`,
    confirmed: `${columns}, null as unanswered_since, null as unanswered_request, 0 as adopted`,
  }
}

/** Adds entries of which nothing else is to be said; others are added anew. */
function addPage(page: EntryPage, into: Map<string, SnapshotEntry>): void {
  const keys: string[] = JSON.parse(page.keys)
  const fingerprints: (string | null)[] = JSON.parse(page.fingerprints)
  const ids: (string | null)[] = JSON.parse(page.ids)
  const sent: (TargetRecord | null)[] = JSON.parse(page.sent)
  for (let index = 0; index < keys.length; index += 1) {
    const key = fromColumn(keys[index] as string)
    const id = ids[index] ?? null
    into.set(key, {
      key,
      fingerprint: fingerprints[index] ?? null,
      id: id === null ? null : fromColumn(id),
      sent: sent[index] ?? null,
      removed: null,
    })
  }
}

function addEntry(row: EntryRow, into: Map<string, SnapshotEntry>): void {
  const { fingerprint, target_id, sent, removed, unanswered_since, unanswered_request } = row
  const entry: SnapshotEntry = {
    key: fromColumn(row.key),
    fingerprint,
    id: target_id === null ? null : fromColumn(target_id),
    sent: sent === null ? null : JSON.parse(sent),
    removed,
    ...(row.again === 1 && { again: true }),
    ...(row.adopted === 1 && { adopted: true }),
    ...(unanswered_since !== null && { unansweredSince: unanswered_since }),
    ...(unanswered_request !== null && { unansweredRequest: unanswered_request }),
  }
  into.set(entry.key, entry)
}
