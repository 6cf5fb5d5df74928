import type { CheckPoint, Operation } from '../../src/connector/index.ts'
import { checkAdmin } from './check-admin.ts'
import { asker } from './check-ask.ts'
import { checkAttributes } from './check-attributes.ts'
import { checkIdentifiers } from './check-identifiers.ts'
import { checkLists } from './check-lists.ts'
import { type Address, checkLogin } from './check-login.ts'
import { checkScopes } from './check-scopes.ts'
import type { Session } from './session.ts'

/**
 * Looks at everything that an activation needs of Intercom, without writing anything. Where the token or the version
 * is refused, nothing else is asked. Throws `TryAgainError` where Intercom cannot be reached.
 */
export async function checkTarget(
  session: Session,
  address: Address,
  sample: readonly Operation[],
  signal: AbortSignal,
): Promise<readonly CheckPoint[]> {
  const { client, plan } = session
  const ask = asker(client, signal)
  const login = await checkLogin(ask, address)
  if (login.some(({ status }) => status === 'failed')) return login
  return [
    ...login,
    ...(await checkScopes(ask, plan, sample)),
    ...(await checkAttributes(session, sample, signal)),
    ...(await checkAdmin(ask, plan)),
    ...(await checkIdentifiers(ask, plan, sample)),
    ...(await checkLists(ask, plan, sample)),
  ]
}
