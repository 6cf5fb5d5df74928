import type { TargetObject } from '../../src/connector/index.ts'
import { custom } from './custom-field.ts'

/**
 * A contact with the role user. Fields: OAS:28037-28112 and 34772-34839.
 * `external_id: null` is ignored by Intercom (REC user:15189-15205), hence not nullable.
 */
export const contact: TargetObject = {
  name: 'contact',
  description: 'A person: a contact with the role user.',
  order: 2,
  fields: [
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
    { name: 'phone', type: 'string', description: 'Phone number, with its country code.' },
    { name: 'name', type: 'string', description: 'Full name.' },
    { name: 'avatar', type: 'string', description: 'URL of a picture.' },
    { name: 'signed_up_at', type: 'date', description: 'When the person signed up.' },
    { name: 'last_seen_at', type: 'date', description: 'When the person was last seen.' },
    {
      name: 'owner_id',
      type: 'string',
      description: 'Intercom id of the teammate who owns the contact.',
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
        'Always user, which is also what is sent when it is not mapped. Leads are not written.',
      choices: ['user'],
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
