import { giveRoomBack } from './compact.ts'
import type { Database } from './database.ts'
import { fold } from './fold.ts'

/** What takes the place of values that are not kept: it tells what was delivered from what never was. */
export const noValues = '{}'

const keysPerStep = 5_000

/**
 * Removes the values of an activation that were kept before it was told not to, and has the database write itself anew,
 * so that they are not in pages that are free either. Nothing is done where none were kept. Throws `StopRunError` where others keep the
 * database busy for too long: then it has to be done before the next run.
 */
export async function dropValues(database: Database, activation: number): Promise<void> {
  const [row] = await database.read((session) =>
    session.all<{ holds_values: number | null }>(
      'select holds_values from activations where id = ?',
      [activation],
    ),
  )
  if (row?.holds_values === 0) return
  if (row?.holds_values === 1) {
    await fold(database, activation)
    await clearSent(database, activation)
    await giveRoomBack(database)
  }
  await database.write((session) =>
    session.run('update activations set holds_values = 0 where id = ?', [activation]),
  )
}

/** Steps are short, so that other processes get their turn to write in between. */
async function clearSent(database: Database, activation: number): Promise<void> {
  let after: string | null = null
  for (;;) {
    const bound: string = after === null ? '' : 'and key > ?'
    const from: readonly (string | number)[] = after === null ? [activation] : [activation, after]
    const [page] = await database.read((session) =>
      session.all<{ last: string | null }>(
        `select max(key) as last from (
          select key from snapshot where activation_id = ? ${bound} order by key limit ${keysPerStep}) as page`,
        from,
      ),
    )
    const last = page?.last ?? null
    if (last === null) return
    await database.write((session) =>
      session.run(
        `update snapshot set sent = '${noValues}' where activation_id = ? ${bound} and key <= ? and sent is not null`,
        [...from, last],
      ),
    )
    after = last
  }
}
