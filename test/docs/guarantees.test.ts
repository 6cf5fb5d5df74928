import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { root } from './markdown.ts'

const page = await readFile(join(root, 'docs', 'guarantees.md'), 'utf8')
const [, ...sections] = page.split(/^## /m)
const promises = sections.map((text) => ({
  title: text.split('\n', 1)[0] ?? '',
  tests: [...(/^Tests: (.*)$/m.exec(text)?.[1] ?? '').matchAll(/`([^`]+)`/g)].map(
    ([, file]) => file ?? '',
  ),
}))

describe('every promise is backed by tests that are there', () => {
  test.each(promises)('$title', async ({ tests }) => {
    expect(tests).not.toEqual([])
    const files = new Set(
      (await readdir(join(root, 'test'), { recursive: true })).map((file) => `test/${file}`),
    )
    expect(tests.filter((file) => !files.has(file))).toEqual([])
  })
})
