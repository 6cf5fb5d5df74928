import { execFileSync } from 'node:child_process'
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { root } from './open-examples.ts'

test('the sample data of people and companies is what its generator makes', async () => {
  const files = ['data/companies.csv', 'data/people.csv'] as const
  const folder = await mkdtemp(join(tmpdir(), 'millrace-data-'))
  try {
    await cp(join(root, 'data/generate.js'), join(folder, 'data/generate.mjs'))
    execFileSync(process.execPath, [join(folder, 'data/generate.mjs')])
    for (const file of files) {
      expect(await readFile(join(folder, file), 'utf8')).toBe(
        await readFile(join(root, file), 'utf8'),
      )
    }
  } finally {
    await rm(folder, { recursive: true })
  }
})
