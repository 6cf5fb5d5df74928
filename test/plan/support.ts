import { expect } from 'vitest'
import type { Activation, FieldMapping } from '../../src/config/activation.ts'
import type { Column, Operation, RowBatch, TargetObject, Value } from '../../src/connector/index.ts'
import { digest } from '../../src/plan/digest.ts'
import { entriesPerChunk } from '../../src/plan/digest-column.ts'
import { BlockBuilder, type EntryBlock } from '../../src/plan/entry-block.ts'
import {
  type IndexBasis,
  type IndexContent,
  type IndexSection,
  indexFlag,
  indexSections,
  type KeptIndex,
  type Overflow,
  type PlanDraft,
  type PlanSink,
  type PlanTotals,
  type RejectedRow,
  type RenewedKey,
  type SnapshotEntry,
  type SnapshotIndex,
  type SnapshotReader,
  type WaitingKey,
} from '../../src/plan/interfaces.ts'
import type { EntryWriter, KeptEntries, SortedEntries } from '../../src/plan/merge-interfaces.ts'
import { planByMerging } from '../../src/plan/merge-planner.ts'
import { planActivation } from '../../src/plan/planner.ts'
import { rowContent } from '../../src/plan/row-content.ts'

export const person: TargetObject = {
  name: 'contact',
  description: 'A person.',
  order: 2,
  fields: [
    { name: 'external_id', type: 'string', description: 'Your id.' },
    { name: 'email', type: 'string', description: 'Email.', caseInsensitive: true },
    { name: 'name', type: 'string', description: 'Name.', maxLength: 10 },
    { name: 'signed_up_at', type: 'date', description: 'When.' },
    { name: 'seats', type: 'integer', description: 'How many.', minimum: 0, maximum: 100 },
    { name: 'score', type: 'float', description: 'How good.' },
    { name: 'vip', type: 'boolean', description: 'Whether.' },
    {
      name: 'role',
      type: 'string',
      description: 'Role.',
      choices: ['user', 'lead'],
      nullable: false,
    },
  ],
  custom: { prefix: 'custom_attributes.', field: { type: 'any', description: 'Your own.' } },
  modes: {
    upsert: ['id', 'external_id', 'email'],
    update: ['id', 'external_id', 'email'],
    insert: [],
    delete: ['id', 'external_id', 'email'],
    archive: ['id', 'external_id', 'email'],
  },
  lists: ['tags', 'companies'],
  removals: ['keep', 'archive', 'delete', 'untag'],
  unarchives: true,
  tagsNeedAdmin: false,
  requiresOneOf: ['external_id', 'email'],
}

/** A field mapped to a column, or to a constant. */
export function field(
  name: string,
  column: string,
  onNull: 'clear' | 'skip' = 'clear',
): FieldMapping {
  return { field: name, from: { column }, onNull, when: 'always' }
}

export function activation(parts: Partial<Activation> = {}): Activation {
  return {
    name: 'people',
    file: 'activations/people.yaml',
    source: 'warehouse',
    query: 'select 1',
    target: 'crm',
    object: person,
    mode: 'upsert',
    identifier: 'external_id',
    key: null,
    planBy: 'hash',
    fields: [
      field('external_id', 'id'),
      field('name', 'name'),
      field('custom_attributes.plan', 'plan', 'skip'),
    ],
    tags: null,
    companies: null,
    createMissingCompanies: false,
    createAttributes: false,
    keepValues: true,
    adminId: null,
    onRemoved: 'keep',
    onArchived: 'fail',
    guards: { minRows: null, maxChanges: null, maxRemovals: null, maxFailures: null },
    after: [],
    problemAt: (path, message) => ({ message: `${path.join('.')}: ${message}` }),
    positionInQuery: () => ({ file: 'activations/people.yaml', line: 1, column: 1 }),
    ...parts,
  }
}

export const columns: readonly Column[] = [
  { name: 'id', type: 'text', sourceType: 'text' },
  { name: 'name', type: 'text', sourceType: 'text' },
  { name: 'plan', type: 'text', sourceType: 'text' },
]

