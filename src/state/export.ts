import { createHash } from 'node:crypto'
import { ConfigurationError, StopRunError } from '../connector/index.ts'
import { type ClaimOptions, type Held, holderOf } from './claim.ts'
import type { Database } from './database.ts'
import { type ActivationLine, carried, exportVersion, type KeyLine } from './export-format.ts'
import { fold } from './fold.ts'
import { fromColumn } from './text.ts'

const keysPerPage = 1_000

interface ActivationRow {
  readonly id: number
  readonly target: string | null
  readonly object: string | null
  readonly key_field: string | null
  readonly keys_from: string | null
  readonly workspace: string | null
}

type KeyRow = {
  readonly [Column in Exclude<(typeof carried)[number], 'sent'>]: KeyLine[Column]
} & {
  readonly sent: string | null
}

/** A run that holds what shall be exported. */
export class HeldWhileExporting extends Error {
  readonly heldBy: Held

  constructor(heldBy: Held) {
    super(`a run holds ${heldBy.activation}`)
    this.heldBy = heldBy
  }
}

/**
 * The snapshots of activations as lines of JSON, with **the values that were last sent**: a head, for each activation a
 * line and its keys in order, and an end. Runs and failures are not part of it.
 * Throws `HeldWhileExporting` where a run holds one of them, `ConfigurationError` where one was killed and its requests
 * are not settled yet, `StopRunError` where a run began meanwhile.
 */
export async function* exportState(
  database: Database,
  activations: readonly string[],
  options: ClaimOptions,
): AsyncGenerator<string> {
  const written = createHash('sha256')
  const kept = (text: string) => {
    written.update(text)
    return text
  }
  yield kept(
    line({ millrace_state: exportVersion, exported_at: new Date(options.now).toISOString() }),
  )
  let keys = 0
  for (const activation of activations) {
    const before = await runsBegun(database, activation)
    const { id, ...about } = await settled(database, activation, options)
    yield kept(line({ activation, ...about } satisfies ActivationLine))
    await fold(database, id)
    for await (const page of pages(database, id)) {
      keys += page.length
      yield kept(page.map(line).join(''))
    }
    if ((await runsBegun(database, activation)) !== before) {
      throw new StopRunError(
        `A run of ${activation} began while it was exported. Nothing was written; export again.`,
      )
    }
  }
  yield line({ end: true, keys, sha256: written.digest('hex') })
}

function line(value: object): string {
  return `${JSON.stringify(value)}\n`
}

/** The activation, where no run holds it and the last one has ended. */
async function settled(
  database: Database,
  activation: string,
  options: ClaimOptions,
): Promise<ActivationRow> {
  return database.read(async (session) => {
    const heldBy = await holderOf(session, database, activation, options)
    if (heldBy !== null) throw new HeldWhileExporting(heldBy)
    const [row] = await session.all<ActivationRow>(
      'select id, target, object, key_field, keys_from, workspace from activations where name = ?',
      [activation],
    )
    if (row === undefined) throw new Error('an activation was forgotten while it was exported')
    const [unfinished] = await session.all<{ id: number }>(
      "select id from runs where activation_id = ? and status = 'running'",
      [row.id],
    )
    if (unfinished === undefined) return row
    throw new ConfigurationError(
      `Run ${unfinished.id} of ${activation} never ended, and what it was sending is not settled. Run the activation once more, then export.`,
    )
  })
}

/** Grows with each run. */
async function runsBegun(database: Database, activation: string): Promise<number> {
  const [row] = await database.read((session) =>
    session.all<{ token: number }>(
      'select token from locks where activation_id = (select id from activations where name = ?)',
      [activation],
    ),
  )
  return row?.token ?? 0
}

async function* pages(database: Database, activation: number): AsyncGenerator<readonly KeyLine[]> {
  const page = (condition: string) =>
    `select ${carried.join(', ')} from snapshot where activation_id = ? ${condition} order by key limit ${keysPerPage}`
  let last: string | undefined
  do {
    const after = last
    const rows = await database.read((session) =>
      after === undefined
        ? session.all<KeyRow>(page(''), [activation])
        : session.all<KeyRow>(page('and key > ?'), [activation, after]),
    )
    last = rows.length === keysPerPage ? rows.at(-1)?.key : undefined
    if (rows.length > 0) {
      yield rows.map((row) => ({
        key: fromColumn(row.key),
        fingerprint: row.fingerprint,
        target_id: row.target_id === null ? null : fromColumn(row.target_id),
        sent: row.sent === null ? null : (JSON.parse(row.sent) as unknown),
        removed: row.removed,
        confirmed_at: row.confirmed_at,
        unanswered_since: row.unanswered_since,
      }))
    }
  } while (last !== undefined)
}
