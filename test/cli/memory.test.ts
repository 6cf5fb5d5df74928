import { expect, it } from 'vitest'
import { millrace } from '../support/cli.ts'
import { folderWith, projectFiles } from './support.ts'

const atExit = `
  import { getHeapSpaceStatistics } from 'node:v8'
  process.on('exit', () => {
    const space = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space')
    process.stderr.write('\\nnew space: ' + space.space_size + '\\n')
  })`

it('keeps the heap for new objects small, however many rows pass through it', async () => {
  const files = projectFiles()
  const cwd = await folderWith({
    ...files,
    'activations/people.yaml': (files['activations/people.yaml'] ?? '').replace(
      /^query: .*$/m,
      `query: select range::varchar as user_id, range || '@example.com' as email, 'P' || range as full_name from range(60000)`,
    ),
  })
  const hook = `data:text/javascript,${encodeURIComponent(atExit)}`
  const { code, stdout, stderr } = await millrace(['plan'], {
    cwd,
    env: { NODE_OPTIONS: `--import ${hook}` },
  })
  expect(code).toBe(0)
  expect(stdout).toContain('60,000 new')
  // V8 lets it grow to 32 MB and more where nothing holds it.
  expect(Number(/new space: (\d+)/.exec(stderr)?.[1])).toBeLessThan(8_000_000)
})
