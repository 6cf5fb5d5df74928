import type { Clock, Operation } from '../connector/index.ts'
import type { PlanSink, RejectedRow, SnapshotReader } from '../plan/interfaces.ts'
import { writeBasis } from './basis.ts'
import type { Confirmations } from './confirmations.ts'
import type { Database, Session } from './database.ts'
import { writeAsHolder } from './lock.ts'
import { dropRun } from './retention.ts'
import { Seal } from './seal.ts'
import { StoredSnapshot } from './snapshot.ts'
import { forgetToken } from './snapshot-token.ts'
import { Spool } from './spool.ts'
import type { AdoptionState, Basis, Link, Lock } from './store.ts'
import { toColumn } from './text.ts'

const keepId = `insert into snapshot (activation_id, key, target_id, confirmed_at) values (?, ?, ?, ?)
  on conflict (activation_id, key) do update set target_id = excluded.target_id,
  confirmed_at = coalesce(snapshot.confirmed_at, excluded.confirmed_at) where snapshot.target_id is null`

/** Takes the operation of the same ordinal out of what is pending. */
const leaveOut = `insert into outcomes (run_id, ordinal, status, created, attempts) values (?, ?, 'rejected', 0, 0)
  on conflict (run_id, ordinal) do nothing`

/** A run of the store's that links rows instead of delivering them, and that is forgotten once it has ended. */
export interface BegunAdoption {
  readonly database: Database
  readonly confirmations: Confirmations
  readonly clock: Clock
  readonly lock: Lock
  readonly run: number
  readonly activation: number
  readonly keepValues: boolean
}

/** What linking writes, over a database. */
export class StoredAdoption implements AdoptionState {
  readonly sink: PlanSink
  readonly #begun: BegunAdoption
  readonly #spool: Spool
  readonly #snapshot: SnapshotReader

  constructor(begun: BegunAdoption) {
    const { database, confirmations, clock, lock, run, keepValues } = begun
    const seal = keepValues ? null : new Seal()
    const spool = new Spool(database, (work) => this.#write(work), run, seal)
    this.sink = {
      spool,
      add: (operations) => spool.addAll(operations),
      reject: (rows) => this.#leaveOut(rows),
      wait: async () => undefined,
      renew: async () => undefined,
    }
    this.#begun = begun
    this.#spool = spool
    this.#snapshot = new StoredSnapshot(database, confirmations, lock.activation, clock, null)
  }

  pending(size: number): AsyncIterable<readonly Operation[]> {
    return this.#spool.pending(size)
  }

  async known(keys: readonly string[]): Promise<ReadonlySet<string>> {
    const entries = await this.#snapshot.entries(keys)
    return new Set(
      keys.filter((key) => {
        const entry = entries.get(key)
        return entry !== undefined && (entry.id !== null || entry.removed !== null)
      }),
    )
  }

  async link(links: readonly Link[]): Promise<void> {
    if (links.length === 0) return
    const { activation, clock, confirmations } = this.#begun
    const now = clock.now()
    await this.#write(async (session) => {
      await forgetToken(session, activation)
      await confirmations.settle(
        session,
        activation,
        links.map(({ key }) => toColumn(key)),
      )
      await session.runEach(
        keepId,
        links.map(({ key, id }) => [activation, toColumn(key), toColumn(id), now]),
      )
    })
  }

  async restOn(basis: Basis): Promise<void> {
    await this.#write((session) => writeBasis(session, this.#begun.activation, basis))
  }

  async finish(): Promise<void> {
    this.#spool.discard()
    await dropRun(this.#begun.database, this.#begun.run)
  }

  async #leaveOut(rows: readonly RejectedRow[]): Promise<void> {
    const { run } = this.#begun
    await this.#write((session) =>
      session.runEach(
        leaveOut,
        rows.map(({ ordinal }) => [run, ordinal]),
      ),
    )
  }

  #write<Result>(work: (session: Session) => Promise<Result>): Promise<Result> {
    return writeAsHolder(this.#begun.database, this.#begun.lock, work)
  }
}
