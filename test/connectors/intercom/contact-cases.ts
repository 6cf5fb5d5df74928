import type { Delivery, Mode, Operation, TargetRecord } from '../../../src/connector/index.ts'
import { deliverAll, never, operation, runAll, session } from './harness.ts'

/** What Intercom holds of the person that the row is about. */
export const states = ['absent', 'present', 'archived', 'deleted', 'merged', 'duplicated'] as const

export type State = (typeof states)[number]

/** How the row says whom it means: `NULL id` is a row of `identifier: id` whose id is empty. */
export type Means = 'id' | 'NULL id' | 'external_id' | 'email' | 'none'

export interface Case {
  readonly mode: Mode
  readonly means: Means
  /** Whether the contact's id is remembered from an earlier run that delivered it. */
  readonly known: boolean
  readonly state: State
  readonly onArchived?: 'fail' | 'unarchive'
}

export interface Ending {
  readonly outcome: string
  readonly calls: number
  /** What Intercom holds afterwards, contact by contact. */
  readonly contacts: string
}

const survivor = 'a'.repeat(24)
const first = 'b'.repeat(24)
const person = { id: first, external_id: 'u1', email: 'p1@example.com', name: 'Old' }

function contactsIn(state: State) {
  if (state === 'absent') return []
  if (state === 'present') return [person]
  if (state === 'archived' || state === 'deleted') return [{ ...person, state }]
  if (state === 'duplicated') {
    return [person, { ...person, id: 'c'.repeat(24), external_id: 'u2' }]
  }
  const lead = { ...person, role: 'lead' as const, external_id: 'l1' }
  return [
    { ...lead, state, merged_into: survivor },
    { ...person, id: survivor },
  ]
}

function recordOf({ mode, means }: Case): TargetRecord {
  const { external_id, email } = person
  const identifiers: Record<Means, TargetRecord> = {
    id: {},
    'NULL id': { external_id, email },
    external_id: { external_id, email },
    email: { email },
    none: { external_id, email },
  }
  if (mode !== 'delete' && mode !== 'archive') return { ...identifiers[means], name: 'New' }
  return means === 'external_id' ? { external_id } : identifiers[means]
}

function operationOf(tried: Case): Operation {
  const { mode, means, known } = tried
  const record = recordOf(tried)
  const id = known || means === 'id' ? first : null
  const kinds = { upsert: id === null ? 'create' : 'update', insert: 'create' } as const
  const kind = mode === 'upsert' || mode === 'insert' ? kinds[mode] : mode
  return operation(0, record, id, { kind, held: known ? record : null })
}

/** Carries one case out against a sandbox and says how it ended. */
export async function carryOut(tried: Case): Promise<Ending> {
  const { sandbox, clock, open } = await session()
  sandbox.seed({ contacts: contactsIn(tried.state) })
  const { mode, means, onArchived = 'fail' } = tried
  const identifier = means === 'none' ? null : means === 'NULL id' ? 'id' : means
  const task = operationOf(tried)
  const target = await open({
    object: 'contact',
    mode,
    identifier,
    onArchived,
    fields: [...(means === 'id' ? ['id'] : []), ...Object.keys(task.record)],
  })
  const [delivery] = await runAll(clock, async () => {
    await target.prepare(never)
    return deliverAll(target, [task])
  })
  const contacts = sandbox.contents().contacts.map(({ external_id, role, state, name }) => {
    const who = role === 'lead' ? 'lead' : (external_id ?? 'nobody')
    return state === 'active' ? `${who} ${name}` : `${who} ${state}`
  })
  return {
    outcome: outcomeOf(delivery),
    calls: target.requests.total,
    contacts: contacts.join(', '),
  }
}

function outcomeOf(delivery: Delivery | undefined): string {
  if (delivery === undefined) return 'nothing'
  if (delivery.result !== 'applied') return delivery.failure.code
  return delivery.created ? 'created' : 'applied'
}
