import type { TargetObject } from '../../src/connector/index.ts'
import { custom } from './custom-field.ts'

/**
 * A company. Fields: OAS:28567-28622. None but custom attributes is documented to take null, so NULL leaves
 * the others as they are.
 */
export const company: TargetObject = {
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
  lists: ['tags'],
  removals: ['keep', 'delete', 'untag'],
  unarchives: false,
  tagsNeedAdmin: false,
  requiresOneOf: ['company_id'],
}
