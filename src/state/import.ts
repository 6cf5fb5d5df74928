import { createHash } from 'node:crypto'
import { ConfigurationError } from '../connector/index.ts'
import { type ClaimOptions, claim, type Held } from './claim.ts'
import { countKeys } from './count-keys.ts'
import type { Cell, Database, Session } from './database.ts'
import {
  type ActivationLine,
  activationLine,
  carried,
  endLine,
  exportVersion,
  headLine,
  type KeyLine,
  keyLine,
} from './export-format.ts'
import { toColumn } from './text.ts'

export interface ImportOptions extends ClaimOptions {
  /** The file, for messages. */
  readonly file: string
  /** Takes the place of what is known of an activation; else an activation of which keys are known is refused. */
  readonly replace: boolean
}

/** What was imported. */
export interface Imported {
  readonly activations: readonly string[]
  readonly keys: number
}

const keysPerStatement = 500

const insertKey = `insert into snapshot (activation_id, ${carried.join(', ')}) values (?, ${carried.map(() => '?').join(', ')}) on conflict (activation_id, key) do nothing`

/**
 * Reads lines that `exportState` wrote, all or nothing of them.
 * Returns who stands in the way, with nothing imported, where a run holds one of the activations. Throws
 * `ConfigurationError`, with the number of the line and none of its values, where the file is not whole or an
 * activation is known already.
 */
export async function importState(
  database: Database,
  lines: AsyncIterable<string>,
  options: ImportOptions,
): Promise<Imported | { readonly heldBy: Held }> {
  try {
    return await database.write((session) => new Import(database, session, options).read(lines))
  } catch (error) {
    if (error instanceof Standing) return { heldBy: error.heldBy }
    throw error
  }
}

/** Ends the transaction. */
class Standing extends Error {
  readonly heldBy: Held

  constructor(heldBy: Held) {
    super('a run stands in the way')
    this.heldBy = heldBy
  }
}

class Import {
  readonly #database: Database
  readonly #session: Session
  readonly #options: ImportOptions
  readonly #activations: string[] = []
  #activation: number | null = null
  #waiting: KeyLine[] = []
  #keys = 0
  #line = 0
  #ended = false
  readonly #read = createHash('sha256')

  constructor(database: Database, session: Session, options: ImportOptions) {
    this.#database = database
    this.#session = session
    this.#options = options
  }

  async read(lines: AsyncIterable<string>): Promise<Imported> {
    for await (const text of lines) {
      this.#line += 1
      const value = this.#parse(text)
      if (this.#line === 1) this.#head(value)
      else if (this.#ended) throw this.#wrong('comes after the end')
      else if ('activation' in value) await this.#begin(value)
      else if ('end' in value) await this.#end(value)
      else await this.#add(value)
      if (!this.#ended) this.#read.update(`${text}\n`)
    }
    if (!this.#ended) {
      throw this.#problem(`${this.#options.file} was cut off: its last line is missing.`)
    }
    return { activations: this.#activations, keys: this.#keys }
  }

  #parse(text: string): object {
    try {
      const value: unknown = JSON.parse(text)
      if (typeof value === 'object' && value !== null) return value
    } catch {
      // Said below, without the text.
    }
    throw this.#wrong('is not a JSON object')
  }

  #head(value: object): void {
    const head = headLine.safeParse(value)
    if (!head.success) throw this.#wrong('does not begin an export of millrace')
    if (head.data.millrace_state === exportVersion) return
    throw this.#problem(
      `${this.#options.file} has version ${head.data.millrace_state}; this millrace reads version ${exportVersion}.`,
    )
  }

  async #begin(value: object): Promise<void> {
    const parsed = activationLine.safeParse(value)
    if (!parsed.success) throw this.#wrong('does not begin an activation as it should')
    await this.#flush()
    const about: ActivationLine = parsed.data
    if (this.#activations.includes(about.activation)) throw this.#wrong('repeats an activation')
    const claimed = await claim(this.#session, this.#database, about.activation, this.#options)
    if ('heldBy' in claimed) throw new Standing(claimed.heldBy)
    const known = await countKeys(this.#session, claimed.id)
    if (known > 0 && !this.#options.replace) {
      throw this.#problem(
        `The state knows ${known} ${known === 1 ? 'key' : 'keys'} of ${about.activation} already. Nothing was imported. With --replace the file takes their place.`,
      )
    }
    for (const table of ['confirmations', 'snapshot']) {
      await this.#session.run(`delete from ${table} where activation_id = ?`, [claimed.id])
    }
    await this.#session.run(
      `update activations set target = ?, object = ?, key_field = ?, keys_from = ?, workspace = ?, login = null, holds_values = 1,
        snapshot_token = null where id = ?`,
      [about.target, about.object, about.key_field, about.keys_from, about.workspace, claimed.id],
    )
    this.#activation = claimed.id
    this.#activations.push(about.activation)
  }

  async #add(value: object): Promise<void> {
    const parsed = keyLine.safeParse(value)
    if (!parsed.success || this.#activation === null) throw this.#wrong('is not a key')
    this.#waiting.push(parsed.data)
    this.#keys += 1
    if (this.#waiting.length === keysPerStatement) await this.#flush()
  }

  async #end(value: object): Promise<void> {
    const parsed = endLine.safeParse(value)
    if (!parsed.success) throw this.#wrong('is not the end of an export')
    await this.#flush()
    if (parsed.data.keys !== this.#keys) {
      throw this.#problem(
        `${this.#options.file} holds ${this.#keys} keys and says it has ${parsed.data.keys}: it was changed, or is not whole.`,
      )
    }
    const { sha256 } = parsed.data
    if (sha256 !== undefined && sha256 !== this.#read.digest('hex')) {
      throw this.#problem(
        `${this.#options.file} was changed since it was exported: its lines are not those that its last one tells of.`,
      )
    }
    this.#ended = true
  }

  async #flush(): Promise<void> {
    const rows = this.#waiting.map((row): Cell[] => [
      this.#activation,
      toColumn(row.key),
      row.fingerprint,
      row.target_id === null ? null : toColumn(row.target_id),
      row.sent === null ? null : JSON.stringify(row.sent),
      row.removed,
      row.confirmed_at,
      row.unanswered_since,
    ])
    this.#waiting = []
    const added = await this.#session.runEach(insertKey, rows)
    if (added < rows.length) {
      throw this.#problem(
        `${this.#options.file} repeats a key of ${this.#activations.at(-1)}. Nothing was imported.`,
      )
    }
  }

  #wrong(what: string): ConfigurationError {
    return this.#problem(
      `${this.#options.file}:${this.#line}: this line ${what}. Nothing was imported.`,
    )
  }

  #problem(message: string): ConfigurationError {
    return new ConfigurationError(message)
  }
}
