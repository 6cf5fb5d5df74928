import type { Database, Session } from './database.ts'
import type { Basis } from './store.ts'

interface BasisRow {
  readonly keys_from: string | null
  readonly workspace: string | null
  readonly login: string | null
}

/** See `StateStore.basis`. */
export async function readBasis(database: Database, activation: string): Promise<Basis> {
  const [row] = await database.read((session) =>
    session.all<BasisRow>('select keys_from, workspace, login from activations where name = ?', [
      activation,
    ]),
  )
  return {
    keysFrom: row?.keys_from ?? null,
    workspace: row?.workspace ?? null,
    login: row?.login ?? null,
  }
}

/** See `RunState.restOn`. */
export async function writeBasis(
  session: Session,
  activation: number,
  { keysFrom, workspace, login }: Basis,
): Promise<void> {
  await session.run('update activations set keys_from = ?, workspace = ?, login = ? where id = ?', [
    keysFrom,
    workspace,
    login,
    activation,
  ])
}
