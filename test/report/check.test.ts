import { describe, expect, it } from 'vitest'
import { checkJson, checkText } from '../../src/report/check.ts'
import { coloured, plain } from '../../src/report/style.ts'
import type { ActivationCheck } from '../../src/run/check.ts'

const position = { file: 'activations/people.yaml', line: 9, column: 3 }

const people: ActivationCheck = {
  activation: 'people',
  target: 'intercom',
  object: 'contact',
  mode: 'upsert',
  identifier: 'external_id',
  points: [
    { name: 'source warehouse', status: 'ok', message: 'duckdb answers' },
    { name: 'attribute seats', status: 'ok', message: 'integer', position },
    { name: 'attribute tier', status: 'failed', message: 'is not there', position },
    { name: 'scope: write tags', status: 'skipped', message: 'cannot be seen' },
    { name: 'identifiers', status: 'warning', message: 'missing is u\u001b[2J1' },
  ],
  exitCode: 2,
}
const events: ActivationCheck = {
  ...people,
  activation: 'new\npeople',
  mode: 'insert',
  identifier: null,
  points: [{ name: 'target intercom', status: 'failed', refused: true, message: 'is down' }],
  exitCode: 4,
}

describe('checkText', () => {
  it('lines points up, and gives those that need it their place', () => {
    expect(checkText([people, events], plain)).toBe(`people: upsert intercom.contact by external_id
  ok       source warehouse   duckdb answers
  ok       attribute seats    integer
  failed   attribute tier     activations/people.yaml:9:3: is not there
  skipped  scope: write tags  cannot be seen
  warning  identifiers        missing is u\\u001b[2J1

new\\npeople: insert intercom.contact
  failed   target intercom  is down

2 activations: 2 ok, 1 warning, 2 failed, 1 skipped
`)
  })

  it('colours the marks', () => {
    const text = checkText([people], coloured)
    expect(text).toContain('\u001b[32mok     \u001b[39m')
    expect(text).toContain('\u001b[31mfailed \u001b[39m')
    expect(text).toContain('\u001b[33mwarning\u001b[39m')
  })

  it('says so where there is nothing to check', () => {
    expect(checkText([], plain)).toBe('no enabled activations\n')
  })
})

describe('checkJson', () => {
  it('has every point with its place, null where it has none', () => {
    const json = JSON.parse(checkJson([people, events], 2)) as {
      activations: { points: object[] }[]
    }
    expect(json).toMatchObject({
      exit_code: 2,
      activations: [
        { activation: 'people', identifier: 'external_id', exit_code: 2 },
        { activation: 'new\npeople', identifier: null, exit_code: 4 },
      ],
    })
    expect(json.activations[0]?.points[2]).toEqual({
      name: 'attribute tier',
      status: 'failed',
      message: 'is not there',
      ...position,
    })
    expect(json.activations[1]?.points[0]).toEqual({
      name: 'target intercom',
      status: 'failed',
      message: 'is down',
      file: null,
      line: null,
      column: null,
    })
  })
})
