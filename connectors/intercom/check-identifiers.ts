import type { CheckPoint, DeliveryPlan, Operation } from '../../src/connector/index.ts'
import type { Ask } from './check-ask.ts'
import {
  compared,
  type FoundContact,
  findCompanies,
  findContacts,
  findConversations,
  mostSingle,
} from './check-existing.ts'
import { searchSize } from './resolve.ts'

const name = 'identifiers'

/** Identifiers shown as examples, at most. */
const examplesShown = 3

/**
 * How many of the sample's identifiers Intercom has, with examples of those that it does not: whether our ids are
 * theirs. Contacts are searched for, fifty at a time; of others the first twenty are asked for.
 */
export async function checkIdentifiers(
  ask: Ask,
  plan: DeliveryPlan,
  sample: readonly Operation[],
): Promise<readonly CheckPoint[]> {
  const identifier = identifierOf(plan)
  if (identifier === null) return []
  const values = [...valuesOf(sample, identifier).keys()]
  if (values.length === 0) {
    const message = `no row of the sample has a value for ${identifier}`
    return [{ name, status: 'skipped', message }]
  }
  const looked = plan.object === 'contact' ? values : values.slice(0, mostSingle)
  const there = await existing(ask, plan.object, identifier, looked)
  if (there === null) {
    const message = 'cannot be compared: Intercom refused to look them up'
    return [{ name, status: 'skipped', message }]
  }
  const missing = looked.filter((value) => !there.has(value))
  const hint =
    plan.object === 'contact' && identifier === 'external_id'
      ? await otherExternalIds(ask, missing, sample)
      : null
  return [sharePoint(plan, identifier, looked, missing, hint)]
}

/** What records of the sample are recognised by; where the mode needs no identifier, what is mapped of them. */
function identifierOf({ identifier, object, fields }: DeliveryPlan): string | null {
  if (identifier !== null) return identifier
  const candidates = object === 'company' ? ['company_id'] : ['external_id', 'email']
  return candidates.find((each) => fields.some(({ field }) => field === each)) ?? null
}

/** The distinct values of an identifier, as they are compared, each with its operation. */
function valuesOf(
  sample: readonly Operation[],
  identifier: string,
): ReadonlyMap<string, Operation> {
  const values = new Map<string, Operation>()
  for (const operation of sample) {
    const value = identifier === 'id' ? operation.id : operation.record[identifier]
    if (typeof value === 'string' && value !== '') {
      values.set(compared(identifier, value), operation)
    }
  }
  return values
}

async function existing(
  ask: Ask,
  object: string,
  identifier: string,
  values: readonly string[],
): Promise<ReadonlySet<string> | null> {
  if (object === 'conversation') return findConversations(ask, values)
  if (object === 'company') {
    return findCompanies(ask, identifier === 'id' ? 'id' : 'company_id', values)
  }
  const key = identifier as keyof FoundContact
  const found = await findContacts(ask, key, values)
  if (found === null) return null
  return new Set(
    found.flatMap((contact) => {
      const value = contact[key]
      return value === null ? [] : [compared(identifier, value)]
    }),
  )
}

/**
 * Contacts that are missing by external_id and there by email: a sign of an external_id from the wrong column. At
 * most fifty are looked for. Null where there are none.
 */
async function otherExternalIds(
  ask: Ask,
  missing: readonly string[],
  sample: readonly Operation[],
): Promise<string | null> {
  const absent = new Set(missing)
  const byExternalId = valuesOf(sample, 'external_id')
  const rows = [...byExternalId].filter(([value]) => absent.has(value)).map(([, row]) => row)
  const byEmail = valuesOf(rows, 'email')
  const found = await findContacts(ask, 'email', [...byEmail.keys()].slice(0, searchSize))
  const others = (found ?? []).flatMap((contact) => {
    const row = contact.email === null ? undefined : byEmail.get(compared('email', contact.email))
    const [theirs, ours] = [contact.external_id, row?.record.external_id]
    return row === undefined || theirs === ours ? [] : [{ theirs, ours }]
  })
  const [first] = others
  if (first === undefined) return null
  const example =
    first.theirs === null
      ? `none, where the row has ${first.ours}`
      : `${first.theirs}, where the row has ${first.ours}`
  return `${others.length} of the missing are in Intercom by email, with another external_id (${example}): look whether external_id is mapped from the right column.`
}

function sharePoint(
  { mode, object }: DeliveryPlan,
  identifier: string,
  looked: readonly string[],
  missing: readonly string[],
  hint: string | null,
): CheckPoint {
  const absent = new Set(missing)
  const there = looked.filter((value) => !absent.has(value))
  const share = `${there.length} of ${looked.length} values of ${identifier} in the sample exist in Intercom`
  const consequence = consequenceOf(mode, there, missing)
  const unseen = 'Archived contacts and those of the last minutes are not seen.'
  const parts = [`${share}${consequence}.`]
  if (missing.length > 0 && object === 'contact') parts.push(unseen)
  if (hint !== null) parts.push(hint)
  const fails = mode === 'insert' ? there.length > 0 : missing.length > 0
  const isFine = mode === 'upsert' ? there.length > 0 && hint === null : !fails
  return { name, status: isFine ? 'ok' : 'warning', message: parts.join(' ') }
}

/** What a run would make of those that are missing, or are there, with examples. */
function consequenceOf(
  mode: DeliveryPlan['mode'],
  there: readonly string[],
  missing: readonly string[],
): string {
  if (mode === 'insert') {
    return there.length === 0 ? '' : `, which then fail as already_exists: ${examples(there)}`
  }
  if (missing.length === 0) return ''
  const others = mode === 'upsert' ? 'a run creates the others' : 'the others fail as not_found'
  return `; ${others}: ${examples(missing)}`
}

function examples(values: readonly string[]): string {
  const shown = values.slice(0, examplesShown).join(', ')
  const more = values.length - examplesShown
  return more > 0 ? `${shown} and ${more} more` : shown
}
