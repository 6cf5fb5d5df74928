import { type Answered, errorsOf, header } from './answer.ts'
import type { Heard } from './contact-answers.ts'

/** What a 409 to a create says of the contact in the way. */
export type Conflict =
  /** It exists and can be updated. */
  | { readonly kind: 'existing'; readonly id: string }
  /** It is archived, or deleted for good, and blocks its identifiers (FACTS 5.4). */
  | { readonly kind: 'archived'; readonly id: string }
  /** Several contacts match, or the text names none. */
  | { readonly kind: 'unclear' }

/**
 * Reads the id out of a conflict's text, the only place where it stands. Sources: REC lq:1640-1660 (archived),
 * GRP exportRecord.ts:443-445 (existing); "Multiple existing users match…" names none (FACTS 3.5).
 */
export function readConflict(reply: Answered): Conflict {
  const message = errorsOf(reply.body)[0]?.message ?? ''
  const id = /\bid=([A-Za-z0-9]+)/.exec(message)?.[1]
  if (id === undefined) return { kind: 'unclear' }
  return { kind: /archived contact/i.test(message) ? 'archived' : 'existing', id }
}

/** The survivor that a 410 names: `Link: </contacts/{id}>; rel="canonical"` (OAS:8294-8480). Null without one. */
export function survivorOf(reply: Heard): string | null {
  if (reply.kind !== 'answered') return null
  const link = header(reply.headers, 'link') ?? ''
  return /<[^>]*\/contacts\/([A-Za-z0-9]+)[^>]*>\s*;[^,]*rel="?canonical"?/.exec(link)?.[1] ?? null
}
