import { ApiError } from './errors.ts'
import type { SandboxOptions } from './options.ts'

/** What an access token may be allowed to do; Intercom words them "Write tags". */
export const scopes = [
  'read_users',
  'write_users',
  'read_tags',
  'write_tags',
  'write_data_attributes',
  'read_conversations',
  'read_admins',
] as const

export type Scope = (typeof scopes)[number]

/** Throws where the token lacks the scope that an endpoint needs, if it needs one. */
export function requireScope(scope: Scope | null, options: SandboxOptions): void {
  if (scope === null || !options.without_scopes.includes(scope)) return
  throw options.missing_scope === 'forbidden'
    ? new ApiError(403, 'forbidden', 'Not authorized to access resource')
    : new ApiError(401, 'token_unauthorized', 'Not authorized to access resource')
}
