import { describe, expect, test } from 'vitest'
import type { Amount, Guards } from '../../src/config/activation.ts'
import { checkGuards, failureShareExceeded } from '../../src/plan/guards.ts'
import type { PlanTotals } from '../../src/plan/interfaces.ts'

const off: Guards = { minRows: null, maxChanges: null, maxRemovals: null, maxFailures: null }

function totals(parts: Partial<PlanTotals>): PlanTotals {
  return {
    rows: 100,
    create: 0,
    update: 0,
    delete: 0,
    archive: 0,
    untag: 0,
    unchanged: 0,
    waiting: 0,
    rejected: 0,
    repeated: 0,
    removed: 0,
    known: 100,
    changedFields: {},
    ...parts,
  }
}

function refused(
  guards: Partial<Guards>,
  parts: Partial<PlanTotals>,
  { firstRun = false, allowed = [] as readonly string[] } = {},
) {
  return checkGuards({ ...off, ...guards }, totals(parts), { firstRun }, allowed)
}

const names = (refusals: ReturnType<typeof refused>) => refusals.map(({ guard }) => guard)

describe('min_rows', () => {
  test.each([
    [1, 0, true],
    [1, 1, false],
    [100, 99, true],
    [100, 100, false],
    [0, 0, false],
    [null, 0, false],
  ])('of %s with %i rows', (minRows, rows, isRefused) => {
    expect(names(refused({ minRows }, { rows }))).toEqual(isRefused ? ['min_rows'] : [])
  })

  test('holds on a first run too', () => {
    expect(names(refused({ minRows: 1 }, { rows: 0, known: 0 }, { firstRun: true }))).toEqual([
      'min_rows',
    ])
  })
})

describe('max_changes', () => {
  const half: Amount = { share: 0.5 }

  test.each<[string, Amount | null, Partial<PlanTotals>, boolean]>([
    ['as many as allowed', half, { update: 30, create: 20 }, false],
    ['one more', half, { update: 31, create: 20 }, true],
    ['deletions of the mode', half, { delete: 51 }, true],
    ['archiving by the mode', half, { archive: 51 }, true],
    ['removals, which have a guard of their own', half, { archive: 51, removed: 51 }, false],
    ['a number', { count: 10 }, { update: 11 }, true],
    ['a number that is reached', { count: 10 }, { update: 10 }, false],
    ['none', { count: 0 }, { update: 1 }, true],
    ['a share that is no exact fraction', { share: 0.29 }, { update: 29 }, false],
    ['more than that share', { share: 0.29 }, { update: 30 }, true],
    ['nothing known yet', half, { create: 100, known: 0 }, false],
    ['off', null, { create: 100 }, false],
  ])('%s', (_, maxChanges, parts, isRefused) => {
    expect(names(refused({ maxChanges }, parts))).toEqual(isRefused ? ['max_changes'] : [])
  })

  test('never refuses a first run', () => {
    expect(refused({ maxChanges: { count: 1 } }, { create: 100 }, { firstRun: true })).toEqual([])
  })
})

describe('max_removals', () => {
  const twentieth: Amount = { share: 0.05 }

  test.each<[string, Amount | null, Partial<PlanTotals>, boolean]>([
    ['as many as allowed', twentieth, { archive: 5, removed: 5 }, false],
    ['one more', twentieth, { archive: 6, removed: 6 }, true],
    ['deletions', twentieth, { delete: 6, removed: 6 }, true],
    ['untagging', twentieth, { untag: 6, removed: 6 }, true],
    ['rows that left and are kept', twentieth, { removed: 100 }, false],
    ['deletions of the mode', twentieth, { delete: 100 }, false],
    ['a number', { count: 2 }, { delete: 3, removed: 3 }, true],
    ['off', null, { delete: 99, removed: 99 }, false],
    ['off, and no rows', null, { rows: 0, delete: 1, removed: 1 }, true],
    ['everything allowed, and no rows', { share: 1 }, { rows: 0, delete: 1, removed: 1 }, true],
    ['no rows, and nothing to take away', twentieth, { rows: 0, removed: 100 }, false],
  ])('%s', (_, maxRemovals, parts, isRefused) => {
    expect(names(refused({ maxRemovals }, parts))).toEqual(isRefused ? ['max_removals'] : [])
  })
})

