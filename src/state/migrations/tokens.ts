import type { Schema } from '../schema.ts'

/** What names the state that a snapshot is in, for the index beside it; NULL while it changes. */
export async function tokens({ knex }: Schema): Promise<void> {
  await knex.schema.alterTable('activations', (table) => {
    table.text('snapshot_token')
  })
}
