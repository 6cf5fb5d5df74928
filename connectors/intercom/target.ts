import type {
  ConnectorContext,
  Delivery,
  DeliveryPlan,
  Operation,
  RequestCounts,
  Target,
} from '../../src/connector/index.ts'
import { checkAttributes } from './attributes.ts'
import type { BodyOptions } from './body.ts'
import { Client } from './client.ts'
import { deliverCompany } from './companies.ts'
import { ContactWriter } from './contacts.ts'
import { deliverEach } from './deliver.ts'
import { judge } from './failures.ts'
import { baseUrl, type IntercomOptions, versionAtLeast } from './options.ts'
import {
  type ContactIdentifier,
  type Hits,
  searchContacts,
  searchSize,
  unresolved,
} from './resolve.ts'

/** Opens a session. Nothing is sent before `prepare`. */
export function openTarget(
  chosen: IntercomOptions,
  plan: DeliveryPlan,
  context: ConnectorContext,
): Target {
  return new IntercomTarget(chosen, plan, context)
}

type Report = (ordinal: number, delivery: Delivery) => void

class IntercomTarget implements Target {
  /** One search resolves one batch. */
  readonly batchSize = searchSize
  readonly concurrency: number
  readonly #client: Client
  readonly #plan: DeliveryPlan
  readonly #context: ConnectorContext
  #body: BodyOptions
  #searchRefused = false

  constructor(chosen: IntercomOptions, plan: DeliveryPlan, context: ConnectorContext) {
    this.#plan = plan
    this.#context = context
    /** So many that the connections stay busy while a batch is being looked up or has one slow row left. */
    this.concurrency = Math.max(2, Math.ceil((chosen.concurrency * 3) / searchSize))
    this.#body = {
      textAttributes: new Set(),
      numericOwner: !versionAtLeast(chosen.api_version, '2.16'),
    }
    this.#client = new Client(
      {
        baseUrl: baseUrl(chosen),
        token: chosen.token,
        apiVersion: chosen.api_version,
        timeoutMilliseconds: chosen.timeout * 1000,
        concurrency: chosen.concurrency,
      },
      context.clock,
    )
  }

  get requests(): RequestCounts {
    return this.#client.requests
  }

  async prepare(signal: AbortSignal): Promise<void> {
    const textAttributes = await checkAttributes(this.#client, this.#plan, signal)
    this.#body = { ...this.#body, textAttributes }
  }

  deliver(operations: readonly Operation[], report: Report, signal: AbortSignal): Promise<void> {
    if (this.#plan.object === 'company') {
      const company = (operation: Operation, either: AbortSignal) =>
        deliverCompany(this.#client, this.#body, operation, either)
      return deliverEach(operations, company, report, signal)
    }
    return this.#deliverContacts(operations, report, signal)
  }

  close(): Promise<void> {
    return this.#client.close()
  }

  /** Known ids are written at once; the others as soon as they have been looked up. */
  async #deliverContacts(
    operations: readonly Operation[],
    report: Report,
    signal: AbortSignal,
  ): Promise<void> {
    const identifier: ContactIdentifier =
      this.#plan.identifier === 'email' ? 'email' : 'external_id'
    const writer = new ContactWriter(this.#client, identifier, this.#body)
    let lookup: Promise<Hits | Delivery | null> | null = null
    const deliverOne = async (operation: Operation, either: AbortSignal) => {
      if (operation.id !== null) return writer.deliver(operation, new Map(), either)
      lookup ??= this.#lookUp(operations, identifier, either)
      const hits = await lookup
      if (hits === null || 'result' in hits) return hits
      return writer.deliver(operation, hits, either)
    }
    await deliverEach(operations, deliverOne, report, signal)
  }

  /** The ids that one search finds; a delivery that holds for all where it failed; null where nothing was sent. */
  async #lookUp(
    operations: readonly Operation[],
    identifier: ContactIdentifier,
    signal: AbortSignal,
  ): Promise<Hits | Delivery | null> {
    const values = unresolved(operations, identifier)
    if (values.length === 0 || this.#searchRefused) return new Map()
    const found = await searchContacts(this.#client, identifier, values, signal)
    if ('hits' in found) return found.hits
    if (found.failed.kind === 'stopped') return null
    const delivery = judge(found.failed, {})
    if (delivery.result !== 'rejected') return delivery
    if (this.#searchRefused) return new Map()
    this.#searchRefused = true
    this.#context.notice(
      `Intercom refused to search for contacts by ${identifier}: those that exist are found one by one, which takes more calls.`,
    )
    return new Map()
  }
}