export type Row = readonly Value[]

export async function* inBatches(rows: readonly Row[], size: number): AsyncGenerator<RowBatch> {
  for (let start = 0; start < rows.length; start += size) {
    const part = rows.slice(start, start + size)
    yield { size: part.length, values: (index) => part[index] as Row }
  }
}

/** Rows in batches with hashes, and how many of them were looked into. */
export function hashed(rows: readonly Row[], size: number) {
  const counted = { read: 0 }
  const texts = rows.map((row) => rowContent(row, [...row.keys()]))
  async function* batches(): AsyncGenerator<RowBatch> {
    let start = 0
    for await (const batch of inBatches(rows, size)) {
      const first = start
      start += batch.size
      yield {
        size: batch.size,
        values(index) {
          counted.read += 1
          return batch.values(index)
        },
        hash: (index, into) => digest(texts[first + index] ?? '', into),
      }
    }
  }
  return { batches: batches(), counted }
}

const allSections = ['keys', 'hashes', 'flags', 'fingerprints'] as const

async function bytesOf(pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  for await (const piece of pieces) parts.push(piece.slice())
  return new Uint8Array(Buffer.concat(parts))
}

/** An index in memory. */
export class Index implements SnapshotIndex {
  /** Whether changes are kept as such, where there is something that they change. */
  isAmended = true
  /** Whether the snapshot is as it was when this was kept. */
  isCurrent = false
  kept: {
    basis: IndexBasis
    count: number
    disorder: number
    sections: Map<string, Uint8Array>
  } | null = null
  opened = 0
  /** How often it was written as a whole. */
  written = 0
  /** A section that cannot be read. */
  damaged: IndexSection | null = null

  async open(): Promise<KeptIndex | null> {
    const { kept, isCurrent, damaged } = this
    if (kept === null) return null
    this.opened += 1
    return {
      basis: kept.basis,
      count: kept.count,
      disorder: kept.disorder,
      isCurrent,
      async *pieces(section) {
        const bytes = kept.sections.get(section) ?? new Uint8Array()
        const size = entriesPerChunk * indexSections[section]
        for (let at = 0; at < bytes.length; at += size) yield bytes.slice(at, at + size)
        if (section === damaged) throw new Error('damaged')
      },
      fill: async (section, room) => {
        room.set(kept.sections.get(section) ?? [])
        if (section === damaged) throw new Error('damaged')
      },
      amend: async (changes) => {
        if (!this.isAmended) return false
        const sections = new Map<string, Uint8Array>()
        const news = await changes.sections()
        for (const section of allSections) {
          const width = indexSections[section]
          const bytes = Buffer.from(kept.sections.get(section) ?? [])
          for (const entry of changes.gone) {
            bytes.fill(section === 'flags' ? indexFlag.gone : 0, entry * width, (entry + 1) * width)
          }
          const added = news.get(section) ?? new Uint8Array()
          expect(added.length).toBe(changes.added * width)
          sections.set(section, new Uint8Array(Buffer.concat([bytes, added])))
        }
        const { disorder } = changes
        this.kept = { ...kept, count: kept.count + changes.added, disorder, sections }
        this.isCurrent = true
        return true
      },
      close: async () => {
        this.opened -= 1
      },
    }
  }

  /** What was put beside it; null where there is no room. */
  beside: Map<number, Uint8Array> | null = new Map()

  async overflow(): Promise<Overflow | null> {
    const { beside } = this
    if (beside === null) return null
    this.opened += 1
    return {
      write: async (bytes, at) => {
        beside.set(at, bytes.slice())
        return true
      },
      read: async (into, at) => into.set(beside.get(at) ?? []),
      close: async () => {
        this.opened -= 1
        beside.clear()
      },
    }
  }

