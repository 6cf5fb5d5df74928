import type { Schema } from '../schema.ts'

/** Whether values that were sent may be in the state. Of what ran before they may. */
export async function values({ knex }: Schema): Promise<void> {
  await knex.schema.alterTable('activations', (table) => {
    table.integer('holds_values')
  })
  await knex('activations').update({ holds_values: 1 })
}
