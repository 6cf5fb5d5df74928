import { expect, test } from 'vitest'
import { ConfigurationError, Secret } from '../../src/connector/index.ts'
import { stateFileOf } from '../../src/run/state-file.ts'

test('the state is a file', () => {
  expect(stateFileOf({ state: { kind: 'sqlite', file: '/project/state.db' } })).toBe(
    '/project/state.db',
  )
})

test('a state in Postgres is refused without telling its password', () => {
  const url = new Secret('postgres://u:pw@host/db')
  const open = () => stateFileOf({ state: { kind: 'postgres', url } })
  expect(open).toThrow(ConfigurationError)
  expect(open).toThrow('name a file as "state"')
  expect(open).not.toThrow('pw')
})
