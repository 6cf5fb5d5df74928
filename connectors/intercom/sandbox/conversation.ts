import { type AppliedTag, renderApplied, type Tags } from './tag.ts'

/** A conversation as the sandbox holds it: there to be tagged. */
export interface Conversation {
  readonly id: string
  readonly title: string | null
  readonly state: 'open' | 'closed' | 'snoozed'
  /** Intercom ids of those who take part. */
  readonly contacts: readonly string[]
  readonly tags: readonly AppliedTag[]
  readonly created_at: number
  readonly updated_at: number
}

/** A conversation as Intercom answers it. */
export function renderConversation(
  conversation: Conversation,
  tags: Tags,
  externalId: (contact: string) => string | null,
) {
  const { id, title, state, created_at, updated_at } = conversation
  return {
    type: 'conversation',
    id,
    title,
    created_at,
    updated_at,
    waiting_since: null,
    snoozed_until: null,
    open: state === 'open',
    state,
    read: false,
    priority: 'none',
    admin_assignee_id: 0,
    team_assignee_id: 0,
    contacts: {
      type: 'contact.list',
      contacts: conversation.contacts.map((contact) => ({
        type: 'contact',
        id: contact,
        external_id: externalId(contact),
      })),
    },
    tags: {
      type: 'tag.list',
      tags: conversation.tags.map((tag) => renderApplied(tags, tag)),
    },
    custom_attributes: {},
    conversation_parts: {
      type: 'conversation_part.list',
      conversation_parts: [],
      total_count: 0,
    },
    linked_objects: { type: 'list', data: [], total_count: 0, has_more: false },
    ai_agent_participated: false,
  }
}
