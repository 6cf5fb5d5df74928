import type { Schema } from '../schema.ts'

/** What a snapshot rests on: what its keys were made of, and which workspace it is of. */
export async function basis({ knex }: Schema): Promise<void> {
  await knex.schema.alterTable('activations', (table) => {
    table.text('keys_from')
    table.text('workspace')
    table.text('login')
  })
}
