import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

const built = new URL('../../dist/src/cli/files.js', import.meta.url).href

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-files-'))
})

afterEach(() => rm(folder, { recursive: true }))

/** Another process that writes a file and never comes to its end; resolves once there is something of it. */
async function startWriting(file: string, before = '') {
  const child = spawn(process.execPath, [
    '--input-type=module',
    '-e',
    `import { writeWhole } from ${JSON.stringify(built)}
    ${before}
    async function* pieces() {
      yield 'secret'.repeat(100_000)
      console.log('begun')
      await new Promise((resolve) => setTimeout(resolve, 1_000_000))
    }
    await writeWhole(${JSON.stringify(file)}, pieces())`,
  ])
  await once(child.stdout, 'data')
  return child
}

// Windows has no signals.
describe.skipIf(process.platform === 'win32')('a file that is written whole', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)(
    'leaves nothing when %s ends the process',
    async (signal) => {
      const child = await startWriting(join(folder, 'state.jsonl'))
      expect(await readdir(folder)).toEqual([`state.jsonl.${child.pid}.tmp`])
      child.kill(signal)
      expect(await once(child, 'exit')).toEqual([null, signal])
      expect(await readdir(folder)).toEqual([])
    },
  )

  it('stays where somebody else sees to the end', async () => {
    const child = await startWriting(
      join(folder, 'state.jsonl'),
      "process.on('SIGTERM', () => console.log('heard'))",
    )
    child.kill('SIGTERM')
    await once(child.stdout, 'data')
    expect(await readdir(folder)).toEqual([`state.jsonl.${child.pid}.tmp`])
    child.kill('SIGKILL')
    await once(child, 'exit')
  })
})
