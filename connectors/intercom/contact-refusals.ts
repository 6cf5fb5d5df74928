import type { Delivery, Failure } from '../../src/connector/index.ts'
import type { Answered } from './answer.ts'
import type { Heard } from './contact-answers.ts'

type Identifier = 'id' | 'external_id' | 'email'

/** Several contacts have the value that shall identify one. */
export function severalMatch(count: number, identifier: Identifier): Failure {
  return {
    code: 'conflict',
    field: identifier,
    message: `${count} contacts in Intercom have this ${identifier}, so it does not say which one is meant.`,
    hint: 'Merge them in Intercom, or identify contacts by another field.',
  }
}

/** The conflict came from the email, and its contact is somebody else's. */
export function heldByAnother(reply: Answered): Failure {
  return {
    code: 'conflict',
    field: 'email',
    message: 'The email of this row belongs to a contact in Intercom that has another external_id.',
    httpStatus: reply.status,
    requestId: reply.requestId,
    hint: 'Correct the email or the external_id of one of the two, or merge the contacts in Intercom.',
  }
}

/** Identified by email, the row is nobody's; but somebody has its external id. */
export const externalIdIsAnothers: Failure = {
  code: 'conflict',
  field: 'external_id',
  message: 'The external_id of this row belongs to a contact in Intercom that has another email.',
  hint: 'If the person has a new email, let external_id be the identifier, which does not change; else correct one of the two.',
}

/** The contact was merged into one that has another external id, and so a row of its own. */
export const survivorIsAnothers: Failure = {
  code: 'conflict',
  field: 'external_id',
  message: 'The contact was merged into one in Intercom that has another external_id.',
  hint: 'Leave the row of the merged contact out of the query, or give both rows one external_id.',
}

/** A row of mode insert whose contact is there. */
export function alreadyExists(state: 'existing' | 'archived', reply: Answered | null): Failure {
  return {
    code: 'already_exists',
    message:
      state === 'archived'
        ? 'Intercom has an archived contact with this external_id or email.'
        : 'Intercom has a contact with this external_id or email.',
    httpStatus: reply?.status,
    requestId: reply?.requestId,
    hint: 'Leave such rows out of the query, or use mode upsert to update what exists.',
  }
}

/** A row whose contact has to exist and does not. */
export function notFound(identifier: Identifier): Failure {
  const hints = {
    id: 'It may be archived, deleted or of another workspace. Correct the id; an id is never created.',
    external_id:
      'It may be archived, or a lead, or not there yet; mode upsert creates what is missing.',
    email:
      'Its search trails behind by minutes: a contact that was made just now is found by a later run. An archived one is not found at all.',
  }
  return {
    code: 'not_found',
    field: identifier,
    message: `Intercom has no active contact with this ${identifier}.`,
    hint: hints[identifier],
  }
}

/** The row of a contact that was merged away is to be archived or deleted: its survivor is not touched. */
export function mergedAway(reply: Heard): Failure {
  return {
    code: 'merged',
    message:
      'The contact was merged into another one, which is left alone since more than this row may be about it.',
    ...(reply.kind === 'answered' && { httpStatus: reply.status, requestId: reply.requestId }),
    hint: 'Archive or delete the contact that is left by its own id, if that is what you want.',
  }
}

/** A user cannot become a lead (FACTS 4.2). Messages name no role: it is a value of the row, and would be masked. */
export const userIsNoLead: Failure = {
  code: 'invalid_value',
  field: 'role',
  message: 'The contact has the other role in Intercom, and that step cannot be taken back.',
  hint: 'A user cannot become a lead. Leave the row out of the query, or give it the role user.',
}

/** Intercom gives leads external ids of its own (FACTS 4.2). */
export const leadByExternalId: Failure = {
  code: 'invalid_value',
  field: 'role',
  message: 'In this role a contact has no external_id of yours, so it cannot be identified by one.',
  hint: 'Intercom gives leads external ids of its own. Identify leads by email or id, in an activation of their own.',
}

export function noIdentifier(field: string, what: string): Failure {
  return {
    code: 'missing_identifier',
    field,
    message: `The row has no ${what}.`,
    hint: 'Fill the column or leave such rows out of the query.',
  }
}

/** A lead was perhaps created: Intercom would not refuse a second one. */
export function perhapsCreated(reason: string): Failure {
  return {
    code: 'in_doubt',
    message: `The contact may have been created: ${reason}`,
    hint: 'A later run looks for it by email before it creates one.',
  }
}

/** What was there a moment ago is not there any more. */
export function changedMeanwhile(): Delivery {
  return {
    result: 'retry',
    failure: {
      code: 'not_found',
      message: 'The contact disappeared from Intercom while the row was being delivered.',
    },
  }
}
