import type { Knex } from 'knex'
import { ConfigurationError } from '../connector/index.ts'
import { applied } from './migrations/applied.ts'
import { basis } from './migrations/basis.ts'
import { confirmations } from './migrations/confirmations.ts'
import { initial } from './migrations/initial.ts'
import { packed } from './migrations/packed.ts'
import { removals } from './migrations/removals.ts'
import { tokens } from './migrations/tokens.ts'
import { values } from './migrations/values.ts'
import { waiting } from './migrations/waiting.ts'

/** What a migration is given. */
export interface Schema {
  readonly knex: Knex
  /**
   * Creates a table that lies in the order of its primary key, where the database can do that: one tree instead
   * of a table and an index, which is what keeps a snapshot's key small.
   */
  createClustered(name: string, columns: (table: Knex.CreateTableBuilder) => void): Promise<void>
}

type Migration = (schema: Schema) => Promise<void>

/** In order; the position, from 1, is the version of the schema. Published ones never change. */
const migrations: readonly Migration[] = [
  initial,
  removals,
  waiting,
  basis,
  values,
  tokens,
  applied,
  confirmations,
  packed,
]

/** The version that this millrace works with. */
export const latestVersion = migrations.length

export const migrationsTable = 'schema_migrations'

/** Brings the schema to this version, within the transaction `schema.knex`. `place` names the store in messages. */
export async function migrate(schema: Schema, place: string): Promise<void> {
  const { knex } = schema
  const version = await schemaVersion(knex)
  if (version > latestVersion) {
    throw new ConfigurationError(
      `The state in ${place} was written by a newer millrace: its schema has version ${version}, this one knows versions up to ${latestVersion}. Upgrade millrace.`,
    )
  }
  // Knex would write to say that it looked.
  if (version === latestVersion) return
  await knex.migrate.latest({
    tableName: migrationsTable,
    migrationSource: {
      getMigrations: async () => migrations.map((_, index) => index + 1),
      getMigrationName: (version: number) => String(version).padStart(4, '0'),
      getMigration: async (version: number) => ({
        up: async () => migrations[version - 1]?.(schema),
        down: async () => {
          throw new Error('the schema of the state store only moves forward')
        },
      }),
    },
  })
}

/** 0 where there is nothing yet. */
async function schemaVersion(knex: Knex): Promise<number> {
  if (!(await knex.schema.hasTable(migrationsTable))) return 0
  const rows: { name: string }[] = await knex(migrationsTable).select('name')
  return Math.max(0, ...rows.map((row) => Number(row.name)))
}
