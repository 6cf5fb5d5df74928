import type { Operation } from '../connector/index.ts'
import type { DigestWords } from '../plan/digest.ts'
import type { OperationSpool, PackableRecord, PackableUpdate } from '../plan/interfaces.ts'
import { settledOrdinals } from './applied.ts'
import type { Cell, Database, Session } from './database.ts'
import { OperationPacker } from './operation-packer.ts'
import { type Range, rangesOf } from './ordinal-ranges.ts'
import type { Seal } from './seal.ts'
import {
  type ChunkContent,
  type Head,
  headsOf,
  openChunk,
  operationsOf,
  sealedChunk,
} from './spool-chunks.ts'

/** Operations per row: few rows for a large plan, and little to read to find one operation. */
const operationsPerChunk = 200

/** Operations are held back until there are so many bytes that a transaction is worth its price. */
const bytesPerWrite = 1_000_000

/** Some operations as the table keeps them. */
interface Chunk {
  readonly first: number
  last: number
  count: number
  /** Where in what is held back its bytes end. */
  end: number
  /** Where there is a seal, what stays legible of each. */
  readonly heads: Head[]
}

/** Does some work in a transaction. */
export type Write = <Result>(work: (session: Session) => Promise<Result>) => Promise<Result>

/**
 * The plan of one run on disk. What is still held back when the process dies is not missed: nothing is sent
 * before the whole plan was written, and the next run plans anew.
 */
export class Spool implements OperationSpool {
  readonly #database: Database
  readonly #write: Write
  readonly #run: number
  readonly #seal: Seal | null
  /** What is held back: outside of the heap, where it costs nothing while the plan goes on. */
  readonly #packer = new OperationPacker(bytesPerWrite * 1.25)
  #chunks: Chunk[] = []

  /** With a seal, values are on disk as nobody can read them. */
  constructor(database: Database, write: Write, run: number, seal: Seal | null) {
    this.#database = database
    this.#write = write
    this.#run = run
    this.#seal = seal
  }

  get isFull(): boolean {
    return this.#packer.bytes.length >= bytesPerWrite
  }

  add(operation: Operation): void {
    const chunk = this.#chunkFor(operation)
    this.#packer.add(operation)
    chunk.end = this.#packer.bytes.length
  }

  create(
    ordinal: number,
    key: string,
    digest: DigestWords,
    signature: string,
    record: PackableRecord,
  ): void {
    const chunk = this.#chunkFor({ ordinal, key, kind: 'create' })
    this.#packer.create(ordinal, key, digest, signature, record)
    chunk.end = this.#packer.bytes.length
  }

  update(
    ordinal: number,
    key: string,
    digest: DigestWords,
    signature: string,
    id: string | null,
    update: PackableUpdate,
  ): void {
    const chunk = this.#chunkFor({ ordinal, key, kind: 'update' })
    this.#packer.update(ordinal, key, digest, signature, id, update)
    chunk.end = this.#packer.bytes.length
  }

  /** Adds operations and writes them down, where they are many. */
  async addAll(operations: readonly Operation[]): Promise<void> {
    for (const operation of operations) {
      this.add(operation)
      await this.drain()
    }
  }

  async drain(): Promise<void> {
    if (this.isFull) await this.#flush()
  }

  /** The chunk that the next operation belongs to. */
  #chunkFor({ ordinal, key, kind }: Head): Chunk {
    let chunk = this.#chunks.at(-1)
    if (chunk === undefined || chunk.count === operationsPerChunk) {
      chunk = { first: ordinal, last: ordinal, count: 0, end: 0, heads: [] }
      this.#chunks.push(chunk)
      this.#packer.restart()
      this.#packer.bytes.byte(openChunk)
    }
    if (this.#seal !== null) chunk.heads.push({ ordinal, key, kind })
    chunk.last = ordinal
    chunk.count += 1
    return chunk
  }

