import type { Delivery, Failure, Operation, TargetRecord } from '../../src/connector/index.ts'
import { property, text } from './answer.ts'

/** Fields that a company takes when it is written by `company_id`, and not by its Intercom id (OAS:28623). */
export const postOnly = ['company_id', 'remote_created_at'] as const

export function rejected(failure: Failure, id?: null): Delivery {
  return id === undefined ? { result: 'rejected', failure } : { result: 'rejected', failure, id }
}

/** A row whose company has to exist and does not. */
export function noCompany(identifier: string | null): Failure {
  const hint =
    identifier === 'company_id'
      ? 'Correct the company_id, or use mode upsert to create what is missing.'
      : 'It may be deleted or of another workspace. Correct the id; an id is never created.'
  return {
    code: 'not_found',
    field: identifier ?? undefined,
    message: `Intercom has no company with this ${identifier ?? 'id'}.`,
    hint,
  }
}

/** A row of mode insert whose company is there. */
export const companyExists: Failure = {
  code: 'already_exists',
  field: 'company_id',
  message: 'Intercom has a company with this company_id.',
  hint: 'Leave such rows out of the query, or use mode upsert to update what exists.',
}

/** Without `company_id` Intercom makes one more company each time that it is sent the row. */
export function noCompanyIdentifier(field: 'id' | 'company_id'): Failure {
  return {
    code: 'missing_identifier',
    field,
    message:
      field === 'id'
        ? 'The row has no id, which identifies the company.'
        : 'The row has no company_id, without which no company is created: it could never be found again.',
    hint: 'Fill the column or leave such rows out of the query.',
  }
}

/**
 * What a row wants of the company that Intercom does not change when a company is written by its id, as far as it is
 * known before writing; null where there is nothing.
 */
export function unchangeable(operation: Operation): Failure | null {
  const { record, held } = operation
  if (held === null) return null
  return refusalOf(
    postOnly.find((field) => has(held, field) && differs(record, field, held[field])),
  )
}

/** The same, told from the answer to the write. */
export function unchanged(record: TargetRecord, answer: unknown): Failure | null {
  const actual = {
    company_id: text(answer, 'company_id'),
    remote_created_at: property(answer, 'remote_created_at') ?? null,
  }
  return refusalOf(postOnly.find((field) => differs(record, field, actual[field])))
}

function has(record: TargetRecord, field: string): boolean {
  return record[field] !== undefined && record[field] !== null
}

function differs(record: TargetRecord, field: string, actual: unknown): boolean {
  return has(record, field) && record[field] !== actual
}

function refusalOf(field: (typeof postOnly)[number] | undefined): Failure | null {
  if (field === undefined) return null
  return {
    code: 'invalid_value',
    field,
    message:
      field === 'company_id'
        ? 'The company with this id has another company_id, which Intercom does not let change.'
        : 'Intercom does not change remote_created_at of a company that is written by its id.',
    hint: `Give ${field} when: create, or identify companies by company_id.`,
  }
}
