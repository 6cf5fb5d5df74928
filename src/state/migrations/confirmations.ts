import type { Schema } from '../schema.ts'

/** What was confirmed and the snapshot has not taken in yet, in the order in which it was confirmed. */
export async function confirmations({ knex }: Schema): Promise<void> {
  // Keys are compared with those of `snapshot`, which Postgres does within one collation only.
  const text = knex.client.config.client === 'pg' ? 'text collate "C"' : 'text'
  await knex.schema.createTable('confirmations', (table) => {
    table.increments('id')
    table.integer('activation_id').notNullable()
    table.specificType('key', text).notNullable()
    table.integer('key_hash').notNullable()
    table.text('fingerprint')
    table.text('target_id')
    table.text('sent')
    table.text('removed')
    table.bigInteger('confirmed_at')
    table.integer('run_id')
    // All that it takes to find keys, in the order in which rows are added: one of the keys would grow everywhere.
    table.index(['activation_id', 'id', 'key_hash'])
  })
}