  async write(content: IndexContent): Promise<void> {
    const { basis, count, disorder, changes = null } = content
    if (changes !== null && (await changes.kept.amend(changes, 'token'))) return
    const sections = new Map<string, Uint8Array>()
    for (const section of allSections) {
      sections.set(section, await bytesOf(content.pieces(section)))
      expect(sections.get(section)?.length).toBe(count * indexSections[section])
    }
    this.kept = { basis, count, disorder, sections }
    this.isCurrent = true
    this.written += 1
  }
}

/** Sorted entries in memory, handed out a few at a time. */
export class Entries implements SortedEntries {
  isCurrent = false
  kept: { basis: IndexBasis; blocks: readonly EntryBlock[] } | null = null
  opened = 0
  /** Blocks that can be read; beyond them all is damaged. */
  whole = Number.POSITIVE_INFINITY
  written = 0

  async open(): Promise<KeptEntries | null> {
    const { kept, isCurrent, whole } = this
    if (kept === null) return null
    this.opened += 1
    return {
      basis: kept.basis,
      isCurrent,
      async *blocks() {
        for (const [number, block] of kept.blocks.flatMap(inPieces).entries()) {
          if (number >= whole) throw new Error('damaged')
          yield block
        }
      },
      close: async () => {
        this.opened -= 1
      },
    }
  }

  async begin(basis: IndexBasis): Promise<EntryWriter> {
    const blocks: EntryBlock[] = []
    this.opened += 1
    let isOpen = true
    const end = () => {
      if (isOpen) this.opened -= 1
      isOpen = false
    }
    return {
      append: async (block) => {
        blocks.push(copyOf(block))
      },
      revise: async (change) => {
        for (const block of blocks) change(block)
      },
      keep: async () => {
        end()
        this.written += 1
        this.kept = { basis, blocks }
        this.isCurrent = true
        return null
      },
      discard: async () => end(),
    }
  }
}

/** A block as some of three entries, with an empty one before them. */
function inPieces(block: EntryBlock): EntryBlock[] {
  const builder = new BlockBuilder()
  const pieces = [copyOf(builder.take())]
  for (let start = 0; start < block.count; start += 3) {
    builder.copy(block, start, Math.min(start + 3, block.count))
    pieces.push(copyOf(builder.take()))
  }
  return pieces
}

function copyOf({ count, hashes, fingerprints, flags, ends, keys }: EntryBlock): EntryBlock {
  return {
    count,
    hashes: hashes.slice(),
    fingerprints: fingerprints.slice(),
    flags: flags.slice(),
    ends: ends.slice(),
    keys: keys.slice(),
  }
}

/** A snapshot in memory. */
export class Snapshot implements SnapshotReader {
  readonly kept: Map<string, SnapshotEntry>
  lookUps = 0
  keysAtOnce = 500
  /** The keys that failed and wait. */
  held: readonly WaitingKey[] = []

  constructor(entries: Iterable<SnapshotEntry> = []) {
    this.kept = new Map([...entries].map((entry) => [entry.key, entry]))
  }

  async count(): Promise<number> {
    return this.kept.size
  }

  async *fingerprints(after?: string) {
    const order = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b))
    const entries = [...this.kept.values()]
      .filter(({ key }) => after === undefined || order(key, after) > 0)
      .sort((a, b) => order(a.key, b.key))
    // Batches of an odd size, and of none.
    for (let start = 0; start <= entries.length; start += 3) {
      yield entries.slice(start, start + 3).map(({ key, fingerprint, removed, sent, again }) => {
        return { key, fingerprint, removed, delivered: sent !== null, again: again ?? false }
      })
    }
  }

  async *keys() {
    for await (const known of this.fingerprints()) yield known.map(({ key }) => key)
  }

  async *keysOf(ids: readonly string[]) {
    const all = [...this.kept.values()]
    const isWanted = ({ id }: SnapshotEntry) => id !== null && ids.includes(id)
    for (const { key, id } of all.filter(isWanted)) yield [{ key, id }]
  }

  async entries(keys: readonly string[]): Promise<ReadonlyMap<string, SnapshotEntry>> {
    this.lookUps += 1
    const found = keys.map((key) => this.kept.get(key)).filter((entry) => entry !== undefined)
    return new Map(found.map((entry) => [entry.key, entry]))
  }

  async *waiting() {
    yield this.held
  }

  /** What is known once every operation has been applied. */
  after(operations: readonly Operation[]): Snapshot {
    const applied = new Snapshot(this.kept.values())
    for (const { key, id, kind, held, record, fingerprint, removal } of operations) {
      applied.kept.set(key, {
        key,
        fingerprint: removal ? null : fingerprint,
        id: id ?? `id of ${key}`,
        sent: kind === 'delete' ? record : { ...held, ...record },
        removed: removal && kind !== 'create' && kind !== 'update' ? kind : null,
      })
    }
    return applied
  }
}

