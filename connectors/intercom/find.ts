import {
  type Found,
  type Operation,
  StopRunError,
  TryAgainError,
} from '../../src/connector/index.ts'
import { type Reply, text } from './answer.ts'
import { refusalName } from './check-ask.ts'
import { companyIdOf } from './company-calls.ts'
import { lookUpCompany } from './company-lookup.ts'
import { choose } from './contact-search.ts'
import { textOf } from './contact-task.ts'
import { judge } from './failures.ts'
import type { Refused } from './list-change.ts'
import { type ContactIdentifier, comparable, searchContacts } from './resolve.ts'
import type { Session } from './session.ts'

/**
 * Looks records up by their identifier, without writing: contacts in one search, companies one by one. Archived
 * contacts and those of the last minutes are not seen (FACTS 7). See `Target.find`.
 */
export function findRecords(
  session: Session,
  operations: readonly Operation[],
  signal: AbortSignal,
): Promise<ReadonlyMap<number, Found>> {
  return session.plan.object === 'company'
    ? findCompanies(session, operations, signal)
    : findContacts(session, operations, signal)
}

async function findContacts(
  session: Session,
  operations: readonly Operation[],
  signal: AbortSignal,
): Promise<ReadonlyMap<number, Found>> {
  const identifier: ContactIdentifier =
    session.plan.identifier === 'email' ? 'email' : 'external_id'
  const values = operations.flatMap(({ record }) => textOf(record, identifier) ?? [])
  if (values.length === 0) return new Map(operations.map(({ ordinal }) => [ordinal, 'missing']))
  const roles = identifier === 'external_id' ? 'users' : 'all'
  const searched = await searchContacts(session.client, identifier, values, roles, signal)
  if ('failed' in searched) throw refusal(searched.failed, signal)
  return new Map(
    operations.map((operation): [number, Found] => {
      const value = textOf(operation.record, identifier)
      const hits = value === null ? [] : (searched.hits.get(comparable(identifier, value)) ?? [])
      const choice = choose({ operation, session }, identifier, hits)
      if (choice === null) return [operation.ordinal, 'missing']
      return [operation.ordinal, 'failure' in choice ? 'ambiguous' : { id: choice.id }]
    }),
  )
}

async function findCompanies(
  session: Session,
  operations: readonly Operation[],
  signal: AbortSignal,
): Promise<ReadonlyMap<number, Found>> {
  const found = await Promise.all(
    operations.map(async (operation): Promise<[number, Found]> => {
      const companyId = companyIdOf(operation)
      if (companyId === null) return [operation.ordinal, 'missing']
      const answer = await lookUpCompany(session.client, companyId, signal)
      if (answer === null) throw stopped(signal)
      if ('refused' in answer) throw unusable(answer.refused)
      const id = text(answer.company, 'id')
      return [operation.ordinal, id === null ? 'missing' : { id }]
    }),
  )
  return new Map(found)
}

/** What Intercom says of a refused search may repeat what was searched for: only status and code are told. */
function refusal(reply: Reply, signal: AbortSignal): unknown {
  if (reply.kind === 'stopped') return stopped(signal)
  const judged = judge(reply, {})
  if (judged.result !== 'rejected' || reply.kind !== 'answered') return unusable(judged as Refused)
  return new StopRunError(
    `Intercom refused to search for contacts (${refusalName(reply)}). Does the token have the scope to read them? "millrace check" tells.`,
  )
}

function unusable({ result, failure, ...more }: Refused): Error {
  const wait = 'waitMilliseconds' in more ? more.waitMilliseconds : undefined
  if (result === 'retry') return new TryAgainError(failure.message, wait ?? null)
  return new StopRunError(`Intercom refused to look records up: ${failure.message}`)
}

function stopped(signal: AbortSignal): unknown {
  return signal.aborted ? signal.reason : new TryAgainError('The session with Intercom was closed.')
}
