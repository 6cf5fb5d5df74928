import type { Session } from './database.ts'

/**
 * The token names the state that an activation's snapshot is in. An index that was written under it says the same as the
 * snapshot; under any other, the index is old. Whatever changes a row of `snapshot` forgets the token in the same
 * transaction: so does a run that dies, a copy that is restored has one of its own, and no machine trusts what another
 * one has overtaken.
 */
export async function readToken(session: Session, activation: string): Promise<string | null> {
  const [row] = await session.all<{ snapshot_token: string | null }>(
    'select snapshot_token from activations where name = ?',
    [activation],
  )
  return row?.snapshot_token ?? null
}

/** To be called by whatever changes the snapshot of an activation (its number), in the same transaction. */
export async function forgetToken(session: Session, activation: number): Promise<void> {
  await session.run(
    'update activations set snapshot_token = null where id = ? and snapshot_token is not null',
    [activation],
  )
}

export async function keepToken(
  session: Session,
  activation: number,
  token: string,
): Promise<void> {
  await session.run('update activations set snapshot_token = ? where id = ?', [token, activation])
}
