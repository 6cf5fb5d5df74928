import { tokenOwner } from './admin.ts'
import { ApiError, resourceNotFound } from './errors.ts'
import { pathContact, writableContact } from './path-contact.ts'
import { type ApiRequest, idField, parameter } from './request.ts'
import { renderApplied, type Tag, withoutTag, withTag } from './tag.ts'

/** Every tag of a contact: the list has no pages. */
export function list(request: ApiRequest) {
  const { tags } = request.workspace
  return {
    type: 'list',
    data: pathContact(request).tags.map((applied) => renderApplied(tags, applied)),
  }
}

/** Tagging twice is harmless. */
export function add(request: ApiRequest) {
  const { workspace } = request
  const contact = writableContact(request)
  const id = idField(request.body, 'id')
  if (id === null) throw new ApiError(400, 'parameter_not_found', 'tag not specified')
  const tag = existing(request, id)
  const applied = { id: tag.id, at: workspace.seconds(), by: tokenOwner.id }
  workspace.putContact({ ...contact, tags: withTag(contact.tags, applied) })
  return renderApplied(workspace.tags, applied)
}

export function remove(request: ApiRequest) {
  const { workspace } = request
  const contact = writableContact(request)
  const { id } = existing(request, parameter(request, 1))
  const applied = contact.tags.find((one) => one.id === id)
  if (applied !== undefined) {
    workspace.putContact({ ...contact, tags: withoutTag(contact.tags, id) })
  } else if (workspace.options.removing_absent === 'not_found') throw resourceNotFound()
  return renderApplied(
    workspace.tags,
    applied ?? { id, at: workspace.seconds(), by: tokenOwner.id },
  )
}

function existing({ workspace }: ApiRequest, id: string): Tag {
  const tag = workspace.tags.byId(id)
  if (tag === undefined) throw resourceNotFound()
  return tag
}
