import type { Operation } from '../connector/index.ts'
import type { Cell, Database, Session } from './database.ts'
import type { Seal } from './seal.ts'
import { chunkOf, type Head, headsIn, operationsIn } from './spool-lines.ts'

/** Operations per row: few rows for a large plan, and little to parse to find one operation. */
const operationsPerChunk = 500

/** Operations are held back until there are so many, or so much text, that a durable transaction is worth its sync. */
const operationsPerWrite = 4_000
const charactersPerWrite = 4_000_000

/** Some operations as the table keeps them. */
interface Chunk {
  readonly first: number
  readonly last: number
  readonly text: string
}

type Write = <Result>(work: (session: Session) => Promise<Result>) => Promise<Result>

/**
 * The plan of one run on disk. What is still held back when the process dies is not missed: nothing is sent
 * before the whole plan was written, and the next run plans anew.
 */
export class Spool {
  readonly #database: Database
  readonly #write: Write
  readonly #run: number
  readonly #seal: Seal | null
  #held: Chunk[] = []
  #heldOperations = 0
  #heldCharacters = 0

  /** With a seal, values are on disk as nobody can read them. */
  constructor(database: Database, write: Write, run: number, seal: Seal | null) {
    this.#database = database
    this.#write = write
    this.#run = run
    this.#seal = seal
  }

  async add(operations: readonly Operation[]): Promise<void> {
    for (let start = 0; start < operations.length; start += operationsPerChunk) {
      const some = operations.slice(start, start + operationsPerChunk)
      const text = chunkOf(some, this.#seal)
      const first = some[0]?.ordinal ?? 0
      this.#held.push({ first, last: some.at(-1)?.ordinal ?? first, text })
      this.#heldOperations += some.length
      this.#heldCharacters += text.length
      if (
        this.#heldOperations >= operationsPerWrite ||
        this.#heldCharacters >= charactersPerWrite
      ) {
        await this.#flush()
      }
    }
  }

  async #flush(): Promise<void> {
    const held = this.#held
    if (held.length === 0) return
    this.discard()
    const rows = held.map(({ first, last, text }): Cell[] => [this.#run, first, last, text])
    await this.#write((session) =>
      session.runEach(
        'insert into operations (run_id, first_ordinal, last_ordinal, lines) values (?, ?, ?, ?)',
        rows,
      ),
    )
  }

  /** Forgets what is held back. */
  discard(): void {
    this.#held = []
    this.#heldOperations = 0
    this.#heldCharacters = 0
  }

  /** The operations without an outcome, in order; each once, whatever is recorded meanwhile. */
  async *pending(size: number): AsyncGenerator<readonly Operation[]> {
    await this.#flush()
    let ready: Operation[] = []
    const parse = (lines: string) => operationsIn(lines, this.#seal)
    for await (const operations of pendingIn(this.#database, this.#run, parse)) {
      ready.push(...operations)
      while (ready.length >= size) {
        yield ready.slice(0, size)
        ready = ready.slice(size)
      }
    }
    if (ready.length > 0) yield ready
  }
}

/** What was spooled of a run's operations that have no outcome, in order, chunk by chunk, sealed or not. */
export function pendingHeads(database: Database, run: number): AsyncGenerator<readonly Head[]> {
  return pendingIn(database, run, headsIn)
}

async function* pendingIn<Line extends Head>(
  database: Database,
  run: number,
  parse: (lines: string) => Line[],
): AsyncGenerator<readonly Line[]> {
  let after = -1
  for (;;) {
    const chunk = await database.read((session) => readChunk(session, run, after))
    if (chunk === null) return
    after = chunk.last
    yield parse(chunk.lines).filter(({ ordinal }) => !chunk.settled.has(ordinal))
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
): Promise<{ last: number; lines: string; settled: ReadonlySet<number> } | null> {
  const [row] = await session.all<ChunkRow>(
    'select first_ordinal, last_ordinal, lines from operations where run_id = ? and first_ordinal > ? order by first_ordinal limit 1',
    [run, after],
  )
  if (row === undefined) return null
  const settled = await settledOrdinals(session, run, row.first_ordinal, row.last_ordinal)
  return { last: row.last_ordinal, lines: row.lines, settled }
}

/** The ordinals in a range that have an outcome. */
async function settledOrdinals(
  session: Session,
  run: number,
  first: number,
  last: number,
): Promise<ReadonlySet<number>> {
  const rows = await session.all<{ ordinal: number }>(
    'select ordinal from outcomes where run_id = ? and ordinal between ? and ?',
    [run, first, last],
  )
  return new Set(rows.map((row) => row.ordinal))
}

/** Marks operations as about to be sent: one row, which lists runs of ordinals as `[first, count]`. */
export async function markSending(
  session: Session,
  run: number,
  operations: readonly Operation[],
): Promise<void> {
  const ranges: [number, number][] = []
  for (const { ordinal } of operations) {
    const range = ranges.at(-1)
    if (range !== undefined && ordinal === range[0] + range[1]) range[1] += 1
    else ranges.push([ordinal, 1])
  }
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
    for (const [first, count] of JSON.parse(mark.ordinals) as [number, number][]) {
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
