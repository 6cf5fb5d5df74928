import type { Schema } from '../schema.ts'

/** What failed keys wait for, which runs saw them come and go, and which full pass a run belongs to. */
export async function waiting({ knex }: Schema): Promise<void> {
  await knex.schema.alterTable('failures', (table) => {
    table.text('fingerprint')
    table.text('settings')
    table.integer('rounds').notNullable().defaultTo(1)
    table.integer('first_run')
    table.integer('waited_run')
    table.integer('resolved_run')
  })
  await knex.schema.alterTable('runs', (table) => {
    table.integer('full_pass')
  })
}
