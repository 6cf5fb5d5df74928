import type { Session } from './database.ts'

/** The keys of which a snapshot knows, those included that it has not taken in yet. */
export async function countKeys(session: Session, activation: number): Promise<number> {
  const [row] = await session.all<{ keys: number }>(
    `select (select count(*) from snapshot where activation_id = ?) + (
      select count(distinct key) from confirmations c where activation_id = ? and not exists (
        select 1 from snapshot s where s.activation_id = c.activation_id and s.key = c.key)) as keys`,
    [activation, activation],
  )
  return Number(row?.keys ?? 0)
}
