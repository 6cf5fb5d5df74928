import type { Contact } from './contact.ts'
import { ApiError, userNotFound } from './errors.ts'
import { type ApiRequest, parameter } from './request.ts'

/** The contact that the path names. Throws 404 for one that is absent, archived or deleted; 410 for a merged one. */
export function pathContact(request: ApiRequest): Contact {
  return present(request, request.workspace.contact(parameter(request, 0)))
}

/** The same, to be written to: whether a merged one answers 410 here too is an option. */
export function writableContact(request: ApiRequest): Contact {
  return writable(request, request.workspace.contact(parameter(request, 0)))
}

export function writable(request: ApiRequest, contact: Contact | undefined): Contact {
  if (contact?.state === 'merged' && request.workspace.options.merged_writes === 'not_found') {
    throw userNotFound()
  }
  return present(request, contact)
}

/** The contact, if it is active. Throws 404, and from 2.16 on 410 for a merged one. */
export function present(request: ApiRequest, contact: Contact | undefined): Contact {
  if (contact?.state === 'active') return contact
  if (contact?.state === 'merged' && request.version >= 216) {
    throw new ApiError(
      410,
      'contact_merged',
      "This contact has been merged. See the 'Link' header for the canonical contact.",
      { headers: { Link: `</contacts/${contact.mergedInto}>; rel="canonical"` } },
    )
  }
  throw userNotFound()
}
