import { type Conversation, renderConversation } from './conversation.ts'
import { ApiError, resourceNotFound } from './errors.ts'
import { type ApiRequest, idField, parameter } from './request.ts'
import { renderApplied, withoutTag, withTag } from './tag.ts'

export function get(request: ApiRequest) {
  const { workspace } = request
  const conversation = workspace.conversations.get(parameter(request, 0))
  if (conversation === undefined) throw resourceNotFound()
  return renderConversation(
    conversation,
    workspace.tags,
    (contact) => workspace.contact(contact)?.external_id ?? null,
  )
}

export function tag(request: ApiRequest) {
  const { workspace } = request
  const conversation = pathConversation(request)
  const by = actingAdmin(request)
  const id = idField(request.body, 'id')
  if (id === null) throw new ApiError(400, 'parameter_not_found', 'tag not specified')
  if (workspace.tags.byId(id) === undefined) throw tagNotFound()
  const applied = { id, at: workspace.seconds(), by }
  workspace.conversations.set(conversation.id, {
    ...conversation,
    tags: withTag(conversation.tags, applied),
  })
  return renderApplied(workspace.tags, applied)
}

/** Takes its admin from the body, which few deletions have. */
export function untag(request: ApiRequest) {
  const { workspace } = request
  const conversation = pathConversation(request)
  const by = actingAdmin(request)
  const id = parameter(request, 1)
  if (workspace.tags.byId(id) === undefined) throw tagNotFound()
  const applied = conversation.tags.find((one) => one.id === id)
  if (applied === undefined && workspace.options.removing_absent === 'not_found') {
    throw tagNotFound()
  }
  workspace.conversations.set(conversation.id, {
    ...conversation,
    tags: withoutTag(conversation.tags, id),
  })
  return renderApplied(workspace.tags, applied ?? { id, at: workspace.seconds(), by })
}

function pathConversation(request: ApiRequest): Conversation {
  const conversation = request.workspace.conversations.get(parameter(request, 0))
  if (conversation === undefined) throw new ApiError(404, 'not_found', 'Conversation not found')
  return conversation
}

function actingAdmin({ workspace, body }: ApiRequest): string {
  const id = idField(body, 'admin_id')
  if (id === null) throw new ApiError(400, 'parameter_not_found', 'admin_id not specified')
  if (!workspace.admins.has(id)) throw new ApiError(404, 'admin_not_found', 'Admin not found')
  return id
}

function tagNotFound(): ApiError {
  return new ApiError(404, 'tag_not_found', 'Tag not found')
}
