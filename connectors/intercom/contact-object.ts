import type { TargetObject } from '../../src/connector/index.ts'
import { custom } from './custom-field.ts'

/**
 * A contact: a user or a lead. Fields: OAS:28037-28112 and 34772-34839. `language_override` is not among them: in
 * stable versions it can be read, not written (FACTS 3.1).
 * `external_id: null` is ignored by Intercom (REC user:15189-15205), hence not nullable.
 */
export const contact: TargetObject = {
  name: 'contact',
  description: 'A person: a user, or a lead.',
  order: 2,
  fields: [
    {
      name: 'id',
      type: 'string',
      description:
        "Intercom's own id of the contact, to identify it by. Never sent; NULL creates in mode upsert.",
      nullable: false,
    },
    {
      name: 'external_id',
      type: 'string',
      description: 'Your own id of the person, unique among users. Cannot be cleared.',
      nullable: false,
    },
    {
      name: 'email',
      type: 'string',
      description: 'Email address. Several users may share one if their external ids differ.',
      caseInsensitive: true,
    },
    {
      name: 'email_verified',
      type: 'boolean',
      description:
        "Whether the address is known to be the person's own. Needs email and API version 2.16.",
    },
    { name: 'phone', type: 'string', description: 'Phone number, with its country code.' },
    { name: 'name', type: 'string', description: 'Full name.' },
    { name: 'avatar', type: 'string', description: 'URL of a picture, http or https.' },
    { name: 'signed_up_at', type: 'date', description: 'When the person signed up.' },
    { name: 'last_seen_at', type: 'date', description: 'When the person was last seen.' },
    {
      name: 'owner_id',
      type: 'string',
      description: 'Intercom id of the teammate who owns the contact; digits.',
    },
    {
      name: 'unsubscribed_from_emails',
      type: 'boolean',
      description: 'Whether the person gets no emails.',
    },
    {
      name: 'role',
      type: 'string',
      description:
        'user or lead. A lead becomes a user when the row says so; a user cannot become a lead. Where it is not mapped, what is created is a user.',
      choices: ['user', 'lead'],
      nullable: false,
    },
  ],
  custom,
  modes: {
    upsert: ['id', 'external_id', 'email'],
    update: ['id', 'external_id', 'email'],
    insert: [],
    delete: ['id', 'external_id', 'email'],
    archive: ['id', 'external_id', 'email'],
  },
  lists: ['tags', 'companies'],
  removals: ['keep', 'archive', 'delete', 'untag'],
  unarchives: true,
  tagsNeedAdmin: false,
  requiresOneOf: ['external_id', 'email'],
}
