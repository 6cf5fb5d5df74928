import type { TargetRecord } from '../../src/connector/index.ts'
import {
  type Delivery,
  type Failure,
  type FailureCode,
  StopRunError,
} from '../../src/connector/index.ts'
import {
  type Answered,
  errorsOf,
  type IntercomError,
  type Limited,
  type Lost,
  retryAfter,
} from './answer.ts'
import { scrub } from './scrub.ts'

/** What the engine does next. */
type Verdict = 'rejected' | 'retry' | 'stop'

interface Rule {
  /** Intercom's code, or the HTTP status of an answer whatever its code. */
  readonly match: string | number
  /** Further narrows the match by Intercom's message. */
  readonly message?: RegExp
  readonly code: FailureCode
  readonly verdict: Verdict
  readonly hint?: string
}

const checkValue = 'Correct the value in the query, or leave the field out of the mapping.'
const createAttribute =
  'Create the attribute in Intercom (Settings, Data) or take it out of the mapping.'
const report = 'This points at a fault in millrace or at a wrong base_url or api_version.'
const conflictHint =
  'Two people in Intercom claim this identifier or email. Merge them there or correct the row.'

/**
 * Every documented refusal, the first match counts. Sources: FACTS 5.2 with its own sources, and for
 * single messages FACTS 3.1 (owner), 3.5 (409 texts), 3.6 (company race), 3.9 (attributes), 4.2 (roles), 5.4.
 */
export const rules: readonly Rule[] = [
  { match: 'unique_company_constraint', code: 'conflict', verdict: 'retry' },
  {
    match: 'parameter_invalid',
    message: /attribute .*does not exist/i,
    code: 'unknown_attribute',
    verdict: 'rejected',
    hint: createAttribute,
  },
  {
    match: 'parameter_invalid',
    message: /owner/i,
    code: 'invalid_value',
    verdict: 'rejected',
    hint: 'owner_id has to be the id of a teammate of this workspace.',
  },
  { match: 'parameter_invalid', code: 'invalid_value', verdict: 'rejected', hint: checkValue },
  { match: 'type_mismatch', code: 'invalid_value', verdict: 'rejected', hint: checkValue },
  { match: 'invalid_document', code: 'invalid_value', verdict: 'rejected', hint: checkValue },
  { match: 'data_invalid', code: 'invalid_value', verdict: 'rejected', hint: checkValue },
  { match: 'unprocessable_entity', code: 'invalid_value', verdict: 'rejected', hint: checkValue },
  { match: 'parameter_not_found', code: 'rejected', verdict: 'rejected', hint: checkValue },
  { match: 'parameter_missing', code: 'rejected', verdict: 'rejected', hint: checkValue },
  { match: 'missing_parameter', code: 'rejected', verdict: 'rejected', hint: checkValue },
  {
    match: 'bad_request',
    message: /permanent deletion|not restorable/i,
    code: 'deleted',
    verdict: 'rejected',
    hint: 'The contact was deleted for good in Intercom; its identifier stays blocked for some time.',
  },
  { match: 'not_restorable', code: 'deleted', verdict: 'rejected' },
  { match: 'bad_request', code: 'rejected', verdict: 'rejected', hint: checkValue },
  {
    match: 'client_error',
    message: /can't be converted to a lead/i,
    code: 'invalid_value',
    verdict: 'rejected',
    hint: 'A user cannot become a lead. Leave the row out of the query, or give it the role user.',
  },
  { match: 'client_error', code: 'rejected', verdict: 'rejected', hint: checkValue },
  { match: 'invalid_merge', code: 'rejected', verdict: 'rejected' },
  { match: 'invalid_sort_order', code: 'rejected', verdict: 'rejected', hint: report },
  { match: 'scroll_exists', code: 'rejected', verdict: 'retry' },
  { match: 'tag_has_dependent_objects', code: 'rejected', verdict: 'rejected' },
  {
    match: 'intercom_version_invalid',
    code: 'rejected',
    verdict: 'stop',
    hint: 'Set api_version of the target to a version that Intercom still serves.',
  },
  {
    match: 'contact_company_limit_exceeded',
    code: 'limit_reached',
    verdict: 'rejected',
    hint: 'A contact belongs to 1000 companies at most.',
  },
  {
    match: 'custom_data_limit_reached',
    code: 'limit_reached',
    verdict: 'rejected',
    hint: 'A workspace has 250 active custom attributes at most; archive some in Intercom.',
  },
  { match: 'contact_merged', code: 'merged', verdict: 'rejected' },
  { match: 'admin_not_found', code: 'invalid_value', verdict: 'rejected', hint: checkValue },
  { match: 'company_not_found', code: 'not_found', verdict: 'rejected' },
  { match: 'tag_not_found', code: 'not_found', verdict: 'rejected' },
  { match: 'job_not_found', code: 'not_found', verdict: 'rejected' },
  {
    match: 'field_not_found',
    code: 'unknown_attribute',
    verdict: 'rejected',
    hint: createAttribute,
  },
  { match: 'not_found', code: 'not_found', verdict: 'rejected' },
  {
    match: 'conflict',
    message: /archived contact/i,
    code: 'archived',
    verdict: 'rejected',
    hint: 'Unarchive the contact in Intercom, or delete it there for good, and run again.',
  },
  { match: 'conflict', code: 'conflict', verdict: 'rejected', hint: conflictHint },
  { match: 'resource_conflict', code: 'conflict', verdict: 'rejected', hint: conflictHint },
  { match: 'unique_user_constraint', code: 'conflict', verdict: 'rejected', hint: conflictHint },
  { match: 401, code: 'rejected', verdict: 'stop' },
  { match: 403, code: 'rejected', verdict: 'stop' },
  { match: 404, code: 'not_found', verdict: 'rejected' },
  { match: 405, code: 'rejected', verdict: 'rejected', hint: report },
  { match: 406, code: 'rejected', verdict: 'rejected', hint: report },
  { match: 408, code: 'timeout', verdict: 'retry' },
  { match: 409, code: 'conflict', verdict: 'rejected', hint: conflictHint },
  { match: 410, code: 'merged', verdict: 'rejected' },
  { match: 422, code: 'invalid_value', verdict: 'rejected', hint: checkValue },
]

