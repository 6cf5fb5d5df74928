import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'

const program = fileURLToPath(new URL('../.ci/results.js', import.meta.url))
let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-ci-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

function results(...runs: object[]): { lastLine: string | undefined; status: number | null } {
  for (const [index, run] of runs.entries()) {
    writeFileSync(join(folder, `result-${20 + index * 2}.json`), JSON.stringify(run))
  }
  const { stdout, status } = spawnSync(process.execPath, [program, folder], { encoding: 'utf8' })
  return { lastLine: stdout.trimEnd().split('\n').at(-1), status }
}

const run = (passed: number, failed: number, testResults: object[] = []) => ({
  success: failed === 0 && testResults.length === 0,
  numPassedTests: passed,
  numFailedTests: failed,
  numPendingTests: 1,
  numTodoTests: 0,
  testResults,
})

test('results of all versions are added up', () => {
  expect(results(run(5, 0), run(4, 0))).toEqual({
    lastLine: '9 passed, 0 failed, 2 skipped',
    status: 0,
  })
})

test('a failed test, a file that does not load and no test at all are failures', () => {
  expect(results(run(5, 1))).toEqual({ lastLine: '5 passed, 1 failed, 1 skipped', status: 1 })
  expect(results(run(5, 0, [{ status: 'failed', assertionResults: [] }])).status).toBe(1)
  expect(results(run(0, 0)).status).toBe(1)
})
