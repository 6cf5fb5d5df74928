import type { Operation } from '../connector/index.ts'
import { JsonBytes } from '../plan/json-bytes.ts'
import { settledOrdinals } from './applied.ts'
import type { Cell, Database, Session } from './database.ts'
import { LineWriter } from './operation-lines.ts'
import { type Range, rangesOf } from './ordinal-ranges.ts'
import type { Seal } from './seal.ts'
import { type Head, headLine, headsIn, openChunk, sealedChunk } from './spool-lines.ts'

/** Operations per row: few rows for a large plan, and little to parse to find one operation. */
const operationsPerChunk = 200

/** Operations are held back until there is so much text that a transaction is worth its price. */
const bytesPerWrite = 1_000_000

/** Some operations as the table keeps them. */
interface Chunk {
  readonly first: number
  last: number
  count: number
  /** Where in what is held back its text ends. */
  end: number
  /** Where there is a seal, what stays legible of each. */
  readonly heads: string[]
}

/** Does some work in a transaction. */
export type Write = <Result>(work: (session: Session) => Promise<Result>) => Promise<Result>

/**
 * The plan of one run on disk. What is still held back when the process dies is not missed: nothing is sent
 * before the whole plan was written, and the next run plans anew.
 */
export class Spool {
  readonly #database: Database
  readonly #write: Write
  readonly #run: number
  readonly #seal: Seal | null
  /** What is held back: outside of the heap, where it costs nothing while the plan goes on. */
  readonly #text = new JsonBytes(bytesPerWrite * 1.25)
  readonly #lines = new LineWriter(this.#text)
  #chunks: Chunk[] = []

  /** With a seal, values are on disk as nobody can read them. */
  constructor(database: Database, write: Write, run: number, seal: Seal | null) {
    this.#database = database
    this.#write = write
    this.#run = run
    this.#seal = seal
  }

  async add(operations: readonly Operation[]): Promise<void> {
    for (let start = 0; start < operations.length; start += operationsPerChunk) {
      this.#hold(operations.slice(start, start + operationsPerChunk))
      if (this.#text.length >= bytesPerWrite) await this.#flush()
    }
  }

  #hold(operations: readonly Operation[]): void {
    let chunk = this.#chunks.at(-1)
    if (chunk === undefined || chunk.count + operations.length > operationsPerChunk) {
      const first = operations[0]?.ordinal ?? 0
      chunk = { first, last: first, count: 0, end: 0, heads: [] }
      this.#chunks.push(chunk)
      this.#lines.restart()
    }
    for (const operation of operations) {
      this.#lines.write(operation)
      if (this.#seal !== null) chunk.heads.push(headLine(operation))
      chunk.last = operation.ordinal
    }
    chunk.count += operations.length
    chunk.end = this.#text.length
  }

  async #flush(): Promise<void> {
    if (this.#chunks.length === 0) return
    let start = 0
    const seal = this.#seal
    const rows = this.#chunks.map(({ first, last, end, heads }): Cell[] => {
      const text = this.#text.view(start, end)
      start = end
      return [this.#run, first, last, seal === null ? text : sealedChunk(heads, text, seal)]
    })
    try {
      await this.#write((session) =>
        session.runEach(
          'insert into operations (run_id, first_ordinal, last_ordinal, lines) values (?, ?, ?, cast(? as text))',
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
    this.#text.length = 0
  }

  /** The operations without an outcome, in order; each once, whatever is recorded meanwhile. */
  async *pending(size: number): AsyncGenerator<readonly Operation[]> {
    await this.#flush()
    let ready: Operation[] = []
    for await (const { lines, settled } of chunksOf(this.#database, this.#run)) {
      for (const operation of openChunk(lines, this.#seal)) {
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
  for await (const { lines, settled } of chunksOf(database, run)) {
    yield headsIn(lines).filter(({ ordinal }) => !settled.has(ordinal))
  }
}

/** A chunk as it lies in the table, and those of its ordinals that have an outcome. */
interface StoredChunk {
  readonly last: number
  readonly lines: string
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

interface ChunkRow {
  readonly first_ordinal: number
  readonly last_ordinal: number
  readonly lines: string
}

async function readChunk(
  session: Session,
  run: number,
  after: number,
): Promise<StoredChunk | null> {
  const [row] = await session.all<ChunkRow>(
    'select first_ordinal, last_ordinal, lines from operations where run_id = ? and first_ordinal > ? order by first_ordinal limit 1',
    [run, after],
  )
  if (row === undefined) return null
  const settled = await settledOrdinals(session, run, row.first_ordinal, row.last_ordinal)
  return { last: row.last_ordinal, lines: row.lines, settled }
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
  const rows = await session.all<{ lines: string }>(
    'select lines from operations where run_id = ? and first_ordinal <= ? and last_ordinal >= ? order by first_ordinal',
    [run, last, first],
  )
  return rows
    .flatMap((row) => headsIn(row.lines))
    .filter(({ ordinal }) => ordinal >= first && ordinal <= last)
}
