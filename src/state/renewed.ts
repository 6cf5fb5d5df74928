import type { RenewedKey } from '../plan/interfaces.ts'
import type { Session } from './database.ts'
import { toColumn } from './text.ts'

/** Gives entries of the snapshot the fingerprints that their records have now; the records are the same. */
export async function renewFingerprints(
  session: Session,
  activation: number,
  keys: readonly RenewedKey[],
): Promise<void> {
  await session.runEach(
    'update snapshot set fingerprint = ? where activation_id = ? and key = ? and fingerprint is not null',
    keys.map(({ key, fingerprint }) => [fingerprint, activation, toColumn(key)]),
  )
}
