import { expect, test } from 'vitest'
import { withoutValues } from '../../src/write/redact.ts'

test('what a target echoes of a row is hidden, and what to do about it is not', () => {
  const failure = {
    code: 'invalid_value',
    message: 'Ann Byrne cannot be a lead: role lead, tags [VIP list].',
    hint: 'A user cannot become a lead.',
  } as const
  const record = { name: 'Ann Byrne', role: 'lead', tags: ['VIP list'], vip: true, plan: null }
  expect(withoutValues(failure, record)).toEqual({
    ...failure,
    message: '*** cannot be a ***: role ***, tags [***].',
  })
  expect(withoutValues(failure, { email: 'ben@example.com' })).toBe(failure)
})
