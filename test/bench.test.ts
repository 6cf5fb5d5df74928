import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))

test('the benchmark ends with its results as JSON, as ratios to reading alone', () => {
  const output = execFileSync(process.execPath, ['bench/run.js', '2000'], {
    cwd: root,
    encoding: 'utf8',
  })
  const results = JSON.parse(output.trim().split('\n').at(-1) ?? '') as {
    readonly planner: readonly { readonly name: string; readonly ratio: number }[]
  }
  expect(results.planner.map(({ name }) => name)).toEqual([
    'read and drop',
    'plan, all new',
    'plan, all unchanged',
  ])
  expect(results.planner[0]?.ratio).toBe(1)
  for (const { ratio } of results.planner) expect(ratio).toBeGreaterThan(0)
})