test('several guards may refuse, and each is passed over by its own name', () => {
  const guards = { minRows: 200, maxChanges: { count: 1 }, maxRemovals: { count: 1 } }
  const parts = { update: 2, delete: 2, removed: 2 }
  expect(names(refused(guards, parts))).toEqual(['min_rows', 'max_changes', 'max_removals'])
  expect(names(refused(guards, parts, { allowed: ['max_changes'] }))).toEqual([
    'min_rows',
    'max_removals',
  ])
  expect(refused(guards, parts, { allowed: ['min_rows', 'max_changes', 'max_removals'] })).toEqual(
    [],
  )
})

test('--allow max_removals lets an empty query through', () => {
  const parts = { rows: 0, delete: 100, removed: 100 }
  expect(refused({}, parts, { allowed: ['max_removals'] })).toEqual([])
  expect(names(refused({}, parts, { allowed: ['min_rows'] }))).toEqual(['max_removals'])
})

test('refusals say what was found, what is allowed, and what to do', () => {
  const guards = { minRows: 2000, maxChanges: { count: 10 }, maxRemovals: { share: 0.05 } }
  const [rows, changes, removals] = refused(guards, {
    rows: 1999,
    update: 11,
    archive: 101,
    removed: 101,
    known: 1999,
  })
  expect(rows).toMatchInlineSnapshot(`
    {
      "found": 1999,
      "guard": "min_rows",
      "limit": 2000,
      "message": "The query returned 1,999 rows, and "min_rows" asks for 2,000 at least. Look at the query and at the tables behind it; or let it through once with --allow min_rows; or change "min_rows" under "guards".",
    }
  `)
  expect(changes).toMatchInlineSnapshot(`
    {
      "found": 11,
      "guard": "max_changes",
      "limit": 10,
      "message": "The plan makes 11 changes to 1,999 known keys, and "max_changes" allows 10. Look at "millrace plan" for the fields that change; or let it through once with --allow max_changes; or change "max_changes" under "guards".",
    }
  `)
  expect(removals).toMatchInlineSnapshot(`
    {
      "found": 101,
      "guard": "max_removals",
      "limit": 99.95,
      "message": "The rows of 101 of 1,999 known keys left the query, and "max_removals" allows 99 (5%). Look at the query: a join or a filter may have lost them; or let it through once with --allow max_removals; or change "max_removals" under "guards".",
    }
  `)
  const [empty] = refused({ maxRemovals: { count: 5 } }, { rows: 0, delete: 1, removed: 1 })
  expect(empty).toMatchInlineSnapshot(`
    {
      "found": 1,
      "guard": "max_removals",
      "limit": 0,
      "message": "The query returned no rows, and "on_removed" would act on 1 known key, all there are. Look at the query and at the tables behind it; or let it through once with --allow max_removals.",
    }
  `)
})

describe('max_failures', () => {
  test.each<[Amount | null, number, number, boolean]>([
    [{ share: 0.2 }, 49, 49, false],
    [{ share: 0.2 }, 50, 10, false],
    [{ share: 0.2 }, 50, 11, true],
    [{ share: 0.1 }, 1000, 100, false],
    [{ share: 0.1 }, 1000, 101, true],
    [{ share: 0 }, 50, 1, true],
    [{ share: 1 }, 50, 50, false],
    [{ count: 3 }, 4, 4, true],
    [{ count: 3 }, 1000, 3, false],
    [{ count: 0 }, 1, 1, true],
    [null, 1000, 1000, false],
  ])('%o of %i tried with %i failed', (amount, tried, failed, exceeded) => {
    expect(failureShareExceeded(amount, tried, failed)).toBe(exceeded)
  })
})
