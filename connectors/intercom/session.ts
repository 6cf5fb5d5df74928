import type {
  ConnectorContext,
  Delivery,
  DeliveryPlan,
  KnownIds,
  Operation,
} from '../../src/connector/index.ts'
import type { BodyOptions } from './body.ts'
import type { Client } from './client.ts'

/** What everything that writes for one activation shares. */
export interface Session {
  readonly client: Client
  readonly plan: DeliveryPlan
  readonly context: ConnectorContext & { readonly knownIds: KnownIds }
  readonly body: BodyOptions
  /** As in `Intercom-Version`. */
  readonly apiVersion: string
  /** Ids of records that Intercom no longer has, whatever its search still shows. */
  readonly goneIds: Set<string>
}

/** One operation's result, or null where nothing was sent because the run is being stopped. */
export type DeliverOne = (operation: Operation, signal: AbortSignal) => Promise<Delivery | null>

/** Writes the records of one object, without their lists. */
export interface RecordWriter {
  /**
   * Begins a batch; what is returned is called once for each of its operations, side by side. It resolves to
   * `applied` with the id where the record is as wanted, and to null where nothing was sent since the run is being
   * stopped. It is not called where only lists differ and the id is known.
   */
  begin(operations: readonly Operation[]): DeliverOne
}
