import {
  type CheckPoint,
  ConfigurationError,
  type Delivery,
  type DeliveryPlan,
  type Found,
  type Operation,
  type RequestCounts,
  type Target,
  type TargetWorkspace,
} from '../../src/connector/index.ts'
import { type AttributeRules, fitAttributes } from './attribute-values.ts'
import { prepareAttributes } from './attributes.ts'
import { checkTarget } from './check.ts'
import { Client } from './client.ts'
import { CompanyWriter } from './companies.ts'
import { contactPlanProblems } from './contact-plan.ts'
import { ContactWriter } from './contacts.ts'
import { ConversationWriter } from './conversations.ts'
import { deliverBatch } from './deliver.ts'
import { findRecords } from './find.ts'
import { openLists } from './list-delivery.ts'
import type { ListDelivery } from './lists.ts'
import { baseUrl, type IntercomOptions, versionAtLeast } from './options.ts'
import { searchSize } from './resolve.ts'
import type { RecordWriter, Session } from './session.ts'
import { workspaceBehind } from './workspace.ts'

/** Opens a session. Nothing is sent before `prepare`. */
export function openTarget(
  chosen: IntercomOptions,
  plan: DeliveryPlan,
  context: Session['context'],
): Target {
  return new IntercomTarget(chosen, plan, context)
}

class IntercomTarget implements Target {
  /** One search resolves one batch, and one request tags it. */
  readonly batchSize = searchSize
  readonly workspace: TargetWorkspace
  readonly #chosen: IntercomOptions
  readonly #session: Session
  readonly #writer: RecordWriter
  readonly #lists: ListDelivery
  #attributes: AttributeRules = new Map()

  constructor(chosen: IntercomOptions, plan: DeliveryPlan, context: Session['context']) {
    this.#chosen = chosen
    const client = new Client(
      {
        baseUrl: baseUrl(chosen),
        token: chosen.token,
        apiVersion: chosen.api_version,
        timeoutMilliseconds: chosen.timeout * 1000,
        concurrency: chosen.concurrency,
        share: chosen.rate_limit,
      },
      context.clock,
    )
    this.workspace = workspaceBehind(client)
    this.#session = {
      client,
      plan,
      context,
      apiVersion: chosen.api_version,
      goneIds: new Set(),
      body: { numericOwner: !versionAtLeast(chosen.api_version, '2.16') },
    }
    this.#writer = writerOf(this.#session)
    this.#lists = openLists(this.#session)
  }

  /** So many that the connections stay busy while a batch is being looked up or has one slow row left. */
  get concurrency(): number {
    return Math.max(2, Math.ceil((this.#session.client.concurrency * 3) / searchSize))
  }

  get requests(): RequestCounts {
    return this.#session.client.requests
  }

  async prepare(signal: AbortSignal): Promise<void> {
    const problems = this.#planProblems()
    if (problems.length > 0) throw new ConfigurationError(problems)
    this.#attributes = await prepareAttributes(this.#session, signal)
  }

  deliver(
    operations: readonly Operation[],
    report: (ordinal: number, delivery: Delivery) => void,
    signal: AbortSignal,
  ): Promise<void> {
    this.#session.client.endWhenRefused()
    const fitting = fitAttributes(operations, this.#attributes, report)
    return deliverBatch(fitting, this.#writer.begin(fitting), this.#lists, report, signal)
  }

  async check(sample: readonly Operation[], signal: AbortSignal): Promise<readonly CheckPoint[]> {
    const points = await checkTarget(this.#session, this.#chosen, sample, signal)
    const problems = this.#planProblems().map(({ message }) => ({
      name: 'mapping',
      status: 'failed' as const,
      message,
    }))
    return [...problems, ...points]
  }

  find(operations: readonly Operation[], signal: AbortSignal): Promise<ReadonlyMap<number, Found>> {
    return findRecords(this.#session, operations, signal)
  }

  close(): Promise<void> {
    return this.#session.client.close()
  }

  #planProblems() {
    return contactPlanProblems(this.#session.plan, this.#session.apiVersion)
  }
}

function writerOf(session: Session): RecordWriter {
  if (session.plan.object === 'company') return new CompanyWriter(session)
  if (session.plan.object === 'conversation') return new ConversationWriter()
  return new ContactWriter(session)
}