/** A sink that holds its callers to the contract of `PlanSink`. */
export class Sink implements PlanSink {
  readonly #planned = new Map<number, { operation: Operation } | { rejected: RejectedRow }>()
  #last = -1
  largestBatch = 0
  readonly waiting: string[] = []
  readonly renewed: RenewedKey[] = []

  async add(operations: readonly Operation[]): Promise<void> {
    this.largestBatch = Math.max(this.largestBatch, operations.length)
    for (const operation of operations) {
      if (operation.ordinal <= this.#last) throw new Error('ordinals do not grow')
      this.#last = operation.ordinal
      this.#planned.set(operation.ordinal, { operation })
    }
  }

  async reject(rows: readonly RejectedRow[]): Promise<void> {
    for (const rejected of rows) this.#planned.set(rejected.ordinal, { rejected })
  }

  async wait(keys: readonly string[]): Promise<void> {
    this.waiting.push(...keys)
  }

  async renew(keys: readonly RenewedKey[]): Promise<void> {
    this.renewed.push(...keys)
  }

  get plan(): { operation?: Operation; rejected?: RejectedRow }[] {
    return [...this.#planned.keys()].sort((a, b) => a - b).map((at) => this.#planned.get(at) ?? {})
  }

  get operations(): Operation[] {
    return this.plan.flatMap(({ operation }) => operation ?? [])
  }

  get rejected(): RejectedRow[] {
    return this.plan.flatMap(({ rejected }) => rejected ?? [])
  }
}

export interface Planned {
  readonly totals: PlanTotals
  readonly operations: readonly Operation[]
  readonly rejected: readonly RejectedRow[]
  readonly plan: unknown
  readonly sink: Sink
  /** What can be kept of the rows; only with an index. */
  readonly draft: PlanDraft | null
  /** How many rows were looked into; only with an index. */
  readonly read: number
}

export async function plan(
  rows: readonly Row[],
  options: {
    snapshot?: Snapshot
    /** With an index the rows have hashes; with entries they are merged. */
    index?: Index | Entries
    hashedAs?: string
    activation?: Activation
    columns?: readonly Column[]
    batchSize?: number
    onRows?: (rows: number) => void
  } = {},
): Promise<Planned> {
  const sink = new Sink()
  const batchSize = options.batchSize ?? 100
  const { batches, counted } = hashed(rows, batchSize)
  const hashing = {
    batches,
    hashedAs: options.hashedAs ?? 'text',
    onDraft: (made: PlanDraft) => {
      draft = made
    },
  }
  let draft: PlanDraft | null = null
  const { index } = options
  const planning = {
    activation: options.activation ?? activation(),
    columns: options.columns ?? columns,
    ...(index === undefined ? { batches: inBatches(rows, batchSize) } : hashing),
    snapshot: options.snapshot ?? new Snapshot(),
    sink,
    onRows: options.onRows,
  }
  const totals = await (index instanceof Entries
    ? planByMerging({ ...planning, sorted: index, orderedBy: 'id' })
    : planActivation({ ...planning, index }))
  return {
    totals,
    operations: sink.operations,
    rejected: sink.rejected,
    plan: sink.plan,
    sink,
    draft,
    read: counted.read,
  }
}
