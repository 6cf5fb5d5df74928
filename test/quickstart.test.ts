import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))

test('the quickstart goes as told, in well under a minute', { timeout: 60_000 }, async () => {
  const { code, stdout, stderr } = await new Promise<{
    code: number | string | null | undefined
    stdout: string
    stderr: string
  }>((resolve) => {
    execFile(
      process.execPath,
      ['quickstart/run.js'],
      { cwd: root, timeout: 55_000 },
      (error, stdout, stderr) => resolve({ code: error === null ? 0 : error.code, stdout, stderr }),
    )
  })
  expect(stderr).toBe('')
  expect(code).toBe(0)
  expect(stdout.match(/^── \d\./gm)).toHaveLength(6)
  expect(stdout).toContain('$ millrace run')
  expect(stdout).toContain('invalid_value')
  expect(stdout).toContain('(exit code 1)')
  expect(stdout).toContain('"name": "Zoé Dubois-Martin"')
})