/**
 * What a refusal or a lost answer means for the operation. `record` is used to find the field at fault and to
 * keep the names of its fields in the message, which else has only words that are Intercom's own. A lost answer is a retry: the few requests that are not safe to send again are
 * seen to by those who make them. Throws `StopRunError` where nothing further can succeed.
 */
export function judge(reply: Answered | Lost | Limited, record: TargetRecord): Delivery {
  if (reply.kind === 'lost') {
    return { result: 'retry', failure: { code: reply.reason, message: reply.message } }
  }
  if (reply.kind === 'limited') return refusedForRate(reply)
  const error = errorsOf(reply.body)[0] ?? null
  const about = { httpStatus: reply.status, requestId: reply.requestId }
  if (reply.status >= 500 || reply.status < 400) return retry(unusable(reply), reply)
  const rule = ruleFor(reply.status, error)
  if (rule?.verdict === 'stop') throw new StopRunError(stopMessage(reply, error, rule.hint))
  const failure: Failure = {
    code: rule?.code ?? 'rejected',
    message: `Intercom refused the row (${named(reply.status, error)})${said(error, record)}`,
    field: error === null ? undefined : fieldAtFault(error, record),
    hint: rule?.hint,
    ...about,
  }
  return rule?.verdict === 'retry' ? retry(failure, reply) : { result: 'rejected', failure }
}

/** Another try, not before Intercom or a gateway on the way wants one. */
function retry(failure: Failure, { headers }: Answered): Delivery {
  const waitMilliseconds = retryAfter(headers)
  return { result: 'retry', failure, ...(waitMilliseconds === null ? {} : { waitMilliseconds }) }
}

/** The rule for a status and an error, or null for a refusal that is not documented. */
export function ruleFor(status: number, error: IntercomError | null): Rule | null {
  const byStatus = rules.find((rule) => rule.match === status) ?? null
  if (error === null || byStatus?.verdict === 'stop') return byStatus
  const byCode = rules.find(
    (rule) => rule.match === error.code && (rule.message?.test(error.message) ?? true),
  )
  return byCode ?? byStatus
}

/** Why the run is stopped by an answer; for 401 and 403 above all. */
export function stopMessage(reply: Answered, error: IntercomError | null, hint?: string): string {
  const name = named(reply.status, error)
  // A token that lacks a scope is answered with 403, or with 401 and a code of its own (FACTS 8).
  if (reply.status === 401 && error?.code !== 'token_unauthorized') {
    return `Intercom refused the token (${name}). Check token and region of the target in the project file: the token of another region looks just like a wrong one.`
  }
  if (error?.code === 'api_plan_restricted') {
    return `The plan of the Intercom workspace does not allow this (${name}). Ask who pays for the workspace.`
  }
  if (reply.status === 401 || reply.status === 403) {
    return `The token may not do this (${name}). Give the app in Intercom's Developer Hub permission to read and write users and companies (and tags, where the activation sets them).`
  }
  return `Intercom refused the request (${name}). ${hint ?? report}`
}

function refusedForRate(reply: Limited): Delivery {
  return {
    result: 'retry',
    failure: {
      code: 'rate_limited',
      message:
        'Intercom kept answering that its rate limit is used up, although every wait was kept.',
      httpStatus: 429,
      requestId: reply.requestId,
      hint: 'Other apps may use up the limit of the workspace.',
    },
    ...(reply.waitMilliseconds === null ? {} : { waitMilliseconds: reply.waitMilliseconds }),
  }
}

/** An answer that confirms nothing: a server error, or a success whose body cannot be read. */
function unusable(reply: Answered): Failure {
  const error = errorsOf(reply.body)[0] ?? null
  return {
    code: reply.status === 504 ? 'timeout' : 'server_error',
    message:
      reply.status >= 500
        ? `Intercom had an error of its own (${named(reply.status, error)}).`
        : `Intercom's answer could not be read (${reply.status}), so it confirms nothing.`,
    httpStatus: reply.status,
    requestId: reply.requestId,
  }
}

/** What Intercom's codes look like. Anything else may be a value. */
const codeName = /^[a-z]+(_[a-z]+)*$/

function named(status: number, error: IntercomError | null): string {
  return error === null
    ? String(status)
    : `${status} ${codeName.test(error.code) ? error.code : 'unknown'}`
}

function said(error: IntercomError | null, record: TargetRecord): string {
  return error === null || error.message === '' ? '.' : `: ${scrub(error.message, record)}`
}

/** The field as the activation names it; undefined where neither the answer's field nor its text names one. */
function fieldAtFault(error: IntercomError, record: TargetRecord): string | undefined {
  const attribute = /attribute '([^']+)'/i.exec(error.message)?.[1] ?? null
  const owner = /\bowner\b/i.test(error.message) ? 'owner_id' : null
  const role = /converted to a lead/i.test(error.message) ? 'role' : null
  return [error.field, attribute, owner, role]
    .flatMap((name) => (name === null ? [] : [name, `custom_attributes.${name}`]))
    .find((name) => Object.hasOwn(record, name))
}
