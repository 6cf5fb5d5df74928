import { afterEach, expect, test } from 'vitest'
import { company } from '../../../connectors/intercom/company-object.ts'
import type { Delivery, Mode, Operation, TargetRecord } from '../../../src/connector/index.ts'
import { closeAll, deliverAll, operation, runAll, session } from './harness.ts'

afterEach(closeAll)

/** How Intercom stands before the run, and what millrace knows of it. */
type State =
  | 'absent'
  | 'present'
  | 'present, id remembered'
  | 'deleted, id remembered'
  | 'made anew, other id remembered'

interface Cell {
  readonly mode: Mode
  readonly identifier: 'id' | 'company_id' | null
  readonly state: State
  /** `applied`, or the code of the failure. */
  readonly outcome: string
  /** The name of the company afterwards; null where there is none. */
  readonly name: string | null
  readonly calls: Readonly<Record<string, number>>
}

const look = 'GET /companies'
const post = 'POST /companies'
const put = 'PUT /companies/{id}'
const del = 'DELETE /companies/{id}'

function cell(
  mode: Mode,
  identifier: Cell['identifier'],
  state: State,
  outcome: string,
  name: string | null,
  calls: Cell['calls'],
): Cell {
  return { mode, identifier, state, outcome, name, calls }
}

const cells: readonly Cell[] = [
  cell('upsert', 'company_id', 'absent', 'applied', 'new', { [post]: 1 }),
  cell('upsert', 'company_id', 'present', 'applied', 'new', { [post]: 1 }),
  cell('upsert', 'company_id', 'present, id remembered', 'applied', 'new', { [post]: 1 }),
  cell('upsert', 'company_id', 'deleted, id remembered', 'applied', 'new', { [post]: 1 }),
  cell('upsert', 'company_id', 'made anew, other id remembered', 'applied', 'new', { [post]: 1 }),
  // Without an id in the row.
  cell('upsert', 'id', 'absent', 'applied', 'new', { [post]: 1 }),
  cell('upsert', 'id', 'present', 'applied', 'new', { [post]: 1 }),
  // With one.
  cell('upsert', 'id', 'present, id remembered', 'applied', 'new', { [put]: 1 }),
  cell('upsert', 'id', 'deleted, id remembered', 'not_found', null, { [put]: 1 }),
  cell('upsert', 'id', 'made anew, other id remembered', 'not_found', 'old', { [put]: 1 }),

  cell('update', 'company_id', 'absent', 'not_found', null, { [look]: 1 }),
  cell('update', 'company_id', 'present', 'applied', 'new', { [look]: 1, [put]: 1 }),
  cell('update', 'company_id', 'present, id remembered', 'applied', 'new', { [put]: 1 }),
  cell('update', 'company_id', 'deleted, id remembered', 'not_found', null, {
    [put]: 1,
    [look]: 1,
  }),
  cell('update', 'company_id', 'made anew, other id remembered', 'applied', 'new', {
    [put]: 2,
    [look]: 1,
  }),
  cell('update', 'id', 'absent', 'missing_identifier', null, {}),
  cell('update', 'id', 'present', 'missing_identifier', 'old', {}),
  cell('update', 'id', 'present, id remembered', 'applied', 'new', { [put]: 1 }),
  cell('update', 'id', 'deleted, id remembered', 'not_found', null, { [put]: 1 }),
  cell('update', 'id', 'made anew, other id remembered', 'not_found', 'old', { [put]: 1 }),

  cell('insert', null, 'absent', 'applied', 'new', { [look]: 1, [post]: 1 }),
  cell('insert', null, 'present', 'already_exists', 'old', { [look]: 1 }),
  cell('insert', null, 'present, id remembered', 'already_exists', 'old', { [look]: 1 }),
  cell('insert', null, 'deleted, id remembered', 'applied', 'new', { [look]: 1, [post]: 1 }),
  cell('insert', null, 'made anew, other id remembered', 'already_exists', 'old', { [look]: 1 }),

  cell('delete', 'company_id', 'absent', 'not_found', null, { [look]: 1 }),
  cell('delete', 'company_id', 'present', 'applied', null, { [look]: 1, [del]: 1 }),
  cell('delete', 'company_id', 'present, id remembered', 'applied', null, { [del]: 1 }),
  cell('delete', 'company_id', 'deleted, id remembered', 'not_found', null, {
    [del]: 1,
    [look]: 1,
  }),
  cell('delete', 'company_id', 'made anew, other id remembered', 'applied', null, {
    [del]: 2,
    [look]: 1,
  }),
  cell('delete', 'id', 'absent', 'missing_identifier', null, {}),
  cell('delete', 'id', 'present', 'missing_identifier', 'old', {}),
  cell('delete', 'id', 'present, id remembered', 'applied', null, { [del]: 1 }),
  cell('delete', 'id', 'deleted, id remembered', 'not_found', null, { [del]: 1 }),
  cell('delete', 'id', 'made anew, other id remembered', 'not_found', 'old', { [del]: 1 }),
]

/** What a company object does not offer: configuration refuses it, so nothing has to be tried. */
const notOffered = ['archive']

test('the matrix holds every mode and identifier that companies offer', () => {
  const offered = Object.entries(company.modes).flatMap(([mode, identifiers]) =>
    (identifiers.length === 0 ? ['null'] : identifiers).map((each) => `${mode} ${each}`),
  )
  expect(new Set(cells.map(({ mode, identifier }) => `${mode} ${identifier}`))).toEqual(
    new Set(offered),
  )
  expect(Object.keys(company.modes)).not.toEqual(expect.arrayContaining(notOffered))
})

for (const { mode, identifier, state, outcome, name, calls } of cells) {
  test(`${mode} by ${identifier ?? 'nothing'}, ${state}: ${outcome}`, async () => {
    const { sandbox, clock, open } = await session()
    const id = await prepare(sandbox, state)
    const target = await open({
      object: 'company',
      mode,
      identifier,
      fields: ['company_id', 'name'],
    })
    const [result] = await runAll(clock, () => deliverAll(target, [asked(mode, identifier, id)]))
    expect(outcomeOf(result)).toBe(outcome)
    const held = sandbox.contents().companies
    expect(held.map((each) => each.name)).toEqual(name === null ? [] : [name])
    if (result?.result === 'applied') expect(result.id).toBe(held[0]?.id ?? null)
    expect(target.requests.byEndpoint).toEqual(calls)
  })
}

/** Brings the sandbox into a state; returns the id that is remembered. */
async function prepare(
  sandbox: Awaited<ReturnType<typeof session>>['sandbox'],
  state: State,
): Promise<string | null> {
  if (state === 'absent') return null
  if (state === 'deleted, id remembered') return 'gone'
  const [id = null] = sandbox.seed({ companies: [{ company_id: 'c1', name: 'old' }] }).companies
  if (state === 'present') return null
  return state === 'made anew, other id remembered' ? 'gone' : id
}

function asked(mode: Mode, identifier: Cell['identifier'], id: string | null): Operation {
  const byId: TargetRecord = identifier === 'id' ? {} : { company_id: 'c1' }
  if (mode === 'delete') return operation(0, byId, id, { kind: 'delete' })
  const record = { company_id: 'c1', name: 'new' }
  if (mode === 'update') return operation(0, record, id, { kind: 'update' })
  return operation(0, record, id, mode === 'insert' ? { kind: 'create' } : {})
}

function outcomeOf(delivery: Delivery | undefined): string {
  if (delivery === undefined || delivery.result === 'applied') return String(delivery?.result)
  expect(delivery.result).toBe('rejected')
  return delivery.failure.code
}
