import type { TargetObject } from '../../src/connector/index.ts'

/** A conversation, of which only the tags are kept in a desired state, in the name of an admin (FACTS 3.8). */
export const conversation: TargetObject = {
  name: 'conversation',
  description: 'A conversation, for its tags.',
  order: 3,
  fields: [
    {
      name: 'id',
      type: 'string',
      description: "Intercom's own id of the conversation.",
      nullable: false,
    },
  ],
  modes: { update: ['id'] },
  lists: ['tags'],
  removals: ['keep', 'untag'],
  unarchives: false,
  tagsNeedAdmin: true,
  requiresOneOf: [],
}
