import type { Delivery, Operation, TargetRecord } from '../../../src/connector/index.ts'
import { deliverAll, operation, type PlanInput, runAll, type Session } from './harness.ts'

export const byExternalId: PlanInput = {
  object: 'contact',
  identifier: 'external_id',
  fields: ['external_id', 'email', 'name'],
}
export const byEmail: PlanInput = { ...byExternalId, identifier: 'email' }
export const person = { external_id: 'u1', email: 'p1@example.com', name: 'New' }
/** An id that Intercom does not have. */
export const unknown = 'f'.repeat(24)

export interface Tried {
  readonly result: Delivery | undefined
  readonly calls: Readonly<Record<string, number>>
}

/** Delivers one operation as often as asked, with one target, and says what came of the last try and all it cost. */
export async function deliverOne(
  { sandbox, clock, open }: Session,
  plan: PlanInput,
  task: Operation,
  times = 1,
): Promise<Tried> {
  sandbox.forgetRequests()
  const target = await open(plan)
  let result: Delivery | undefined
  for (let time = 0; time < times; time += 1) {
    ;[result] = await runAll(clock, () => deliverAll(target, [task]))
  }
  return { result, calls: sandbox.requests().byEndpoint }
}

/** An update of a record that millrace delivered before. */
export function update(record: TargetRecord, id: string | null, more: Partial<Operation> = {}) {
  return operation(0, record, id, { kind: 'update', held: record, ...more })
}

/** What `on_removed` asks for. */
export function removal(kind: 'delete' | 'archive' | 'untag', id: string | null): Operation {
  return operation(0, { external_id: 'u1' }, id, { kind, removal: true, held: person })
}
