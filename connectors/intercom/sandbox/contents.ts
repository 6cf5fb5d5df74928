import type { Attribute } from './attributes.ts'
import type { Company } from './company.ts'
import type { Contact } from './contact.ts'
import type { Conversation } from './conversation.ts'
import { tagNames } from './tag.ts'
import type { Workspace } from './workspace.ts'

/** With the names of its tags in place of their ids. */
type Named<Holder> = Omit<Holder, 'tags' | 'companies'> & { readonly tags: readonly string[] }

/** A contact as people look at it. */
export type HeldContact = Named<Contact> & {
  /** By company_id; by Intercom's id where a company has none. */
  readonly companies: readonly string[]
}

/** Everything that the workspace holds, in order of creation. */
export interface Contents {
  /** Archived, deleted and merged ones too. */
  readonly contacts: readonly HeldContact[]
  readonly companies: readonly Named<Company>[]
  readonly conversations: readonly Named<Conversation>[]
  /** The names of all tags. */
  readonly tags: readonly string[]
  /** The custom attributes, archived ones too. */
  readonly attributes: readonly Attribute[]
}

export function listContents(workspace: Workspace): Contents {
  const { tags } = workspace
  const named = <Holder extends Contact | Company | Conversation>(holder: Holder) => ({
    ...holder,
    tags: tagNames(tags, holder.tags),
  })
  return {
    contacts: [...workspace.contacts()].map((contact) => ({
      ...named(contact),
      companies: contact.companies.map((id) => workspace.company(id)?.company_id ?? id),
    })),
    companies: [...workspace.companies()].map(named),
    conversations: [...workspace.conversations.values()].map(named),
    tags: [...tags.all()].map(({ name }) => name),
    attributes: [...workspace.attributes.all()],
  }
}
