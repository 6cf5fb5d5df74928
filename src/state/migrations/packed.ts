import type { Schema } from '../schema.ts'

/** Planned operations as bytes: half of the room that text takes, and made of a row without becoming text first. */
export async function packed({ knex }: Schema): Promise<void> {
  await knex.schema.alterTable('operations', (table) => {
    table.binary('packed')
  })
}
