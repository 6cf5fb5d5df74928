import type { Schema } from '../schema.ts'

/**
 * What was applied is kept as runs of ordinals that lie side by side: of the operations of a plan most are, and a row
 * for each was more than the rest of a run's history.
 */
export async function applied({ knex, createClustered }: Schema): Promise<void> {
  await createClustered('applied', (table) => {
    table.integer('run_id').notNullable()
    table.bigInteger('first_ordinal').notNullable()
    table.bigInteger('last_ordinal').notNullable()
    table.integer('created').notNullable()
    table.integer('attempts').notNullable()
    table.primary(['run_id', 'first_ordinal'])
  })
  await knex.raw(
    `insert into applied (run_id, first_ordinal, last_ordinal, created, attempts)
    select run_id, min(ordinal), max(ordinal), sum(created), sum(attempts) from (
      select run_id, ordinal, created, attempts, ordinal - row_number() over (partition by run_id order by ordinal) as island
      from outcomes where status = 'applied') as one
    group by run_id, island`,
  )
  await knex('outcomes').where('status', 'applied').del()
}
