import { execFile as execFileWithCallback } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const execFile = promisify(execFileWithCallback)

const program = `
  import { readdirSync, readFileSync } from 'node:fs'
  import { setPriority } from 'node:os'
  const { prepare } = await import(${JSON.stringify(new URL('../../dist/src/cli/prepare.js', import.meta.url).href)})
  setPriority(process.pid, Number(process.argv[1]))
  prepare()
  // The nineteenth value; the second one is a name, which may have spaces.
  const nicenessOf = (thread) => Number(readFileSync(\`/proc/self/task/\${thread}/stat\`, 'utf8').split(') ')[1].split(' ')[16])
  const others = readdirSync('/proc/self/task').filter((thread) => Number(thread) !== process.pid)
  console.log(JSON.stringify([nicenessOf(process.pid), [...new Set(others.map(nicenessOf))]]))`

test.skipIf(process.platform !== 'linux').each([
  [0, 5],
  [3, 8],
  [17, 19],
])('threads beside the main one step back from %i to %i', async (main, others) => {
  const args = ['--input-type=module', '-e', program, String(main)]
  const { stdout } = await execFile(process.execPath, args)
  expect(JSON.parse(stdout)).toEqual([main, [others]])
})
