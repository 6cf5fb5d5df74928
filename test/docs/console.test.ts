import { expect, test } from 'vitest'
import { unknownIn } from './commands.ts'
import { matches, normalised, typedIn } from './console.ts'
import { problemIn } from './yaml.ts'

test('a block is taken apart into what was typed and what was printed', () => {
  expect(typedIn('$ one\nfirst\nsecond\n$ two \\\n  more\nthird')).toEqual([
    { command: 'one', output: ['first', 'second'] },
    { command: 'two \\\n  more', output: ['third'] },
  ])
})

test('what differs from run to run does not count, everything else does', () => {
  const same = (shown: string, printed: string) => matches(normalised(shown), normalised(printed))
  expect(same('done in 0.3 s at 2026-01-01 10:00', 'done in 12 ms at 2026-11-21 08:59')).toBe(true)
  expect(same('http://127.0.0.1:4010', 'http://127.0.0.1:39213')).toBe(true)
  expect(same('3 new', '4 new')).toBe(false)
  expect(same('a\n...\nz', 'a\nb\nc\nz')).toBe(true)
  expect(same('a\n...\nz', 'a\nb\nc')).toBe(false)
  expect(same('a', 'a\nb')).toBe(false)
})

test('wrong YAML and wrong options are found', async () => {
  expect(await problemIn('identifier: external_idd')).toContain('external_id')
  expect(await problemIn('sources: { lake: { type: oracle } }')).toContain('oracle')
  expect(await problemIn('identifier: email')).toBeNull()
  expect(unknownIn('run people --jsno')).toContain('--jsno')
  expect(unknownIn('walk')).toContain('walk')
  expect(unknownIn('run people --json --skip-code 99')).toBeNull()
})
