import { describe, expect, it } from 'vitest'
import type { Outcome } from '../../src/connector/index.ts'
import { FailureGuard } from '../../src/run/failure-guard.ts'

function outcome(status: Outcome['status']): Outcome {
  return {
    ordinal: 0,
    key: 'k',
    kind: 'create',
    removal: false,
    status,
    created: false,
    attempts: 1,
  }
}

/** How many rows are tried until the guard ends the run; null where it never does. */
function endsAfter(guard: FailureGuard, statuses: readonly Outcome['status'][]): number | null {
  for (const [index, status] of statuses.entries()) {
    if (guard.note(outcome(status)) !== null) return index + 1
  }
  return null
}

const failing = Array<Outcome['status']>(200).fill('rejected')

it('lets a share fail, and counts it once fifty rows were tried', () => {
  expect(endsAfter(new FailureGuard({ share: 0.2 }, 0), failing)).toBe(50)
  const mixed = Array.from({ length: 500 }, (_, index) => (index % 6 === 0 ? 'failed' : 'applied'))
  expect(endsAfter(new FailureGuard({ share: 0.2 }, 0), mixed as Outcome['status'][])).toBeNull()
})

it('takes a number as it is', () => {
  expect(endsAfter(new FailureGuard({ count: 3 }, 0), failing)).toBe(4)
})

it('is not ended by rows that failed before: the others have to be delivered', () => {
  const guard = new FailureGuard({ share: 0.2 }, 200)
  expect(endsAfter(guard, [...failing, ...Array<Outcome['status']>(50).fill('applied')])).toBeNull()
})

it('counts nothing that was not tried, and nothing at all where it is off', () => {
  const untried = Array<Outcome['status']>(200).fill('not_attempted')
  expect(endsAfter(new FailureGuard({ count: 0 }, 0), untried)).toBeNull()
  expect(endsAfter(new FailureGuard(null, 0), failing)).toBeNull()
})

describe('failures that no usable answer came back for', () => {
  const unanswered: Outcome = {
    ...outcome('failed'),
    failure: { code: 'server_error', message: 'no luck' },
  }

  it('count for nothing where nothing else is answered: the target is down, and no mapping is wrong', () => {
    const guard = new FailureGuard({ share: 0.2 }, 0)
    for (let row = 0; row < 300; row += 1) guard.note(outcome('applied'))
    for (let row = 0; row < 1_000; row += 1) expect(guard.note(unanswered)).toBeNull()
  })

  it('count like all others once another row is answered', () => {
    const guard = new FailureGuard({ share: 0.2 }, 0)
    const ended = Array.from({ length: 500 }, (_, row) =>
      guard.note(row % 10 < 3 ? unanswered : outcome('applied')),
    ).findIndex((refusal) => refusal !== null)
    expect(ended).toBeGreaterThanOrEqual(49)
    expect(ended).toBeLessThan(60)
  })
})

it('says how many of how many, and what can be done', () => {
  const guard = new FailureGuard({ count: 0 }, 0)
  expect(guard.refusal).toBeNull()
  const refusal = guard.note(outcome('rejected'))
  expect(refusal?.message).toContain('1 of the first 1 rows failed')
  expect(refusal?.message).toContain('--allow max_failures')
  expect(guard.refusal).toBe(refusal)
})
