import { CompanyIds } from './company-ids.ts'
import { ContactCompanies } from './contact-companies.ts'
import { interrupted } from './deliver.ts'
import { ListChange, type ListName, type Refused } from './list-change.ts'
import type { ListDelivery, ListFailure, Placed } from './lists.ts'
import type { Session } from './session.ts'
import { sideBySide } from './side-by-side.ts'
import { Tags } from './tags.ts'

/** What brings one list of a batch of records into the wanted state: settles every addition and removal. */
export interface ListWriter {
  deliver(changes: readonly ListChange[], signal: AbortSignal): Promise<void>
}

type Report = (ordinal: number, failure: ListFailure | null) => void

/** What brings the lists of one activation's records into the wanted state. */
export function openLists(session: Session): ListDelivery {
  const tags = new Tags(session)
  const companies = new ContactCompanies(session, new CompanyIds(session))
  const writers: readonly [ListName, ListWriter][] = [
    ['tags', tags],
    ['companies', companies],
  ]
  return {
    async deliver(placed, report, signal) {
      const batch = placed.map((each) => new RecordLists(each, report))
      try {
        const deliver = ([list, writer]: (typeof writers)[number], either: AbortSignal) =>
          writer.deliver(
            batch.flatMap(({ changes }) =>
              changes.filter((change) => change.list === list && change.unsettled > 0),
            ),
            either,
          )
        await sideBySide(writers, deliver, signal)
      } finally {
        for (const lists of batch) lists.breakOff()
      }
    },
  }
}

/** The lists of one operation, reported once. */
class RecordLists {
  readonly changes: readonly ListChange[]
  readonly #placed: Placed
  readonly #report: Report
  readonly #total: number
  #reported = false

  constructor(placed: Placed, report: Report) {
    this.#placed = placed
    this.#report = report
    const settled = () => this.#reportOnceSettled()
    this.changes = [
      new ListChange(placed, 'tags', settled),
      new ListChange(placed, 'companies', settled),
    ]
    this.#total = this.#unsettled()
    this.#reportOnceSettled()
  }

  /** No further request is made: reports what was begun and not ended. */
  breakOff(): void {
    if (this.#reported || this.#unsettled() === this.#total) return
    this.#end({ ...(interrupted() as ListFailure), held: this.#held() })
  }

  #unsettled(): number {
    return this.changes.reduce((sum, change) => sum + change.unsettled, 0)
  }

  #reportOnceSettled(): void {
    if (this.#unsettled() > 0) return
    const refusals = this.changes.flatMap(({ refused }) => refused ?? [])
    const first = refusals.find(({ result }) => result !== 'rejected') ?? refusals[0]
    this.#end(first === undefined ? null : this.#failureOf(first))
  }

  #failureOf(refused: Refused): ListFailure {
    const failure = { id: this.#placed.id, ...refused }
    const wasNever = failure.id === null && this.#placed.operation.held === null
    return { ...failure, held: wasNever ? undefined : this.#held() }
  }

  #end(failure: ListFailure | null): void {
    this.#reported = true
    this.#report(this.#placed.operation.ordinal, failure)
  }

  #held(): ListFailure['held'] {
    const { record, held } = this.#placed.operation
    const lists = this.changes.filter(
      ({ list }) => record[list] !== undefined || held?.[list] !== undefined,
    )
    return Object.fromEntries(lists.map((change) => [change.list, change.held]))
  }
}
