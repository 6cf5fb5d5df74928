import type { TargetObject } from '../../src/connector/index.ts'
import { custom } from './custom-field.ts'

/**
 * A company. Fields: OAS:28567-28622. None but custom attributes is documented to take null, so NULL leaves
 * the others as they are. `update_last_request_at` is not among them: it is an instruction, not something that a
 * company holds.
 */
export const company: TargetObject = {
  name: 'company',
  description: 'A company. Intercom shows it once a contact belongs to it.',
  order: 1,
  fields: [
    {
      name: 'id',
      type: 'string',
      description:
        "Intercom's own id of the company, to identify it by. Never sent; NULL creates in mode upsert.",
      nullable: false,
    },
    {
      name: 'company_id',
      type: 'string',
      description: 'Your own id of the company. Cannot be changed.',
      nullable: false,
    },
    { name: 'name', type: 'string', description: 'Name.', nullable: false },
    {
      name: 'plan',
      type: 'string',
      description: 'Name of the plan; Intercom makes the plan where there is none of that name.',
      nullable: false,
    },
    { name: 'size', type: 'integer', description: 'Number of employees.', nullable: false },
    { name: 'website', type: 'string', description: 'Website; any text.', nullable: false },
    { name: 'industry', type: 'string', description: 'Industry.', nullable: false },
    {
      name: 'remote_created_at',
      type: 'date',
      description:
        'When the company was created on your side. Cannot be changed where companies are identified by id.',
      nullable: false,
    },
    {
      name: 'monthly_spend',
      type: 'integer',
      description: 'Revenue per month, in whole units: Intercom would cut a fraction off.',
      maximum: 2_147_483_647,
      nullable: false,
    },
  ],
  custom,
  modes: {
    upsert: ['id', 'company_id'],
    update: ['id', 'company_id'],
    insert: [],
    delete: ['id', 'company_id'],
  },
  lists: ['tags'],
  removals: ['keep', 'delete', 'untag'],
  unarchives: false,
  tagsNeedAdmin: false,
  requiresOneOf: ['company_id'],
}
