import type { Field, TargetObject } from '../../src/connector/index.ts'

/** What every custom attribute takes. Longest string: FACTS 9, "CDA string value". */
const customAttribute: Omit<Field, 'name'> = {
  type: 'any',
  description: 'A custom attribute; it has to exist in the workspace.',
  maxLength: 255,
}

const custom = { prefix: 'custom_attributes.', field: customAttribute } as const

/**
 * A contact with the role user. Fields: OAS:28037-28112 and 34772-34839.
 * `external_id: null` is ignored by Intercom (REC user:15189-15205), hence not nullable.
 */
const contact: TargetObject = {
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
  modes: { upsert: ['external_id', 'email'] },
  requiresOneOf: ['external_id', 'email'],
}

/**
 * A company. Fields: OAS:28567-28622. None but custom attributes is documented to take null, so NULL leaves
 * the others as they are.
 */
const company: TargetObject = {
  name: 'company',
  description: 'A company. Intercom shows it once a contact belongs to it.',
  order: 1,
  fields: [
    {
      name: 'company_id',
      type: 'string',
      description: 'Your own id of the company. Cannot be changed.',
      nullable: false,
    },
    { name: 'name', type: 'string', description: 'Name.', nullable: false },
    { name: 'plan', type: 'string', description: 'Name of the plan.', nullable: false },
    { name: 'size', type: 'integer', description: 'Number of employees.', nullable: false },
    { name: 'website', type: 'string', description: 'Website; any text.', nullable: false },
    { name: 'industry', type: 'string', description: 'Industry.', nullable: false },
    {
      name: 'remote_created_at',
      type: 'date',
      description: 'When the company was created on your side.',
      nullable: false,
    },
    {
      name: 'monthly_spend',
      type: 'integer',
      description: 'Revenue per month, in whole units.',
      maximum: 2_147_483_647,
      nullable: false,
    },
  ],
  custom,
  modes: { upsert: ['company_id'] },
  requiresOneOf: ['company_id'],
}

export const objects: readonly TargetObject[] = [company, contact]
