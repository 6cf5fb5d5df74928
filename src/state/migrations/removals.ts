import type { Schema } from '../schema.ts'

/**
 * What was done to records whose rows left the query, since when a key's state is
 * not known, what a stopped run did not attempt, and what an activation's
 * keys are, for others to look up.
 */
export async function removals({ knex }: Schema): Promise<void> {
  await knex.schema.alterTable('snapshot', (table) => {
    table.text('removed')
    table.bigInteger('unanswered_since')
  })
  await knex.schema.alterTable('runs', (table) => {
    table.bigInteger('not_attempted').notNullable().defaultTo(0)
    table.text('not_attempted_why')
  })
  await knex.schema.alterTable('activations', (table) => {
    table.text('target')
    table.text('object')
    table.text('key_field')
  })
}
