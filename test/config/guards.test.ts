import { describe, expect, test } from 'vitest'
import { load, people, plainProject, told } from './fakes.ts'

const guardsOf = async (written: string, environment: Readonly<Record<string, string>> = {}) => {
  const text = written === '' ? people : `${people}guards: { ${written} }\n`
  const { activations } = await load(
    { 'millrace.yaml': plainProject, 'activations/people.yaml': text },
    { environment },
  )
  return activations[0]?.guards
}

const defaults = {
  minRows: 1,
  maxChanges: null,
  maxRemovals: { share: 0.05 },
  maxFailures: { share: 0.2 },
}

describe('guards', () => {
  test('are on where the activation says nothing', async () => {
    expect(await guardsOf('')).toEqual(defaults)
    expect(await guardsOf('max_changes: 50%')).toEqual({ ...defaults, maxChanges: { share: 0.5 } })
  })

  test.each([
    ['a number', 'min_rows: 100, max_removals: 10', { minRows: 100, maxRemovals: { count: 10 } }],
    ['none at all', 'max_removals: 0', { maxRemovals: { count: 0 } }],
    ['a number in quotes', 'max_changes: "10"', { maxChanges: { count: 10 } }],
    ['a share', 'max_failures: 2.5%', { maxFailures: { share: 0.025 } }],
    ['a share with a space', 'max_failures: 10 %', { maxFailures: { share: 0.1 } }],
    ['everything', 'max_removals: 100%', { maxRemovals: { share: 1 } }],
  ])('take %s', async (_, written, expected) => {
    expect(await guardsOf(written)).toEqual({ ...defaults, ...expected })
  })

  test('are switched off one by one', async () => {
    expect(await guardsOf('min_rows: off, max_removals: null, max_failures: off')).toEqual({
      minRows: null,
      maxChanges: null,
      maxRemovals: null,
      maxFailures: null,
    })
  })

  test('come from variables', async () => {
    const written = 'min_rows: ${ROWS}, max_removals: ${SHARE}, max_failures: ${NONE}'
    const environment = { ROWS: '5', SHARE: '1%', NONE: 'off' }
    expect(await guardsOf(written, environment)).toEqual({
      ...defaults,
      minRows: 5,
      maxRemovals: { share: 0.01 },
      maxFailures: null,
    })
  })
})

describe('a guard is refused for', () => {
  test.each([
    ['max_changes: -1', '9:24: "max_changes" takes a whole number, a share such as 5%, or "off"'],
    ['max_changes: 1.5', '9:24: "max_changes" takes a whole number, a share such as 5%, or "off"'],
    ['max_changes: 0.05', '9:24: "max_changes" takes a share as percent: 5%'],
    ['max_changes: 101%', '9:24: "max_changes" takes at most 100%'],
    ['max_changes: many', '9:24: "max_changes" takes a whole number, a share such as 5%, or "off"'],
    ['max_changes: true', '9:24: "max_changes" takes a number or text, and this is true or false'],
    ['min_rows: 5%', '9:21: "min_rows" takes a whole number, or "off"'],
    ['min_rows: 1.5', '9:21: "min_rows" takes a whole number, or "off"'],
    ['max_rows: 5', '9:11: unknown key "max_rows"; did you mean "min_rows"?'],
  ])('%s', async (written, expected) => {
    expect(await told(`${people}guards: { ${written} }\n`)).toEqual([expected])
  })
})