  async #flush(): Promise<void> {
    if (this.#chunks.length === 0) return
    let start = 0
    const seal = this.#seal
    const rows = this.#chunks.map(({ first, last, end, heads }): Cell[] => {
      const packed = this.#packer.bytes.view(start, end)
      start = end
      return [this.#run, first, last, seal === null ? packed : sealedChunk(heads, packed, seal)]
    })
    try {
      await this.#write((session) =>
        session.runEach(
          `insert into operations (run_id, first_ordinal, last_ordinal, lines, packed) values (?, ?, ?, '', ?)`,
          rows,
        ),
      )
    } finally {
      this.discard()
    }
  }

  /** Forgets what is held back. */
  discard(): void {
    this.#chunks = []
    this.#packer.bytes.length = 0
  }

  /** The operations without an outcome, in order; each once, whatever is recorded meanwhile. */
  async *pending(size: number): AsyncGenerator<readonly Operation[]> {
    await this.#flush()
    let ready: Operation[] = []
    for await (const { content, settled } of chunksOf(this.#database, this.#run)) {
      for (const operation of operationsOf(content, this.#seal)) {
        if (settled.has(operation.ordinal)) continue
        ready.push(operation)
        if (ready.length < size) continue
        yield ready
        ready = []
      }
    }
    if (ready.length > 0) yield ready
  }
}

/** What was spooled of a run's operations that have no outcome, in order, chunk by chunk, sealed or not. */
export async function* pendingHeads(
  database: Database,
  run: number,
): AsyncGenerator<readonly Head[]> {
  for await (const { content, settled } of chunksOf(database, run)) {
    yield headsOf(content).filter(({ ordinal }) => !settled.has(ordinal))
  }
}

/** A chunk as it lies in the table, and those of its ordinals that have an outcome. */
interface StoredChunk {
  readonly last: number
  readonly content: ChunkContent
  readonly settled: ReadonlySet<number>
}

async function* chunksOf(database: Database, run: number): AsyncGenerator<StoredChunk> {
  let after = -1
  for (;;) {
    const chunk = await database.read((session) => readChunk(session, run, after))
    if (chunk === null) return
    after = chunk.last
    yield chunk
  }
}

interface ChunkRow extends ChunkContent {
  readonly first_ordinal: number
  readonly last_ordinal: number
}

async function readChunk(
  session: Session,
  run: number,
  after: number,
): Promise<StoredChunk | null> {
  const [row] = await session.all<ChunkRow>(
    'select first_ordinal, last_ordinal, lines, packed from operations where run_id = ? and first_ordinal > ? order by first_ordinal limit 1',
    [run, after],
  )
  if (row === undefined) return null
  const settled = await settledOrdinals(session, run, row.first_ordinal, row.last_ordinal)
  return { last: row.last_ordinal, content: row, settled }
}

/** Marks operations as about to be sent: one row, which lists runs of ordinals as `[first, count]`. */
export async function markSending(
  session: Session,
  run: number,
  operations: readonly Operation[],
): Promise<void> {
  const ranges = rangesOf(operations.map(({ ordinal }) => ordinal))
  await session.run('insert into sending (run_id, ordinals) values (?, ?)', [
    run,
    JSON.stringify(ranges),
  ])
}

/** The keys of operations that were marked as about to be sent and have no outcome, in batches. */
export async function* keysInFlight(
  session: Session,
  run: number,
): AsyncGenerator<readonly string[]> {
  let after = 0
  for (;;) {
    const [mark] = await session.all<{ id: number; ordinals: string }>(
      'select id, ordinals from sending where run_id = ? and id > ? order by id limit 1',
      [run, after],
    )
    if (mark === undefined) return
    after = mark.id
    const keys: string[] = []
    for (const [first, count] of JSON.parse(mark.ordinals) as Range[]) {
      const last = first + count - 1
      const settled = await settledOrdinals(session, run, first, last)
      if (settled.size === count) continue
      for (const { ordinal, key } of await readRange(session, run, first, last)) {
        if (!settled.has(ordinal)) keys.push(key)
      }
    }
    if (keys.length > 0) yield keys
  }
}

async function readRange(
  session: Session,
  run: number,
  first: number,
  last: number,
): Promise<readonly Head[]> {
  const rows = await session.all<ChunkContent>(
    'select lines, packed from operations where run_id = ? and first_ordinal <= ? and last_ordinal >= ? order by first_ordinal',
    [run, last, first],
  )
  return rows
    .flatMap((row) => headsOf(row))
    .filter(({ ordinal }) => ordinal >= first && ordinal <= last)
}
