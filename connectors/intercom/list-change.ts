import type { Delivery, List, Operation } from '../../src/connector/index.ts'
import type { Placed } from './lists.ts'

/** A delivery that says why something did not work. */
export type Refused = Exclude<Delivery, { result: 'applied' }>

export type ListName = 'tags' | 'companies'

/** An entry of a list as it is compared: tags without regard to letter case (OAS:28696-28704), `company_id`s exactly. */
export function comparable(list: ListName, entry: string): string {
  return list === 'tags' ? entry.trim().toLowerCase() : entry
}

/** One list of one operation on its way from what millrace put there to what is wanted. */
export class ListChange {
  readonly operation: Operation
  readonly list: ListName
  /** Intercom's id of the record that the list hangs on. */
  readonly id: string
  /** Wanted, and not there as far as is known, or to be put there once more. */
  readonly additions: readonly string[]
  /** Put there by millrace, and no longer wanted. */
  readonly removals: readonly string[]
  readonly #there: Map<string, string>
  readonly #onSettled: () => void
  #unsettled: number
  #refused: Refused | null = null

  /** `onSettled` is called whenever one more addition or removal has ended. */
  constructor({ operation, id, moved }: Placed, list: ListName, onSettled: () => void) {
    const wanted = entries(list, operation.record[list])
    const held = entries(list, operation.held?.[list])
    const managed = Array.isArray(operation.record[list])
    this.operation = operation
    this.list = list
    this.id = id
    const there = moved || operation.again === true ? new Map<string, string>() : held
    this.additions = managed ? without(wanted, there) : []
    this.removals = managed ? without(held, wanted) : []
    this.#there = new Map([...held].filter(([entry]) => !moved || !wanted.has(entry)))
    this.#unsettled = this.additions.length + this.removals.length
    this.#onSettled = onSettled
  }

  /** How many additions and removals have not ended. */
  get unsettled(): number {
    return this.#unsettled
  }

  /** Why something did not work; what time can cure goes before what it cannot. Null where nothing failed. */
  get refused(): Refused | null {
    return this.#refused
  }

  /** What millrace put there and is there now, sorted; a lost answer leaves it as it was. */
  get held(): List {
    return [...this.#there.values()].sort()
  }

  /** An addition was confirmed, in whatever spelling. */
  added(entry: string): void {
    const key = comparable(this.list, entry)
    const own = this.additions.find((each) => comparable(this.list, each) === key)
    this.#there.set(key, own ?? entry)
    this.#settle()
  }

  /** A removal was confirmed, or what was to be removed is not there. */
  removed(entry: string): void {
    this.#there.delete(comparable(this.list, entry))
    this.#settle()
  }

  /** An addition or a removal failed. */
  failed(refused: Refused): void {
    if (this.#refused === null || this.#refused.result === 'rejected') this.#refused = refused
    this.#settle()
  }

  #settle(): void {
    this.#unsettled -= 1
    this.#onSettled()
  }
}

function entries(list: ListName, value: unknown): ReadonlyMap<string, string> {
  const names: readonly string[] = Array.isArray(value) ? value : []
  // The first spelling counts.
  return new Map([...names].reverse().map((entry) => [comparable(list, entry), entry]))
}

function without(
  from: ReadonlyMap<string, string>,
  taken: ReadonlyMap<string, string>,
): readonly string[] {
  return [...from].filter(([entry]) => !taken.has(entry)).map(([, name]) => name)
}
